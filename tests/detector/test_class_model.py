"""The classifier's file: what is refused, and what its numbers say."""

import json

import numpy as np
import pytest

from detector.belief import LABELS, BeliefOptions, believe
from detector.class_evidence import EVIDENCE, gather_evidence
from detector.class_model import FORMAT, load_model, parse_model, weigh_evidence
from detector.errors import BadInput
from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station


def make_record(**changes: object) -> dict[str, object]:
    count = len(EVIDENCE)
    weights = np.zeros((3, count))
    weights[0, 0] = 1.0
    return {
        "format": FORMAT,
        "labels": ["gunshot", "firework", "backfire"],
        "evidence": list(EVIDENCE),
        "centre": [0.0] * count,
        "scale": [1.0] * count,
        "limit": 3.0,
        "weights": weights.tolist(),
        "bias": [0.0, 0.0, 0.0],
        "temper": 1.0,
        "provenance": {"seed": 0},
    } | changes


def test_evidence_moves_belief_the_way_the_weights_say() -> None:
    model = parse_model(json.dumps(make_record()), "made")
    options = BeliefOptions()
    evidence = np.zeros(len(EVIDENCE))
    neutral = believe(weigh_evidence(evidence, model, options), options)
    assert neutral.gunshot == pytest.approx(options.base_rate.gunshot)
    assert neutral.other == pytest.approx(options.base_rate.other)
    evidence[0] = 2.0
    moved = believe(weigh_evidence(evidence, model, options), options)
    assert moved.log10_lr_gunshot > 0.0
    # nobody trained "other": evidence says nothing about it
    assert moved.other == pytest.approx(options.base_rate.other)
    evidence[0] = 1e6
    assert believe(weigh_evidence(evidence, model, options), options).gunshot < 0.8


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "echoblock-class-model/0"}, "format"),
        ({"evidence": ["shoe_size"]}, "other evidence"),
        ({"labels": ["gunshot", "firework"]}, "do not fit"),
        ({"labels": ["gunshot", "firework", "meteor"]}, "unknown labels"),
        ({"scale": [0.0] * len(EVIDENCE)}, "scale"),
        ({"temper": 2.0}, "temper"),
        ({"weights": "many"}, "weights"),
        ({"extra": 1}, "extra"),
    ],
)
def test_other_models_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        parse_model(json.dumps(make_record(**changes)), "made")


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(BadInput, match=r"'v0'; accepted are .*v1"):
        load_model("v0")


def test_the_shipped_model_says_where_it_comes_from() -> None:
    model = load_model("v1")
    assert set(model.labels) < set(LABELS)
    assert {"seed", "command", "software", "scenes"} <= model.provenance.keys()


def make_site(count: int) -> Site:
    stations = tuple(
        Station(f"S{i}", (100.0 * (i + 1), 0.0, 5.0), 1.0, np.zeros((1, 3)), 48e3, 0.9, 1e-3)
        for i in range(count)
    )
    return Site(stations, AirReading())


def make_pulses(level_db: np.ndarray, features: int = len(FEATURES)) -> Pulses:
    n = len(level_db)
    return Pulses(
        np.arange(n, dtype=np.int32),
        np.arange(n, dtype=np.float64),
        np.full(n, 1e-3),
        level_db,
        np.full(n, 10.0),
        np.zeros(n, dtype=np.bool_),
        np.zeros((n, features)),
    )


def test_the_source_level_is_read_back_from_the_stations() -> None:
    site = make_site(4)
    away_m = site.positions_m[:, 0]
    pulses = make_pulses(150.0 - 24.0 * np.log10(away_m))
    incident = Incident(
        np.zeros(2), np.array([0.0, 0.3, 0.6]), np.arange(4), np.zeros(4, dtype=np.int64), 9.0
    )
    evidence = gather_evidence(site, pulses, incident, np.zeros(2))
    assert evidence is not None
    named = dict(zip(EVIDENCE, evidence, strict=True))
    assert named["source_level_db"] == pytest.approx(150.0)
    assert named["level_scatter_db"] == pytest.approx(0.0, abs=1e-9)
    assert named["log10_interval_s"] == pytest.approx(np.log10(0.3))
    assert named["interval_cv"] == pytest.approx(0.0, abs=1e-9)
    assert named["log10_stations"] == pytest.approx(np.log10(4))


def test_pulse_tables_bring_no_evidence() -> None:
    pulses = make_pulses(np.full(3, 80.0), features=0)
    incident = Incident(np.zeros(2), np.zeros(1), np.arange(3), np.zeros(3, dtype=np.int64), 9.0)
    assert gather_evidence(make_site(3), pulses, incident, np.zeros(2)) is None
