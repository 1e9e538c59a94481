"""The detectors to choose from, by name."""

from collections.abc import Mapping

from detector.consistency import ConsistencyOptions
from detector.options import Detector, DetectorOptions
from detector.tn098 import Tn098Options

DETECTORS: Mapping[str, type[Detector]] = {
    "default": DetectorOptions,
    "tn098": Tn098Options,
    "consistency": ConsistencyOptions,
}


def name_of(options: Detector) -> str:
    """Return the name under which a detector's options are chosen.

    Raises
    ------
    KeyError
        When the registry does not have it.
    """
    return {kind: name for name, kind in DETECTORS.items()}[type(options)]
