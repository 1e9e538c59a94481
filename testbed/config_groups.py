"""The groups of the config: which options each has, straight from the registries of the other rooms."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hydra.core.config_store import ConfigStore

from detector.choices import DETECTORS
from scenes.air import WEATHERS
from scenes.ambient import Ambient
from scenes.blocks import BLOCKS
from scenes.layouts import LAYOUTS
from scenes.schedules import SCHEDULES
from sim.clock import CLOCKS
from sim.microphone import MICROPHONES
from sim.propagation.engines import ENGINES
from testbed.accountability.district import District
from testbed.command_detector import CommandDetector
from testbed.config_schema import schema_of
from testbed.faults import Faults
from testbed.footprint_file import FootprintFile
from testbed.planning.planners import PLANNERS
from testbed.survey import Survey
from testbed.sweep.compute import COMPUTES

DETECTOR_CHOICES = {**DETECTORS, "command": CommandDetector}


@dataclass(frozen=True)
class Group:
    """The options of one group.

    Attributes
    ----------
    options : mapping
        Name -> options dataclass (its defaults are the option) or an instance of one.
    is_mixed : bool
        Whether options are of different types; their nodes then carry the name as `kind`.
    """

    options: Mapping[str, object]
    is_mixed: bool = False


@cache
def groups() -> dict[str, Group]:
    """Return the groups by name; YAML files in `conf/<group>/` add named departures from these options."""
    return {
        "scene": Group({**BLOCKS, "file": FootprintFile}, is_mixed=True),
        "schedule": Group(SCHEDULES, is_mixed=True),
        "layout": Group(LAYOUTS, is_mixed=True),
        "ambient": Group({"night": Ambient}),
        "weather": Group(WEATHERS),
        "clock": Group(CLOCKS),
        "sensor": Group(MICROPHONES),
        "survey": Group({"careful": Survey}),
        "faults": Group({"none": Faults}),
        "propagation": Group(ENGINES, is_mixed=True),
        "district": Group({"default": District}),
        "detector": Group(DETECTOR_CHOICES, is_mixed=True),
        "compute": Group(COMPUTES, is_mixed=True),
        "planner": Group(PLANNERS, is_mixed=True),
    }


def register(settings: type, verb: str) -> None:
    """Put the schemas of a verb's settings and of all groups into Hydra's store."""
    store = ConfigStore.instance()
    store.store(name=f"{verb}_schema", node=schema_of(settings))
    for name, group in groups().items():
        for option, options in group.options.items():
            node = schema_of(options, option if group.is_mixed else None)
            store.store(group=name, name=option, node=node)
