"""What makes a bang: one file a plug-in, one line here."""

from sim.sources.backfire import BACKFIRE
from sim.sources.emission import Source
from sim.sources.firecracker import FIRECRACKER, M80
from sim.sources.gunshot import gunshot
from sim.sources.shell import SHELL_BURST, SHELL_LIFT
from sim.sources.weapons import WEAPONS

SOURCES: dict[str, Source] = {
    **{kind: gunshot(kind) for kind in WEAPONS},
    "firecracker": FIRECRACKER,
    "m80": M80,
    "shell-lift": SHELL_LIFT,
    "shell-burst": SHELL_BURST,
    "backfire": BACKFIRE,
}
