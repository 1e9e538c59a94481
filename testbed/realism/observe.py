"""What a live-fire test shows, simulated or real: rows of arrivals, of other pulses and of audio.

A simulated protocol is written in the layout of the live-fire set and read back, so that every number of both columns
comes from the same lines of code.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from detector.onset_search import OnsetOptions
from detector.options import DetectorOptions
from scenes.air import Air
from testbed.field_night import hear_network
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.livefire_truth import live_events
from testbed.realism.clip import measure_clips

# A pulse this near to the straight line is the direct sound: over five standard deviations of the field's paths.
GATE_S = 0.04
# What comes later after the direct sound is no echo of it.
ECHO_S = 2.0
# Beyond this distance the set tells too little of who was not heard.
REACH_M = 800.0
# A pulse of ours and one of the field's within this time are the same.
SAME_S = 0.005

Floats = npt.NDArray[np.float64]

ARRIVALS = {
    "position": pl.String, "test": pl.String, "round": pl.Int64, "sensor": pl.String, "distance_m": pl.Float64,
    "reported": pl.Boolean, "residual_s": pl.Float64, "level_db": pl.Float64, "echoes": pl.Int64,
}  # fmt: skip
OTHERS = {
    "position": pl.String, "test": pl.String, "sensor": pl.String, "echo": pl.Boolean, "delay_s": pl.Float64,
    "louder_db": pl.Float64,
}  # fmt: skip
PAIRS = {"position": pl.String, "field_db": pl.Float64, "ours_db": pl.Float64, "snr_db": pl.Float64}


@dataclass(frozen=True, eq=False)
class Observed:
    """Rows of any number of tests.

    Attributes
    ----------
    arrivals : polars.DataFrame
        One row a round and sensor within `REACH_M`: whether the sensor's table has its direct sound, how much later
        than the straight line it came, s, its level, dB, and how many echoes followed.
    others : polars.DataFrame
        One row for each other pulse of the tables; of an echo its delay, s, and level over the direct sound, dB.
    clips : polars.DataFrame
        One row a clip (`testbed.realism.clip`).
    pairs : polars.DataFrame
        One row for each pulse of ours in a clip: its SNR and level, dB, and the level of the table's pulse within 5
        ms, null where there is none.
    field_heard : int
        Pulses of the tables that lie in audio.
    """

    arrivals: pl.DataFrame
    others: pl.DataFrame
    clips: pl.DataFrame
    pairs: pl.DataFrame
    field_heard: int


def observe(tests: Sequence[LiveTest], survey: Survey, onset: OnsetOptions | None = None) -> Observed:
    """Measure tests of one firing position.

    Parameters
    ----------
    tests : sequence of LiveTest
    survey : mapping
        Where its sensors stand.
    onset : OnsetOptions, optional
        How pulses are found in clips.
    """
    parts = [observe_test(test, survey, onset) for test in tests]
    return join(parts)


def join(parts: Sequence[Observed]) -> Observed:
    """Put the rows of several parts below each other."""
    frames = ("arrivals", "others", "clips", "pairs")
    return Observed(
        **{name: pl.concat([getattr(part, name) for part in parts]) for name in frames},
        field_heard=sum(part.field_heard for part in parts),
    )


def observe_test(test: LiveTest, survey: Survey, onset: OnsetOptions | None = None) -> Observed:
    """Measure one test.

    Raises
    ------
    BadInput
        When a clip is no audio.
    """
    events = live_events(test)
    speed = Air(temperature_c=test.temperature_c).sound_speed_mps
    names = sorted(survey)
    places = np.array([survey[name][0] for name in names])
    away = np.linalg.norm(places - np.array(test.survey_m), axis=1)
    names = [name for name, distance in zip(names, away, strict=True) if distance <= REACH_M]
    distance = away[away <= REACH_M]
    fired = _settle([event.time_s for event in events], distance, names, test, speed)
    arrivals, others = [], []
    for name, far in zip(names, distance, strict=True):
        mine = [pulse for pulse in test.pulses if pulse.sensor == name]
        times = np.array([pulse.time_s for pulse in mine])
        levels = np.array([pulse.level_db for pulse in mine])
        here, rest = _explain(fired + far / speed, times, levels)
        head = {"position": test.position, "test": test.name, "sensor": name}
        arrivals += [head | {"distance_m": float(far)} | row for row in here]
        others += [head | row for row in rest]
    clips, pairs, heard = _listen(test, survey, onset or DetectorOptions().onset, fired, speed)
    return Observed(
        pl.DataFrame(arrivals, schema=ARRIVALS), pl.DataFrame(others, schema=OTHERS), clips, pairs, heard
    )


def _settle(
    started: Sequence[float], distance: Floats, names: Sequence[str], test: LiveTest, speed: float
) -> Floats:
    """Return when rounds were fired: twice the median of t - d / c over the pulses within the gate."""
    away = dict(zip(names, distance, strict=True))
    emitted = np.array([p.time_s - away[p.sensor] / speed for p in test.pulses if p.sensor in away])
    fired = np.array(started)
    for _ in range(2):
        near = [emitted[np.abs(emitted - one) <= GATE_S] for one in fired]
        fired = np.array([np.median(n) if len(n) else one for n, one in zip(near, fired, strict=True)])
    return fired


def _explain(due: Floats, times: Floats, levels: Floats) -> tuple[list[dict], list[dict]]:
    """Say of one sensor's pulses which is the direct sound of which round, and whose echo the others are."""
    direct = {}
    for number, when in enumerate(due):
        free = [i for i in range(len(times)) if abs(times[i] - when) <= GATE_S and i not in direct.values()]
        if free:
            direct[number] = min(free, key=lambda i: abs(times[i] - when))
    echoes, rest = dict.fromkeys(range(len(due)), 0), []
    for i in range(len(times)):
        if i in direct.values():
            continue
        before = [n for n, j in direct.items() if 0.0 < times[i] - times[j] <= ECHO_S]
        row = {"echo": bool(before), "delay_s": None, "louder_db": None}
        if before:
            latest = max(before)
            echoes[latest] += 1
            first = direct[latest]
            row |= {"delay_s": times[i] - times[first], "louder_db": levels[i] - levels[first]}
        rest.append(row)
    here = [
        {
            "round": number,
            "reported": number in direct,
            "residual_s": times[direct[number]] - when if number in direct else None,
            "level_db": levels[direct[number]] if number in direct else None,
            "echoes": echoes[number] if number in direct else None,
        }
        for number, when in enumerate(due)
    ]
    return here, rest


