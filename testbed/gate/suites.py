"""Suites: which scenes a gate runs. Their numbers are drawn from a stream of their own, which nothing is tuned on.

All suites are beginnings of one series, so that a scene has one name and one world wherever it occurs. A scene has few
incidents, far enough apart in time to be told apart: what changes in one, changes there alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detector.options import DetectorOptions
from scenes.air import Air
from scenes.ambient import Ambient
from scenes.blocks.crossroads import Crossroads
from scenes.blocks.grid import Grid
from scenes.layouts.grid import RegularGrid
from scenes.layouts.lampposts import Lampposts
from scenes.layouts.random import RandomLayout
from scenes.schedules.explicit import Quiet
from scenes.schedules.rates import Rates
from scenes.streams import draw_stream
from sim.clock import CLOCKS
from sim.microphone import MicrophoneModel
from sim.propagation.trace import PathOptions
from testbed.config import RunSettings
from testbed.survey import Survey

SERIES_SEED = 20_261
RATE_HZ = 12_000
DURATION_S = 44.0
QUIET_S = 30.0

# Shares of a deck that is dealt through before it is shuffled anew: every twenty scenes hold the same mix.
_DECK = 20
_BLOCKS = ("low",) * 11 + ("mixed",) * 6 + ("tall",) * 2 + ("crossroads-v1",)
_LAYOUTS = ("roof grid",) * 9 + ("roof random",) * 3 + ("lampposts",) * 5 + ("poles",) * 3
_CLOCKS = ("gps",) * 15 + ("ntp",) * 4 + ("free",)
_WEATHERS = ("still",) * 4 + ("mild",) * 8 + ("windy",) * 3 + ("winter night",) * 3 + ("summer day",) * 2
_STREETS = ("night",) * 15 + ("day",) * 5
_SURVEYS = ("averaged",) * 6 + ("careful",) * 12 + ("single fix",) * 2
_NIGHTS = ("gunfire",) * 9 + ("gunfire, backfires",) * 5 + ("gunfire, fireworks",) * 5 + ("quiet",)

_AIR: Mapping[str, Air] = {
    "still": Air(),
    "mild": Air(turbulence_mps=0.4),
    "windy": Air(wind_mps=(4.0, 3.0), turbulence_mps=1.4, wind_gradient=(0.15, 0.12)),
    "winter night": Air(-5.0, 40.0, turbulence_mps=0.2, temperature_gradient=0.05),
    "summer day": Air(33.0, 35.0, turbulence_mps=0.8, temperature_gradient=-0.1),
}
_SURVEY: Mapping[str, Survey] = {
    "averaged": Survey(0.02, 0.2, 3.0, 0.2),
    "careful": Survey(),
    "single fix": Survey(2.5, 2.0, 5.0, 1.5),
}
_SCHEDULES: Mapping[str, Rates | Quiet] = {
    "gunfire": Rates(gunshots=5, fireworks=0, backfires=0, most_rounds=3),
    "gunfire, backfires": Rates(gunshots=4, fireworks=0, backfires=1, most_rounds=3),
    "gunfire, fireworks": Rates(gunshots=4, fireworks=1, backfires=0, most_rounds=3),
    "quiet": Quiet(),
}
# What a street's day adds to its night, dB.
_DAY_DB = 10.0
_STOREYS_M: Mapping[str, tuple[float, float]] = {"low": (6.0, 9.0), "mixed": (6.0, 15.0), "tall": (9.0, 30.0)}


@dataclass(frozen=True)
class Suite:
    """A number of scenes under a name that means the same scenes for ever.

    Attributes
    ----------
    name : str
        With its version.
    scenes : int
        The first so many of the series.
    """

    name: str
    scenes: int


SUITES: Mapping[str, Suite] = {
    "smoke": Suite("smoke-v1", 40),
    "pr": Suite("pr-v1", 200),
    "nightly": Suite("nightly-v1", 600),
}


@dataclass(frozen=True)
class GateScene:
    """A scene of the series: its name, what it is in words, and its settings (the detector's are not among them)."""

    name: str
    about: str
    settings: RunSettings


def draw_scene(number: int, series: int = SERIES_SEED) -> GateScene:
    """Draw a scene of the series.

    Parameters
    ----------
    number : int
        From 0.
    series : int
        Seed of the series; any but the gate's own is for benches.
    """
    rng = draw_stream(series, "gate scene", str(number))
    block, layout, clock, air, street, survey, night = (
        _deal(kind, cards, number, series)
        for kind, cards in (
            ("block", _BLOCKS),
            ("layout", _LAYOUTS),
            ("clock", _CLOCKS),
            ("weather", _WEATHERS),
            ("street", _STREETS),
            ("survey", _SURVEYS),
            ("night", _NIGHTS),
        )
    )
    sensors = int(rng.integers(10, 14))
    settings = RunSettings(
        scene=_draw_block(block, rng),
        schedule=_SCHEDULES[night],
        layout=_draw_layout(layout, sensors, rng),
        ambient=_draw_ambient(street, rng),
        weather=_AIR[air],
        clock=CLOCKS[clock],
        sensor=MicrophoneModel(full_scale_db=float(rng.choice([93.0, 105.0, 120.0]))),
        survey=_SURVEY[survey],
        propagation=PathOptions(),
        duration_s=QUIET_S if night == "quiet" else DURATION_S,
        rate_hz=RATE_HZ,
        seed=int(rng.integers(2**31)),
        workers=1,
        detector=DetectorOptions(),
    )
    about = f"{block}, {sensors} on {layout}, {clock}, {air}, {street}, {survey}, {night}"
    return GateScene(f"g{number:04d}", about, settings)


def _deal(kind: str, cards: tuple[str, ...], number: int, series: int) -> str:
    deck, place = divmod(number, _DECK)
    return cards[draw_stream(series, f"gate {kind}", str(deck)).permutation(_DECK)[place]]


def _draw_block(kind: str, rng: np.random.Generator) -> Grid | Crossroads:
    if kind == "crossroads-v1":
        return Crossroads()
    low, high = _STOREYS_M[kind]
    return Grid(
        blocks_x=3,
        blocks_y=3,
        block_x_m=float(rng.integers(55, 85)),
        block_y_m=float(rng.integers(45, 65)),
        street_m=float(rng.integers(16, 26)),
        height_low_m=low,
        height_high_m=high,
        seed=int(rng.integers(2**31)),
    )


def _draw_layout(kind: str, sensors: int, rng: np.random.Generator) -> RegularGrid | Lampposts | RandomLayout:
    if kind == "roof grid":
        return RegularGrid(sensors, on="roof")
    if kind == "lampposts":
        return Lampposts(sensors, height_m=float(rng.integers(6, 10)))
    if kind == "roof random":
        return RandomLayout(sensors, min_distance_m=35.0, on="roof")
    return RandomLayout(sensors, min_distance_m=30.0, height_m=float(rng.integers(5, 10)))


def _draw_ambient(street: str, rng: np.random.Generator) -> Ambient:
    louder_db = float(rng.uniform(-2.0, 2.0)) + (_DAY_DB if street == "day" else 0.0)
    return Ambient(tuple(level + louder_db for level in Ambient().octave_db_rms))
