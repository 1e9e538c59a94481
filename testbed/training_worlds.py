"""Worlds to train on and worlds to score on, drawn at random so that nothing of one place or network is learned.

The two share no block, no layout of sensors, no weapon that is held back, and none of `UNSEEN_CONFUSER` and
`UNSEEN_SENSOR`.
"""

from collections.abc import Mapping

import numpy as np

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.blocks.crossroads import Crossroads
from scenes.blocks.grid import Grid
from scenes.layouts.lampposts import Lampposts
from scenes.layouts.random import RandomLayout
from scenes.schedules.confusers import CONFUSERS
from scenes.schedules.rates import Rates
from scenes.streams import draw_stream
from sim.clock import CLOCKS
from sim.microphone import MICROPHONES, MicrophoneModel
from sim.propagation.trace import PathOptions
from testbed.config import SceneSettings
from testbed.faults import Faults
from testbed.survey import Survey

DURATION_S = 180.0
FIRST_SCORED = 1_000_000  # scenes from this number on are scored, never learned from ...
FIRST_UNSEEN_SENSOR = 2_000_000  # ... and from this on heard by a kind of sensor that none of the others has
UNSEEN_CONFUSER = "nailgun"
UNSEEN_SENSOR = "phone"
TWO_SHOOTERS_SHARE = (
    0.25  # more than in the streets, to learn from; `testbed.training_rounds` makes up for it
)
# Shares of weapons (A): mostly pistols, as in the streets, yet enough of the others to learn from.
WEAPONS_LEARNED: Mapping[str, float] = {
    "pistol-9mm": 4.0,
    "pistol-40": 2.0,
    "pistol-380": 1.5,
    "pistol-22": 0.5,
    "revolver-38": 1.5,
    "revolver-44": 1.0,
    "smg-9mm": 0.5,
    "rifle-223": 1.5,
    "rifle-308": 0.7,
    "rifle-22": 0.3,
    "shotgun-12": 1.0,
    "pistol-9mm-suppressed": 0.2,
}
WEAPONS_SCORED: Mapping[str, float] = {
    "pistol-45": 3.0,
    "pistol-10mm": 2.0,
    "revolver-357": 2.0,
    "rifle-762": 1.5,
    "rifle-3006": 0.5,
    "shotgun-20": 1.0,
}
# Shares of fireworks (A): nobody counts them by kind. Each often enough to learn from; `docs/training.md` says how
# little precision hangs on them. Confusers are drawn alike (A), for the same reason.
_FIREWORKS = {"string": 3.0, "shell": 3.0, "cracker": 3.0, "rocket": 1.5, "show": 0.3}
_SENSORS = {"street": 0.45, "mems": 0.15, "measurement": 0.1, "wall": 0.2, "line": 0.1}
# Stations a km2: half of the scenes as city networks have them, half denser: there quiet sounds reach three stations.
DENSITY_KM2 = ((4.0, 40.0), (40.0, 400.0))
SIDE_M = (150.0, 1200.0)  # of the streets
HIGH_PASS_HZ = (20.0, 600.0)  # of makes of sensors, learned from and unseen alike: each a new draw
_RATES_HZ = {12_000: 0.8, 24_000: 0.15, 48_000: 0.05}


def draw_settings(seed: int, number: int) -> SceneSettings:
    """Draw the world of one scene: block, layout, weather, noise, microphones, faults, what happens.

    Parameters
    ----------
    seed : int
        Of the whole training.
    number : int
        Of the scene; see `FIRST_SCORED` and `FIRST_UNSEEN_SENSOR`.
    """
    rng = draw_stream(seed, "training scene", str(number))
    scored = number >= FIRST_SCORED
    kind = _draw_kind(number, rng)
    count = int(rng.integers(6, 15))
    density_km2 = float(np.exp(rng.uniform(*np.log(DENSITY_KM2[int(rng.integers(2))]))))
    side_m = float(np.clip(1e3 * np.sqrt(count / density_km2), *SIDE_M))
    block = _draw_block(rng, scored, side_m)
    height_m = float(rng.uniform(4.0, 10.0))
    return SceneSettings(
        scene=block,
        schedule=_draw_schedule(scored),
        layout=Lampposts(count, height_m) if scored else RandomLayout(count, 35.0, height_m),
        ambient=_draw_ambient(rng),
        weather=_draw_air(rng),
        clock=CLOCKS["gps"],
        sensor=_draw_sensor(kind, rng),
        survey=Survey(position_sigma_m=float(rng.choice([0.02, 0.5, 2.5]))),
        propagation=PathOptions(),
        faults=Faults(deaf_share=0.05, dead_share=0.03, drop_share=float(rng.choice([0.0, 0.02]))),
        duration_s=DURATION_S,
        rate_hz=int(_pick(_RATES_HZ, rng)),
        seed=int(rng.integers(2**31)),
        workers=1,
    )


