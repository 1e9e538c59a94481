"""`echoblock replay`: from a packet on disk to a page, a record, a log and an exit code."""

import json
import re
import shutil

import numpy as np
import pytest
import soundfile

from detector.choices import DETECTORS
from detector.detect import detect
from detector.evidence import write_evidence
from detector.packet import digest
from testbed.cli import main
from testbed.verdict_log import read_log
from tests.detector.peers import flat_site, hear


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    site, options = flat_site(), DETECTORS["default"]()
    pulses = hear(site, (310.0, 420.0), (2.0, 2.5, 3.1))
    (alert,) = write_evidence(detect(site, pulses, options), options, folder)
    packet = folder / alert.evidence
    record = json.loads((packet / "packet.json").read_text())
    noise = np.random.default_rng(0).normal(0.0, 0.1, 24_000)
    soundfile.write(packet / "S0.flac", noise, 8_000, subtype="PCM_24")
    record["files"]["S0.flac"] = digest(packet / "S0.flac")
    record["clips"] = [{"sensor": "S0", "file": "S0.flac", "start_s": 1.5}]
    (packet / "packet.json").write_text(json.dumps(record))
    return packet


@pytest.fixture
def packet(made, tmp_path):
    return shutil.copytree(made, tmp_path / "packet")


def test_an_untouched_packet_is_identical(packet, tmp_path, capsys):
    assert main(["replay", f"packet={packet}", f"out={tmp_path / 'out'}"]) == 0
    assert re.search(r"alert [0-9a-f]{16}: identical", capsys.readouterr().out)
    record = json.loads((tmp_path / "out" / "replay.json").read_text())
    assert record["identical"] is True
    assert len(record["located_without"]) == 9
    page = (tmp_path / "out" / "evidence.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert "http://" not in page
    assert "https://" not in page


def test_a_tampered_packet_is_told_with_code_2(packet, tmp_path, capsys):
    path = packet / "packet.json"
    path.write_text(path.read_text().replace('"call": "uncertain"', '"call": "gunshot"'))
    assert main(["replay", f"packet={packet}", f"out={tmp_path / 'out'}"]) == 2
    assert "alert.call: 'gunshot' then, 'uncertain' now" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "replay.json").read_text())["identical"] is False


def test_names_in_a_packet_cannot_write_html(packet, tmp_path):
    path = packet / "packet.json"
    path.write_text(path.read_text().replace('"reason": "', '"reason": "<script>alert(1)</script>'))
    path.write_text(path.read_text().replace('"call": "uncertain"', '"call": "<b>gun</b>"'))
    assert main(["replay", f"packet={packet}", f"out={tmp_path / 'out'}"]) == 2
    page = (tmp_path / "out" / "evidence.html").read_text()
    assert "<script>" not in page
    assert "<b>" not in page


def test_replays_and_human_verdicts_are_appended(packet, tmp_path, capsys):
    log = tmp_path / "log.jsonl"
    words = ["verdict=no evidence found", "by=A. Reviewer", "reason=nothing at the place"]
    assert main(["replay", f"packet={packet}", f"out={tmp_path / 'out'}", f"log={log}"]) == 0
    assert main(["replay", f"packet={packet}", f"out={tmp_path / 'out'}", f"log={log}", *words]) == 0
    entries = read_log(log).entries
    assert [e["verdict"] for e in entries] == ["uncertain", "uncertain", "no evidence found"]
    assert entries[-1]["by"] == "A. Reviewer"
    assert f"head {entries[-1]['sha256']}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "replay wants packet=DIR"),
        (["packet=nowhere"], "no such file; accepted is the folder of an alert's evidence"),
        (["packet={}", "verdict=gunshot"], "a verdict wants log=…, by=…, reason=… as well"),
        (["packet={}", "by=me"], "by and reason belong to a verdict"),
    ],
)
def test_mistakes_are_one_line(packet, tmp_path, capsys, words, told):
    words = [w.format(packet) for w in words]
    assert main(["replay", *words, f"out={tmp_path / 'out'}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert not (tmp_path / "out").exists()


def test_a_clip_that_is_no_sound_is_told(packet, tmp_path, capsys):
    (packet / "S0.flac").write_text("no sound")
    assert main(["replay", f"packet={packet}", f"out={tmp_path / 'out'}"]) == 2
    assert "S0.flac" in capsys.readouterr().err


def test_a_clip_cannot_lie_outside(packet, tmp_path, capsys):
    path = packet / "packet.json"
    path.write_text(path.read_text().replace('"file": "S0.flac"', '"file": "../S0.flac"'))
    assert main(["replay", f"packet={packet}", f"out={tmp_path / 'out'}"]) == 2
    assert "clips.0.file: string should match" in capsys.readouterr().err
