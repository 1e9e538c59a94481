"""The classifier's file: what is refused, and what its numbers say; a pulse's belief beside it."""

import json

import numpy as np
import pytest
from pyarrow import parquet

from detector.belief import LABELS, BaseRate, BeliefOptions, believe
from detector.class_evidence import EVIDENCE
from detector.class_model import FORMAT, load_model, parse_model, score_pulses, weigh_evidence
from detector.errors import BadInput
from detector.features import FEATURES
from detector.pulse import Pulses
from detector.pulse_file import believe_pulses, write_pulses
from detector.round_evidence import LACKING, ROUND, SHOOTERS
from detector.site import AirReading, Site, Station

ROUNDS = {
    "real": dict.fromkeys(ROUND, 0.0),
    "lacking": dict.fromkeys(LACKING, 0.0),
    "shape": 1.0,
    "shooters": dict.fromkeys(SHOOTERS, 0.0),
}


def make_trees(evidence: tuple[str, ...], **changes: object) -> dict[str, object]:
    """Make a stump a label: above 1 in the first piece of evidence it is a gunshot; and lines that say nothing."""
    count = len(evidence)
    return {
        "evidence": list(evidence),
        "middle": [0.0] * count,
        "scale": [1.0] * count,
        "lines": [[0.0] * (1 + 2 * count)] * 4,
        "asked": [[0]] * 4,
        "threshold": [[1.0]] * 4,
        "value": [[0.0, 3.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
        "temper_lines": 1.0,
        "temper_trees": 1.0,
    } | changes


def make_record(**changes: object) -> dict[str, object]:
    return {
        "format": FORMAT,
        "labels": list(LABELS),
        "pulse": make_trees(FEATURES),
        "incident": make_trees(EVIDENCE),
        "rounds": ROUNDS,
        "doubt": 0.01,
        "provenance": {"seed": 0},
    } | changes


def test_evidence_moves_belief_the_way_the_trees_say() -> None:
    model = parse_model(json.dumps(make_record()), "made")
    options = BeliefOptions()
    evidence = np.zeros(len(EVIDENCE))
    neutral = believe(weigh_evidence(evidence, model), options)
    assert neutral.gunshot == pytest.approx(options.base_rate.gunshot)
    evidence[0] = 2.0
    moved = believe(weigh_evidence(evidence, model), options)
    assert moved.log10_lr_gunshot == pytest.approx(3.0 / np.log(10.0), abs=0.05)
    evidence[0] = 1.0
    assert believe(weigh_evidence(evidence, model), options) == neutral


def test_lines_weigh_evidence_and_its_square() -> None:
    count = len(EVIDENCE)
    line = [0.5] + [1.0] + [0.0] * (count - 1) + [2.0] + [0.0] * (count - 1)
    lines = make_trees(
        EVIDENCE,
        middle=[4.0] * count,
        scale=[2.0] * count,
        lines=[line, *[[0.0] * len(line)] * 3],
        value=[[0.0, 0.0]] * 4,
    )
    model = parse_model(json.dumps(make_record(incident=lines, doubt=0.0)), "made")
    evidence = np.full(count, 4.0)
    evidence[0] = 7.0  # z is 1.5
    scores = weigh_evidence(evidence, model)
    assert scores[0] - scores[1] == pytest.approx(0.5 + 1.5 + 2.0 * (1.5**2 - 1.0))


def test_a_model_of_fewer_pieces_of_evidence_weighs_those_alone() -> None:
    known = (EVIDENCE[5], EVIDENCE[2])
    model = parse_model(json.dumps(make_record(incident=make_trees(known))), "made")
    evidence = np.full(len(EVIDENCE), 2.0)
    evidence[5] = 0.0
    assert np.ptp(weigh_evidence(evidence, model)) == pytest.approx(0.0)
    evidence[:] = 0.0
    evidence[5] = 2.0
    scores = weigh_evidence(np.stack([evidence, evidence]), model)
    assert (scores[:, 0] > scores[:, 1] + 2.5).all()


def test_no_evidence_says_more_than_the_doubt_allows() -> None:
    loud = make_trees(EVIDENCE, value=[[0.0, 90.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    model = parse_model(json.dumps(make_record(incident=loud)), "made")
    scores = weigh_evidence(np.full(len(EVIDENCE), 2.0), model)
    assert np.exp(scores[0] - scores[1]) < 4.0 / 0.01


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "echoblock-class-model/2"}, "format 'echoblock-class-model/2'; accepted is"),
        ({"rounds": ROUNDS | {"real": {"shoe_size": 1.0}}}, "rounds: trained on other evidence"),
        ({"rounds": ROUNDS | {"shape": 0.0}}, "shape"),
        ({"labels": ["gunshot", "firework"]}, "labels"),
        ({"incident": make_trees(("shoe_size",))}, "other evidence"),
        ({"incident": make_trees((EVIDENCE[0], EVIDENCE[0]))}, "other evidence"),
        ({"pulse": make_trees(FEATURES, asked=[[99]] * 4)}, "evidence that there is not"),
        ({"pulse": make_trees(FEATURES, threshold=[[0.0]] * 3)}, "one depth"),
        ({"pulse": make_trees(FEATURES, value=[[0.0, 1.0, 2.0]] * 4)}, "no 3 leaves"),
        ({"pulse": make_trees(FEATURES, temper_trees=2.0)}, "temper_trees"),
        ({"pulse": make_trees(FEATURES, temper_lines=-0.1)}, "temper_lines"),
        ({"pulse": make_trees(FEATURES, scale=[0.0] * len(FEATURES))}, "scale"),
        ({"pulse": make_trees(FEATURES, lines=[[0.0]] * 4)}, "the lines do not weigh"),
        ({"doubt": "much"}, "doubt"),
        ({"extra": 1}, "extra"),
    ],
)
def test_other_models_are_refused_in_one_line(changes: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        parse_model(json.dumps(make_record(**changes)), "made")
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BadInput, match="model made"):
        parse_model("cos\nsystem\n", "made")


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(BadInput, match=r"'v0'; accepted are v6"):
        load_model("v0")


def test_the_shipped_model_says_where_it_comes_from() -> None:
    model = load_model(BeliefOptions().model)
    assert model.labels == LABELS
    assert {
        "seed",
        "command",
        "software",
        "scenes",
        "unseen_confuser",
        "unseen_sensor",
    } <= model.provenance.keys()


def make_pulses(features: np.ndarray) -> Pulses:
    n = len(features)
    full = np.full(n, 1e-3)
    return Pulses(
        np.arange(n, dtype=np.int32), np.arange(float(n)), full, full, full, np.zeros(n, np.bool_), features
    )


def test_pulses_carry_their_own_belief(tmp_path) -> None:
    site = Site(
        tuple(
            Station(f"S{i}", (100.0 * i, 0.0, 5.0), 1.0, np.zeros((1, 3)), 48e3, 0.9, 1e-3) for i in range(3)
        ),
        AirReading(),
    )
    pulses = make_pulses(np.random.default_rng(0).standard_normal((3, len(FEATURES))))
    write_pulses(site, pulses, BeliefOptions(), tmp_path / "pulses.parquet")
    table = parquet.read_table(tmp_path / "pulses.parquet").to_pydict()
    assert list(table) == [
        *("sensor", "time_s", "level_db", "snr_db", "sigma_s"),
        *(f"p_{label}" for label in LABELS),
        "p_shock",
    ]
    assert table["sensor"] == ["S0", "S1", "S2"]
    assert np.sum([table[f"p_{label}"] for label in LABELS], axis=0) == pytest.approx(1.0, abs=1e-5)


def test_the_base_rate_moves_a_pulses_belief_and_not_its_ratio() -> None:
    pulses = make_pulses(np.random.default_rng(1).standard_normal((5, len(FEATURES))))
    even = BeliefOptions(BaseRate(0.25, 0.25, 0.25, 0.25))
    usual, balanced = (believe_pulses(pulses, options) for options in (BeliefOptions(), even))
    ratio = score_pulses(pulses.features, load_model(even.model))
    assert np.allclose(np.log(balanced[:, 0] / balanced[:, 1]), ratio[:, 0] - ratio[:, 1])
    assert np.allclose(usual[:, 0] / usual[:, 1], balanced[:, 0] / balanced[:, 1] * 0.12 / 0.48)


def test_pulses_without_sound_are_as_likely_as_ever() -> None:
    rate = BeliefOptions().base_rate
    assert believe_pulses(make_pulses(np.zeros((2, 0))), BeliefOptions()) == pytest.approx(
        np.array([[rate.gunshot, rate.firework, rate.backfire, rate.other]] * 2)
    )


def test_a_quiet_night_has_no_pulse_to_name() -> None:
    model = load_model(BeliefOptions().model)
    assert score_pulses(np.zeros((0, len(FEATURES))), model).shape == (0, len(LABELS))
