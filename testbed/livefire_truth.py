"""What happened in a live-fire test, as far as its vendor's pulses tell."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from scenes.air import Air
from testbed.livefire import LivePulse, LiveTest
from testbed.truth import Hearing, TruthEvent

INCH_M = 0.0254


def live_events(test: LiveTest, sensors: Collection[str] = ()) -> tuple[TruthEvent, ...]:
    """Return the rounds of a test.

    The place is the surveyed one; the time is the median over the vendor's selected pulses of t - d / c, with d
    from the pulse's sensor to the surveyed place and c at the temperature of the weather file. A round without a
    selection has no time and is not among them. `heard` holds the selected pulses of the given sensors.
    """
    speed = Air(temperature_c=test.temperature_c).sound_speed_mps
    calibre = _calibre_in(test.firearm)
    return tuple(
        TruthEvent(
            id=f"{test.key}/{i}",
            incident=test.key,
            kind="handgun" if "handgun" in test.firearm.lower() else "gun",
            time_s=_round_time(selection, test.survey_m, speed),
            position_m=test.survey_m,
            traits={"firearm": test.firearm} | ({} if calibre is None else {"calibre_in": calibre}),
            heard={
                p.sensor: Hearing(p.time_s, p.level_db, "first") for p in selection if p.sensor in sensors
            },
        )
        for i, selection in enumerate(test.selections)
        if selection
    )


def _round_time(selection: Sequence[LivePulse], place: Sequence[float], speed_mps: float) -> float:
    return float(np.median([p.time_s - math.dist(p.position_m, place) / speed_mps for p in selection]))


def _calibre_in(firearm: str) -> float | None:
    """Read "45 Cal Automatic Handgun" as 0.45 in and "9mm Automatic Handgun" as 9 mm."""
    word = firearm.split(maxsplit=1)[0].lower()
    if word.endswith("mm") and word[:-2].replace(".", "", 1).isdigit():
        return float(word[:-2]) * 1e-3 / INCH_M
    return float(word) / 100.0 if word.isdigit() else None
