"""A location-history prior: off unless switched on, a second answer and never the first, refused where it cannot be."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.belief import BeliefOptions, PastPlace, believe, check_belief_options
from detector.detect import detect
from detector.errors import BadInput
from detector.evidence import write_evidence
from detector.features import FEATURES
from detector.history import weigh_history
from detector.options import DetectorOptions
from detector.packet import read_packet
from detector.replay import replay
from tests.detector.test_detect import make_pulses, make_site

HERE = PastPlace(0.0, 0.0, 5_000.0, 3.0)
EVIDENCE = np.array([1.0, 0.0, 0.0, 0.0])


def test_without_history_there_is_one_answer() -> None:
    assert weigh_history(EVIDENCE, (0.0, 0.0), BeliefOptions()) is None


def test_the_factor_multiplies_the_odds_within_its_reach_alone() -> None:
    options = BeliefOptions(history=(PastPlace(0.0, 0.0, 100.0, 3.0), PastPlace(50.0, 0.0, 100.0, 0.5)))
    plain = believe(EVIDENCE, options)
    for place, factor in (((0.0, 10.0), 3.0), ((60.0, 0.0), 0.5), ((500.0, 0.0), 1.0)):
        second = weigh_history(EVIDENCE, place, options)
        assert second is not None
        assert second.factor == factor
        odds = [b.gunshot / (1.0 - b.gunshot) for b in (second.belief, plain)]
        assert odds[0] / odds[1] == pytest.approx(factor)
        # what the sound says is not touched
        assert second.belief.log10_lr_gunshot == pytest.approx(plain.log10_lr_gunshot)


def test_both_answers_are_in_the_packet_and_replayed(tmp_path: Path) -> None:
    site = make_site()
    pulses = make_pulses(site, len(FEATURES))
    plain = DetectorOptions()
    options = replace(plain, belief=replace(plain.belief, history=(HERE,)))
    result = detect(site, pulses, options)
    assert result.alerts[0].belief == detect(site, pulses, plain).alerts[0].belief
    (alert,) = write_evidence(result, options, tmp_path)
    packet = tmp_path / str(alert.evidence)
    record = json.loads((packet / "packet.json").read_text())
    assert record["alert"]["belief"]["gunshot"] == pytest.approx(alert.belief.gunshot, abs=1e-6)
    assert record["fire"]["with_history"]["gunshot_odds"] == 3.0
    assert record["fire"]["with_history"]["belief"]["gunshot"] > record["alert"]["belief"]["gunshot"]
    assert replay(read_packet(packet)).identical
    record["fire"]["with_history"]["belief"]["gunshot"] = 0.01
    (packet / "packet.json").write_text(json.dumps(record))
    (line,) = replay(read_packet(packet)).differences
    assert line.startswith("fire.with_history.belief.gunshot: 0.01 then")


@pytest.mark.parametrize("place", [replace(HERE, radius_m=0.0), replace(HERE, gunshot_odds=0.0)])
def test_a_history_that_cannot_be_is_refused_in_one_line(place: PastPlace) -> None:
    with pytest.raises(BadInput, match=r"history\.0") as caught:
        check_belief_options(BeliefOptions(history=(place,)))
    assert len(str(caught.value).splitlines()) == 1
