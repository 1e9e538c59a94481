"""All choices of the detector, in one frozen tree."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

from detector.associate import AssociationOptions
from detector.belief import BeliefOptions
from detector.locate import LocationOptions
from detector.onset_search import OnsetOptions


@dataclass(frozen=True)
class DetectorOptions:
    """How pulses are found, associated, located and named."""

    onset: OnsetOptions = field(default_factory=OnsetOptions)
    association: AssociationOptions = field(default_factory=AssociationOptions)
    location: LocationOptions = field(default_factory=LocationOptions)
    belief: BeliefOptions = field(default_factory=BeliefOptions)


def hash_options(options: DetectorOptions) -> str:
    """Return the SHA-256 of all resolved options, as hexadecimal digits."""
    text = json.dumps(asdict(options), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