def draw_kind(seed: int, number: int) -> str:
    """Return the kind of sensor of a scene: a key of `sim.microphone.MICROPHONES`."""
    return _draw_kind(number, draw_stream(seed, "training scene", str(number)))


def _draw_kind(number: int, rng: np.random.Generator) -> str:
    return UNSEEN_SENSOR if number >= FIRST_UNSEEN_SENSOR else str(_pick(_SENSORS, rng))


def _draw_schedule(scored: bool) -> Rates:
    confusers = dict.fromkeys(CONFUSERS, 1.0)
    if scored:
        confusers[UNSEEN_CONFUSER] = 4.0
    else:
        del confusers[UNSEEN_CONFUSER]
    return Rates(
        gunshots=7,
        fireworks=5,
        backfires=8,
        confusers=8,
        most_rounds=10,
        weapons=WEAPONS_SCORED if scored else WEAPONS_LEARNED,
        firework_kinds=_FIREWORKS,
        confuser_kinds=confusers,
        automatic_share=0.2,
        two_shooters_share=TWO_SHOOTERS_SHARE,
        moving_share=0.1,
        doorway_share=0.1,
        driving_share=0.3,
    )


def _draw_block(rng: np.random.Generator, scored: bool, side_m: float) -> Grid | Crossroads:
    """Draw streets, about `side_m` across; courts and crossroads are for scoring alone.

    City blocks grow with the side, for the time that a scene takes grows with the number of houses.
    """
    if scored and rng.uniform() < 0.2:
        return Crossroads()
    street_m = float(rng.uniform(12.0, 30.0))
    across = int(rng.integers(2, 8)), int(rng.integers(2, 8))
    size_m = [float(np.clip(side_m / n - street_m, 45.0, 180.0)) for n in across]
    blocks_x, blocks_y = (max(2, round(side_m / (size + street_m))) for size in size_m)
    return Grid(
        blocks_x=blocks_x,
        blocks_y=blocks_y,
        block_x_m=size_m[0],
        block_y_m=size_m[1],
        street_m=street_m,
        height_low_m=6.0,
        height_high_m=float(rng.choice([9.0, 12.0, 15.0, 30.0])),
        massing=("horseshoe", "cloister") if scored else ("lots", "perimeter", "rows"),
        seed=int(rng.integers(2**31)),
    )


def _draw_ambient(rng: np.random.Generator) -> Ambient:
    louder_db = rng.uniform(-3.0, 17.0)
    tilt = rng.uniform(-1.0, 1.5) * np.arange(8)
    octaves = np.array(Ambient().octave_db_rms) + louder_db + tilt
    return Ambient(
        tuple(float(level) for level in octaves),
        spread_db=float(rng.uniform(1.0, 5.0)),
        passers_per_min=float(rng.choice([0.0, 0.0, 2.0])),
    )


def _draw_air(rng: np.random.Generator) -> Air:
    east, north = (float(v) for v in rng.normal(0.0, 2.5, 2))
    return Air(
        float(rng.uniform(-5.0, 32.0)),
        float(rng.uniform(25.0, 95.0)),
        wind_mps=(east, north),
        turbulence_mps=float(rng.uniform(0.1, 1.2)),
    )


def _draw_sensor(kind: str, rng: np.random.Generator) -> MicrophoneModel:
    """Draw a make of sensor: a model, with its own full scale, bass, resolution."""
    model = MICROPHONES[kind]
    changes = {
        "full_scale_db": model.full_scale_db + float(rng.uniform(-3.0, 6.0)),
        "high_pass_hz": max(model.high_pass_hz, float(np.exp(rng.uniform(*np.log(HIGH_PASS_HZ))))),
        "bits": int(rng.choice([16, 24])),
    }
    return MicrophoneModel(**{**vars(model), **changes})


def _pick(shares: Mapping[str, float] | Mapping[int, float], rng: np.random.Generator) -> str | int:
    weight = np.array(list(shares.values()))
    return list(shares)[int(rng.choice(len(weight), p=weight / weight.sum()))]