def _listen(
    test: LiveTest, survey: Survey, onset: OnsetOptions, fired: Floats, speed: float
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return the rows of clips, the pulses that we find in them, and how many of the table's lie in audio."""
    clips = measure_clips(test, survey, fired, speed)
    sensors = sorted(clip.sensor for clip in test.clips)
    pairs, heard = [], 0
    if sensors:
        ((site, pulses),) = hear_network(test, survey, "audio", sensors, [DetectorOptions(onset=onset)])
        for number, station in enumerate(site.stations):
            table = [p for p in test.pulses if p.sensor == station.id]
            times = np.array([p.time_s for p in table])
            heard += sum(
                bool(piece.start_s <= t <= piece.start_s + piece.samples / station.rate_hz)
                for piece in station.audio
                for t in times
            )
            for j in np.flatnonzero(pulses.station == number):
                gap = np.abs(times - pulses.time_s[j])
                same = len(gap) > 0 and gap.min() <= SAME_S
                level = table[int(gap.argmin())].level_db if same else None
                pairs.append(
                    {
                        "position": test.position,
                        "field_db": level,
                        "ours_db": pulses.level_db[j],
                        "snr_db": pulses.snr_db[j],
                    }
                )
    return clips, pl.DataFrame(pairs, schema=PAIRS), heard
