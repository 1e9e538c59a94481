"""What makes a bang: one file a plug-in, one line here."""

from scenes.weapons import WEAPONS
from sim.sources.backfire import BACKFIRE
from sim.sources.bag_pop import BAG, BALLOON
from sim.sources.dog import DOG
from sim.sources.emission import Source
from sim.sources.firecracker import FIRECRACKER, M80
from sim.sources.gunshot import gunshot
from sim.sources.helicopter import HELICOPTER
from sim.sources.nail_gun import NAIL_GUN
from sim.sources.own_recording import OWN_RECORDING
from sim.sources.pile_driver import JACKHAMMER, PILE_DRIVER
from sim.sources.rocket import ROCKET_REPORT, ROCKET_WHISTLE
from sim.sources.shell import SHELL_BURST, SHELL_LIFT
from sim.sources.siren import SIREN
from sim.sources.slam import DOOR, DUMPSTER
from sim.sources.thunder import THUNDER

SOURCES: dict[str, Source] = {
    **{kind: gunshot(kind) for kind in WEAPONS},
    "firecracker": FIRECRACKER,
    "m80": M80,
    "rocket-whistle": ROCKET_WHISTLE,
    "rocket-report": ROCKET_REPORT,
    "shell-lift": SHELL_LIFT,
    "shell-burst": SHELL_BURST,
    "backfire": BACKFIRE,
    "nailgun": NAIL_GUN,
    "door": DOOR,
    "dumpster": DUMPSTER,
    "piledriver": PILE_DRIVER,
    "jackhammer": JACKHAMMER,
    "thunder": THUNDER,
    "helicopter": HELICOPTER,
    "siren": SIREN,
    "dog": DOG,
    "balloon": BALLOON,
    "bag": BAG,
    "file": OWN_RECORDING,
}
