"""The chain from pulses to alerts, on pulses straight from geometry."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.alert import write_alerts
from detector.belief import LABELS, BaseRate, BeliefOptions
from detector.detect import detect
from detector.errors import BadInput
from detector.evidence import write_evidence
from detector.options import DetectorOptions, hash_options
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station

SHOT_M = np.array([40.0, -25.0])
SHOTS_S = np.array([2.0, 2.5, 3.0])


def make_site() -> Site:
    angles = 2.0 * np.pi * np.arange(8) / 8.0
    stations = tuple(
        Station(
            f"S{i}",
            (300.0 * np.cos(a) * (1.0 + 0.2 * (i % 3)), 300.0 * np.sin(a), 6.0),
            0.5,
            np.zeros((1, 3)),
            0.0,
            0.9,
            1e-4,
        )
        for i, a in enumerate(angles)
    )
    return Site(stations, AirReading(), "2026-01-31T20:00:00Z", (-80.0, 40.4))


def make_pulses(site: Site, features: int = 0) -> Pulses:
    rng = np.random.default_rng(4)
    away_m = np.linalg.norm(site.positions_m - [*SHOT_M, 1.5], axis=1)
    time_s = SHOTS_S[None, :] + away_m[:, None] / site.air.sound_speed_mps + rng.normal(0.0, 2e-3, (8, 3))
    station = np.repeat(np.arange(8, dtype=np.int32), 3)
    order = np.argsort(time_s.ravel(), kind="stable")
    n = time_s.size
    return Pulses(
        station[order],
        time_s.ravel()[order],
        np.full(n, 1e-3),
        np.full(n, 85.0),
        np.full(n, 20.0),
        np.zeros(n, dtype=np.bool_),
        np.zeros((n, features)),
    )


def test_three_shots_are_one_alert_where_and_when_they_were(tmp_path: Path) -> None:
    site = make_site()
    result = detect(site, make_pulses(site))
    (alert,) = result.alerts
    assert np.hypot(*(np.array(alert.position_m[:2]) - SHOT_M)) < 5.0
    assert alert.round_times_s == pytest.approx(SHOTS_S, abs=0.02)
    assert alert.rounds == 3
    assert 2 <= alert.rounds_low <= 3
    assert 3 <= alert.rounds_high <= 4
    assert not alert.automatic
    assert alert.several_shooters < 0.2
    assert alert.sensors == tuple(f"S{i}" for i in range(8))
    assert alert.time_utc is not None
    assert alert.time_utc.startswith("2026-01-31T20:00:0")
    # a fourth shot within the pause would still belong to it
    assert alert.latency_s > 0.0
    write_alerts(result.alerts, tmp_path / "one.jsonl")
    write_alerts(detect(site, make_pulses(site)).alerts, tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_without_sound_belief_is_the_base_rate() -> None:
    site = make_site()
    (alert,) = detect(site, make_pulses(site)).alerts
    rate = BaseRate()
    assert [getattr(alert.belief, label) for label in LABELS] == [getattr(rate, label) for label in LABELS]
    assert alert.call == "uncertain"


def test_no_pulses_no_alerts() -> None:
    site = make_site()
    none = {name: column[:0] for name, column in vars(make_pulses(site)).items()}
    assert detect(site, Pulses(**none)).alerts == ()


def test_the_hash_covers_every_choice() -> None:
    options = DetectorOptions()
    other = replace(options, belief=replace(options.belief, doubt_cost=0.2))
    assert hash_options(options) == hash_options(DetectorOptions())
    assert hash_options(options) != hash_options(other)


def test_impossible_beliefs_are_refused_before_anything_is_done() -> None:
    site = make_site()
    options = DetectorOptions(belief=BeliefOptions(BaseRate(1.0, 0.0, 0.0, 0.0)))
    with pytest.raises(BadInput, match="base_rate"):
        detect(site, make_pulses(site), options)


def test_evidence_lists_what_was_used_and_what_was_not(tmp_path: Path) -> None:
    site = make_site()
    pulses = make_pulses(site)
    extra = {name: np.concatenate([column, column[:1]]) for name, column in vars(pulses).items()}
    extra["time_s"][-1] += 0.31
    order = np.lexsort((extra["station"], extra["time_s"]))
    result = detect(site, Pulses(**{name: column[order] for name, column in extra.items()}))
    (alert,) = write_evidence(result, DetectorOptions(), tmp_path)
    assert alert.evidence == f"evidence/{alert.id}/"
    packet = json.loads((tmp_path / str(alert.evidence) / "packet.json").read_text())
    assert len(packet["pulses_used"]) == 24
    assert [row["reason"] for row in packet["pulses_rejected"]] == ["no direct sound of any incident"]
    assert max(abs(row["residual_s"]) for row in packet["pulses_used"]) < 0.02
