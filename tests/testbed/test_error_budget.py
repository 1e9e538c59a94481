"""Oracles are flawless where they claim to be, and the budget charges each stage with its own mistakes."""

import json
import math

import numpy as np
import pytest

from detector.detect import DetectionResult, detect
from detector.options import DetectorOptions
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station
from scenes.sensor import Clock
from testbed.error_budget import format_budget, measure_budget, record_budget
from testbed.oracle import perfect_incidents, perfect_pulses
from testbed.truth import Hearing, Truth, TruthEvent, Watch

PLACES = ((0.0, 0.0), (400.0, 20.0), (380.0, 410.0), (-20.0, 390.0), (200.0, 600.0), (600.0, 200.0))
SHOT = (150.0, 120.0, 1.5)
CLOCKS = {f"s{i}": Clock(offset_s=0.001 * i) for i in range(len(PLACES))}
AIR = AirReading()


def _site() -> Site:
    one = np.zeros((1, 3))
    stations = [Station(f"s{i}", (x, y, 6.0), 0.1, one, 0.0, 1.0, 0.005) for i, (x, y) in enumerate(PLACES)]
    return Site(tuple(stations), AIR)


def _truth(level_db: float = 90.0, rounds: int = 3) -> Truth:
    def hear(time_s: float) -> dict[str, Hearing]:
        return {
            f"s{i}": Hearing(time_s + math.dist(SHOT, (x, y, 6.0)) / AIR.sound_speed_mps, level_db, "direct")
            for i, (x, y) in enumerate(PLACES)
        }

    times = [10.0 + 0.5 * k for k in range(rounds)]
    events = [TruthEvent(f"e{k}", "i", "pistol-9mm", t, SHOT, {}, hear(t)) for k, t in enumerate(times)]
    return Truth(tuple(events), Watch(30.0, (-100.0, -100.0, 700.0, 700.0), noise_db_rms=50.0))


def test_perfect_pulses_are_first_arrivals_on_the_sensors_own_clocks() -> None:
    truth = _truth(rounds=1)
    pulses = perfect_pulses(_site(), truth, CLOCKS)
    assert sorted(pulses.station.tolist()) == list(range(len(PLACES)))
    heard = truth.events[0].heard
    assert heard is not None
    for station, time in zip(pulses.station, pulses.time_s, strict=True):
        assert time == pytest.approx(heard[f"s{station}"].time_s + 0.001 * station, abs=1e-12)
    assert np.all(np.diff(pulses.time_s) >= 0.0)


def test_what_does_not_stand_out_of_the_noise_gives_no_pulse() -> None:
    assert len(perfect_pulses(_site(), _truth(level_db=61.0), CLOCKS)) == 0
    assert len(perfect_pulses(_site(), _truth(level_db=63.0), CLOCKS)) == 3 * len(PLACES)


def test_perfect_association_takes_first_arrivals_and_leaves_echoes_and_noise() -> None:
    site, truth = _site(), _truth()
    exact = perfect_pulses(site, truth, CLOCKS)
    echoes, noise = exact.time_s + 0.08, np.linspace(0.3, 28.0, 40)
    time = np.concatenate([exact.time_s, echoes, noise])
    station = np.concatenate([exact.station, exact.station, np.arange(40) % 6]).astype(np.int32)
    order = np.lexsort((station, time))
    n = len(time)
    mixed = Pulses(
        station[order], time[order], np.full(n, 1e-4), np.full(n, 90.0), np.full(n, 30.0), np.zeros(n, bool),
        np.zeros((n, 0)),
    )  # fmt: skip
    (incident,) = perfect_incidents(site, mixed, truth, CLOCKS)
    assert len(incident.round_times_s) == 3
    assert np.isin(mixed.time_s[incident.pulse], exact.time_s).all()
    assert len(incident.pulse) == 3 * len(PLACES)
    assert len(set(incident.pulse.tolist())) == len(incident.pulse)


def test_an_incident_that_two_sensors_hear_is_left_out() -> None:
    site, truth = _site(), _truth(rounds=1)
    exact = perfect_pulses(site, truth, CLOCKS)
    two = exact.station < 2
    few = Pulses(*(getattr(exact, name)[two] for name in Pulses.__dataclass_fields__))
    assert perfect_incidents(site, few, truth, CLOCKS) == ()


def test_a_deaf_detector_owes_everything_to_its_pulses() -> None:
    site, truth, options = _site(), _truth(), DetectorOptions()
    nothing = detect(site, perfect_pulses(site, _truth(level_db=0.0), CLOCKS), options)
    stages = {s.perfect: s.score for s in measure_budget(nothing, truth, CLOCKS, options)}
    assert stages["nothing"]["rounds_located"] == 0
    assert stages["association"]["rounds_located"] == 0
    assert stages["pulses"]["rounds_located"] == 3
    assert stages["pulses and association"]["rounds_located"] == 3


def test_a_detector_that_associates_nothing_owes_everything_to_its_association() -> None:
    site, truth, options = _site(), _truth(), DetectorOptions()
    blind = DetectionResult(site, perfect_pulses(site, truth, CLOCKS), (), (), ())
    stages = measure_budget(blind, truth, CLOCKS, options)
    located = {s.perfect: s.score["rounds_located"] for s in stages}
    assert located == {"nothing": 0, "pulses": 3, "association": 3, "pulses and association": 3}
    table = format_budget(stages).splitlines()
    assert len(table) == 1 + len(stages)
    assert len({len(line) for line in table}) == 1
    json.dumps(record_budget(stages), allow_nan=False)
