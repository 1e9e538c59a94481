"""An alert follows again from its evidence, and a packet that was touched says so."""

import json
from dataclasses import replace

import numpy as np
import pytest

from detector import evidence
from detector.choices import DETECTORS
from detector.detect import detect
from detector.errors import BadInput
from detector.evidence import write_evidence
from detector.packet import digest, read_packet
from detector.replay import locate_without, replay
from tests.detector.peers import flat_site, hear, join

TIMES_S = (2.0, 2.5, 3.1)
PLACE_M = (310.0, 420.0)


def write(folder, options=None, later_s=(), late_s=None):
    """Evidence of three shots, and of one shot at each of the later times; the alerts and their folders."""
    site = flat_site()
    pulses = join(hear(site, PLACE_M, TIMES_S, late_s), *(hear(site, (120.0, 200.0), (t,)) for t in later_s))
    options = options or DETECTORS["default"]()
    folder.mkdir()
    alerts = write_evidence(detect(site, pulses, options), options, folder)
    return alerts, [folder / alert.evidence for alert in alerts]


def edit(packet, change):
    path = packet / "packet.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detectors_alert_follows_again_from_its_packet(tmp_path, name):
    _, packets = write(tmp_path / "out", DETECTORS[name]())
    again = [replay(read_packet(packet)) for packet in packets]
    assert packets
    assert [a.differences for a in again] == [()] * len(packets)


def test_packets_of_long_recordings_hold_what_was_heard_around(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "WHOLE", 20)
    alerts, packets = write(tmp_path / "out", later_s=(1000.0, 2000.0))
    assert len(alerts) == 3
    for packet in map(read_packet, packets):
        assert np.ptp(packet.pulses.time_s) < 10.0
        assert replay(packet).identical


def test_a_place_that_was_moved_is_told(tmp_path):
    _, (packet,) = write(tmp_path / "out")
    edit(packet, lambda record: record["alert"]["position_m"].__setitem__(0, 999.0))
    (difference,) = replay(read_packet(packet)).differences
    assert difference.startswith("alert.position_m: [999.0,")


def test_a_pulse_that_was_moved_is_told_twice(tmp_path):
    _, (packet,) = write(tmp_path / "out")
    held = read_packet(packet)
    late = held.pulses.time_s + 0.05 * (held.pulses.station == 0)
    other = tmp_path / "other"
    other.mkdir()
    evidence.write_inputs(held.site, replace(held.pulses, time_s=late), other)
    (other / "pulses.parquet").replace(packet / "pulses.parquet")
    told = replay(read_packet(packet)).differences
    assert told[0] == "pulses.parquet: not the file that the packet was closed with"
    assert any(line.startswith("alert.") for line in told[1:])


def test_a_packet_without_its_alert_is_told(tmp_path):
    _, (packet,) = write(tmp_path / "out")
    held = read_packet(packet)
    nothing = replay(replace(held, options=replace(held.options, association=replace(
        held.options.association, stations_least=50))))  # fmt: skip
    assert nothing.alert is None
    assert nothing.differences == ("alert: the pulses do not speak for it any more",)


def test_places_without_one_sensor_are_those_of_locating_anew(tmp_path):
    _, (packet,) = write(tmp_path / "out", late_s=np.random.default_rng(2).normal(0.0, 0.01, 9))
    held = read_packet(packet)
    exact = locate_without(held, replay(held))
    quick = {row["sensor"]: row["shift_m"] for row in held.record["left_out"]}
    assert set(quick) == set(exact) == set(held.record["alert"]["sensors"])
    assert max(np.hypot(*exact[name]) for name in quick) > 1.0
    assert np.array([quick[name] for name in quick]) == pytest.approx(
        np.array([exact[name] for name in quick]), abs=0.5
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda r: r.update(format="echoblock-evidence/0"), "accepted is 'echoblock-evidence/1'"),
        (
            lambda r: r.update(detector="pickle"),
            "detector 'pickle'; accepted are default, tn098, consistency",
        ),
        (lambda r: r["options"].update(surprise=1), "not those of this version"),
        (lambda r: r["options"]["onset"].pop(next(iter(r["options"]["onset"]))), "not those of this version"),
        (lambda r: r["files"].update({"../truth.json": "0" * 64}), "files"),
        (lambda r: r["files"].pop("pulses.parquet"), "names no pulses.parquet"),
        (lambda r: r.pop("alert"), "alert: field required"),
    ],
)
def test_packets_that_cannot_be_replayed_are_refused_in_one_line(tmp_path, change, told):
    _, (packet,) = write(tmp_path / "out")
    edit(packet, change)
    with pytest.raises(BadInput, match=told.replace(".", r"\.")) as error:
        read_packet(packet)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    _, (packet,) = write(tmp_path / "out")
    (packet / "site.json").unlink()
    with pytest.raises(BadInput, match=r"site\.json: missing"):
        read_packet(packet)


def test_the_packets_digest_covers_all_its_files(tmp_path):
    _, (packet,) = write(tmp_path / "out")
    named = json.loads((packet / "packet.json").read_text())["files"]
    assert named == {p.name: digest(p) for p in packet.iterdir() if p.name != "packet.json"}
