"""Evidence of an incident: each group sees what its physics says, made up so that the answer is known."""

import numpy as np
import pytest

from detector.cadence_evidence import fit_engine
from detector.class_evidence import EVIDENCE, gather_evidence
from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station

SPEED = AirReading().sound_speed_mps


def make_site(count: int = 8, radius_m: float = 200.0) -> Site:
    turns = 2.0 * np.pi * np.arange(count) / count
    away = radius_m * (0.4 + 0.6 * np.arange(1, count + 1) / count)
    return Site(
        tuple(
            Station(
                f"S{i}",
                (float(r * np.cos(a)), float(r * np.sin(a)), 6.0),
                0.1,
                np.zeros((1, 3)),
                48e3,
                0.9,
                1e-3,
            )
            for i, (r, a) in enumerate(zip(away, turns, strict=True))
        ),
        AirReading(),
    )


def hear(
    site: Site,
    bangs: list[tuple[float, tuple[float, float, float]]],
    level_db: np.ndarray | None = None,
    more: tuple[tuple[int, float], ...] = (),
) -> dict[str, float]:
    """Return the evidence of bangs (time, place) that all stations hear, and more pulses (station, time)."""
    n = len(site.stations)
    rows = [
        (s, time + float(np.linalg.norm(site.positions_m[s] - np.array(place))) / SPEED, k)
        for k, (time, place) in enumerate(bangs)
        for s in range(n)
    ] + [(s, t, -1) for s, t in more]
    rows.sort(key=lambda row: row[1])
    station, time_s, number = (np.array(column) for column in zip(*rows, strict=True))
    level = np.full(len(rows), 80.0) if level_db is None else level_db[station]
    pulses = Pulses(
        station.astype(np.int32),
        time_s,
        np.full(len(rows), 1e-3),
        level,
        np.full(len(rows), 10.0),
        np.zeros(len(rows), np.bool_),
        np.zeros((len(rows), len(FEATURES))),
    )
    index = np.flatnonzero(number >= 0)
    incident = Incident(np.zeros(2), np.array([t for t, _ in bangs]), index, number[index], 9.0)
    evidence = gather_evidence(site, pulses, incident, np.zeros(2), np.zeros((len(index), 4)))
    assert evidence is not None
    assert np.isfinite(evidence).all()
    return dict(zip(EVIDENCE, evidence.tolist(), strict=True))


STREET = (0.0, 0.0, 1.5)


def test_level_and_cadence_are_read_back() -> None:
    site = make_site()
    away_m = np.linalg.norm(site.positions_m[:, :2], axis=1)
    said = hear(site, [(0.0, STREET), (0.3, STREET), (0.6, STREET)], 150.0 - 24.0 * np.log10(away_m))
    assert said["source_level_db"] == pytest.approx(150.0)
    assert said["level_scatter_db"] == pytest.approx(0.0, abs=1e-9)
    assert said["log10_interval_s"] == pytest.approx(np.log10(0.3))
    assert said["interval_cv"] == pytest.approx(0.0, abs=1e-9)
    assert said["log10_stations"] == pytest.approx(np.log10(8))
    assert said["heard_share"] == 1.0


def test_a_gun_is_louder_in_front() -> None:
    site = make_site()
    away_m = np.linalg.norm(site.positions_m[:, :2], axis=1)
    round_db = 150.0 - 24.0 * np.log10(away_m)
    beamed_db = round_db + 8.0 * site.positions_m[:, 0] / away_m
    assert hear(site, [(0.0, STREET)], round_db)["front_back_db"] < 0.1
    beamed = hear(site, [(0.0, STREET)], beamed_db)
    assert beamed["front_back_db"] > 3.0
    assert beamed["front_back_share"] > 0.5


def test_a_burst_over_the_roofs_is_high() -> None:
    site = make_site()
    assert hear(site, [(0.0, STREET)])["height_gain"] == pytest.approx(0.0, abs=0.1)
    burst = hear(site, [(0.0, (0.0, 0.0, 120.0))])
    assert burst["height_gain"] > 5.0
    assert 65.0 <= burst["height_m"] <= 180.0


def test_a_car_moves_between_its_pops() -> None:
    site = make_site()
    still = hear(site, [(0.0, STREET), (0.5, STREET)])
    assert still["log10_speed_mps"] == pytest.approx(0.0, abs=0.05)
    car = hear(site, [(0.0, STREET), (0.5, (6.0, 0.0, 1.5))])
    assert 10.0 ** car["log10_speed_mps"] - 1.0 == pytest.approx(12.0, rel=0.25)


def test_engines_keep_step_and_fingers_do_not() -> None:
    rng = np.random.default_rng(0)
    cycle_s = 120.0 / 1800.0
    engines = [
        fit_engine(cycle_s * rng.integers(3, 12, 4) + 1e-3 * rng.standard_normal(4)) for _ in range(40)
    ]
    fingers = [fit_engine(rng.gamma(8.0, 0.07, 4)) for _ in range(40)]
    assert np.median(engines) < 0.5 * np.median(fingers)
    assert fit_engine(np.array([0.4])) == 1.0


def test_a_lift_a_shock_and_echoes_are_counted() -> None:
    site = make_site()
    first_s = float(np.linalg.norm(site.positions_m[0] - np.array(STREET))) / SPEED
    alone = hear(site, [(0.0, STREET)])
    assert (alone["shock_share"], alone["lift_share"], alone["echoes"]) == (0.0, 0.0, 0.0)
    said = hear(
        site,
        [(0.0, STREET)],
        more=((0, first_s - 0.2), (0, first_s - 4.0), (0, first_s + 0.5), (0, first_s + 0.9)),
    )
    assert said["shock_share"] == said["lift_share"] == pytest.approx(1.0 / 8.0)
    assert said["echoes"] == pytest.approx(2.0 / 8.0)


def test_pulse_tables_bring_no_evidence() -> None:
    site = make_site(3)
    n = 3
    full = np.full(n, 1e-3)
    pulses = Pulses(
        np.arange(n, dtype=np.int32),
        np.arange(float(n)),
        full,
        full,
        full,
        np.zeros(n, np.bool_),
        np.zeros((n, 0)),
    )
    incident = Incident(np.zeros(2), np.zeros(1), np.arange(n), np.zeros(n, dtype=np.int64), 9.0)
    assert gather_evidence(site, pulses, incident, np.zeros(2), np.zeros((n, 4))) is None
