"""Sensors that cannot be right are named, and incidents are found without them."""

from dataclasses import replace

import numpy as np

from detector.detect import detect
from detector.pulse import Pulses
from tests.bench.windows import make_pulses, make_site

PLACES = np.array([[-80.0, 60.0, 1.5], [120.0, -40.0, 1.5]])
SHOTS_S = (np.array([2.0, 2.6]), np.array([12.0, 12.7]))


def network(late_s=None, extra=()):
    """Eight stations on a ring, two incidents of two shots; `late_s` is what each station's clock is behind."""
    angle = 2.0 * np.pi * np.arange(8) / 8.0
    where = np.column_stack([400.0 * np.cos(angle), 300.0 * np.sin(angle), np.full(8, 6.0)])
    site = make_site(where)
    rng = np.random.default_rng(3)
    station, time = [np.asarray(e[0], int) for e in extra], [np.asarray(e[1], float) for e in extra]
    for place, shots in zip(PLACES, SHOTS_S, strict=True):
        delay = np.linalg.norm(where - place, axis=1) / site.air.sound_speed_mps
        for shot in shots:
            station.append(np.arange(8))
            time.append(shot + delay + (0.0 if late_s is None else late_s) + rng.normal(0.0, 1e-3, 8))
    pulses, _ = make_pulses(np.concatenate(station), np.concatenate(time), 1e-3)
    return site, pulses


def assert_found(result):
    assert len(result.alerts) == 2
    for alert, place in zip(result.alerts, PLACES, strict=True):
        assert np.hypot(*(np.array(alert.position_m[:2]) - place[:2])) < 10.0


def test_healthy_sensors_are_not_accused():
    result = detect(*network())
    assert result.troubles == ()
    assert_found(result)


def test_a_wrong_clock_is_named_and_left_out():
    late_s = np.zeros(8)
    late_s[3] = 0.8
    result = detect(*network(late_s))
    assert [(t.sensor, t.kind, t.detail) for t in result.troubles] == [
        ("S03", "clock or address", "0.80 s late")
    ]
    assert_found(result)
    assert all("S03" not in alert.sensors for alert in result.alerts)


def test_a_screaming_sensor_is_named_and_stops_nobody():
    """10,000 pulses a second for 3 s."""
    scream = (np.full(30_000, 5), 10.0 + np.arange(30_000) / 10_000.0)
    result = detect(*network(extra=[scream]))
    assert [(t.sensor, t.kind) for t in result.troubles] == [("S05", "screams")]
    assert_found(result)


def test_two_sensors_at_one_spot_and_sensors_in_a_line_are_answered():
    site, pulses = network()
    twin = replace(site.stations[1], position_m=site.stations[0].position_m)
    doubled = replace(site, stations=(site.stations[0], twin, *site.stations[2:]))
    kept = pulses.station != 1
    columns = {name: column[kept] for name, column in vars(pulses).items()}
    copy = {name: column[pulses.station == 0] for name, column in vars(pulses).items()}
    copy["station"] = np.ones(len(copy["station"]), np.int32)
    merged = {name: np.concatenate([columns[name], copy[name]]) for name in columns}
    order = np.lexsort((merged["station"], merged["time_s"]))
    assert_found(detect(doubled, Pulses(**{name: column[order] for name, column in merged.items()})))


def test_sensors_in_a_line_list_the_mirrored_place():
    site = make_site(np.column_stack([np.linspace(-400.0, 400.0, 6), np.zeros(6), np.full(6, 6.0)]))
    place = np.array([50.0, 120.0, 1.5])
    delay = np.linalg.norm(site.positions_m - place, axis=1) / site.air.sound_speed_mps
    pulses, _ = make_pulses(np.arange(6), 2.0 + delay, 1e-3)
    (alert,) = detect(site, pulses).alerts
    told = [alert.position_m[:2], *(a.position_m for a in alert.alternatives)]
    for side in (1.0, -1.0):
        assert min(np.hypot(x - 50.0, y - side * 120.0) for x, y in told) < 15.0


def four_incidents(moved_m=(0.0, 0.0), stepped_s=0.0):
    """Eight stations that hear four places; the third hangs elsewhere, or its clock steps after the first incident."""
    angle = 2.0 * np.pi * np.arange(8) / 8.0
    where = np.column_stack([400.0 * np.cos(angle), 300.0 * np.sin(angle), np.full(8, 6.0)])
    site, true = make_site(where), where.copy()
    true[2, :2] += moved_m
    rng = np.random.default_rng(5)
    places = np.array([[-80.0, 60.0], [120.0, -40.0], [60.0, 150.0], [-150.0, -120.0]])
    time = []
    for k, (x, y) in enumerate(places):
        delay = np.linalg.norm(true - [x, y, 1.5], axis=1) / site.air.sound_speed_mps
        delay[2] += stepped_s if k else 0.0
        time += [20.0 * k + 3.0 + gap + delay + rng.normal(0.0, 1e-3, 8) for gap in (0.0, 0.7)]
    pulses, _ = make_pulses(np.tile(np.arange(8), len(time)), np.concatenate(time), 1e-3)
    return site, pulses, places


def test_a_wrong_address_is_named_and_left_out():
    site, pulses, places = four_incidents(moved_m=(50.0, -40.0))
    result = detect(site, pulses)
    (trouble,) = result.troubles
    assert (trouble.sensor, trouble.kind) == ("S02", "address")
    assert "50 m east and 40 m south" in trouble.detail
    for alert, place in zip(result.alerts, places, strict=True):
        assert "S02" not in alert.sensors
        assert np.hypot(*(np.array(alert.position_m[:2]) - place)) < 5.0


def test_a_clock_that_steps_is_named_and_left_out():
    site, pulses, _ = four_incidents(stepped_s=0.3)
    result = detect(site, pulses)
    assert [(t.sensor, t.kind, t.detail) for t in result.troubles] == [
        ("S02", "clock", "0.30 s late since incident 2")
    ]
    assert all("S02" not in alert.sensors for alert in result.alerts)


def test_healthy_sensors_at_four_incidents_are_not_accused():
    site, pulses, places = four_incidents()
    result = detect(site, pulses)
    assert result.troubles == ()
    assert len(result.alerts) == len(places)
