"""Ways to choose mounts: a file each, enrolled here by name."""

from testbed.planning.planners.coverage import Coverage
from testbed.planning.planners.farthest import Farthest
from testbed.planning.planners.joint import Joint
from testbed.planning.planners.random import Random
from testbed.planning.planners.regular import Regular

PLANNERS: dict[str, type] = {
    "joint": Joint,
    "coverage": Coverage,
    "farthest": Farthest,
    "regular": Regular,
    "random": Random,
}
