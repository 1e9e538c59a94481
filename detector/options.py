"""All choices of the detector, in one frozen tree."""

import hashlib
import json
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from detector.associate import AssociationOptions, associate
from detector.belief import BeliefOptions
from detector.fix import Fix
from detector.hearing import OnsetHearing
from detector.incident import Incident
from detector.influence import Shift, leave_each_out
from detector.locate import LocationOptions, locate, locate_near
from detector.pulse import Pulses
from detector.recording import Recording
from detector.site import Site

Progress = Callable[[int, int], None]


class Detector(Protocol):
    """What the chain asks of a detector: a frozen dataclass of options that answers this is a choice of `detector=`."""

    @property
    def onset(self) -> Hashable:
        """All that decides which pulses are heard: equal choices hear equal pulses."""
        ...

    @property
    def belief(self) -> BeliefOptions:
        """How incidents are named."""
        ...

    @property
    def pause_s(self) -> float:
        """Rounds of one place further apart than this are two incidents, s."""
        ...

    @property
    def delay_s(self) -> float:
        """A pulse is known so long after it arrived, s."""
        ...

    def hear(self, recording: Recording, workers: int = 1, progress: Progress | None = None) -> Pulses:
        """Find the pulses of a recording."""
        ...

    def associate(self, site: Site, pulses: Pulses) -> tuple[Incident, ...]:
        """Find the incidents that pulses speak of, in order of their first rounds."""
        ...

    def locate(self, site: Site, pulses: Pulses, incident: Incident) -> Fix:
        """Locate one of them."""
        ...

    def leave_each_out(self, site: Site, pulses: Pulses, incident: Incident, fix: Fix) -> dict[str, Shift]:
        """Say how its place moves without each of its sensors."""
        ...


@dataclass(frozen=True)
class DetectorOptions(OnsetHearing):
    """How pulses are found, associated, located and named."""

    association: AssociationOptions = field(default_factory=AssociationOptions)
    location: LocationOptions = field(default_factory=LocationOptions)
    belief: BeliefOptions = field(default_factory=BeliefOptions)

    @property
    def pause_s(self) -> float:
        """Pause that ends an incident, s."""
        return self.association.search.pause_s

    def associate(self, site: Site, pulses: Pulses) -> tuple[Incident, ...]:
        """Find incidents: `detector.associate.associate`."""
        return associate(site, pulses, self.association)

    def locate(self, site: Site, pulses: Pulses, incident: Incident) -> Fix:
        """Locate an incident: `detector.locate.locate`."""
        return locate(site, pulses, incident, self.location)

    def leave_each_out(self, site: Site, pulses: Pulses, incident: Incident, fix: Fix) -> dict[str, Shift]:
        """Climb from the place anew without each sensor: `detector.influence.leave_each_out`."""
        return leave_each_out(
            site, pulses, incident, lambda part: locate_near(site, pulses, part, fix, self.location)
        )


def hash_options(options: Any) -> str:
    """Return the SHA-256 of all resolved options (a dataclass), as hexadecimal digits."""
    text = json.dumps(asdict(options), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
