"""Recording folders: what is read, and what is refused in one line a mistake."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from detector.errors import BadInput
from detector.recording import open_recording, read_blocks, read_clip, read_site

RATE = 8000


def make_station(name: str, **changes: object) -> dict[str, object]:
    station: dict[str, object] = {
        "id": name,
        "position_m": [0.0, 10.0, 5.0],
        "position_sigma_m": 1.0,
        "microphones_m": [[0.0, 0.0, 0.0]],
        "sample_rate_hz": RATE,
        "full_scale_pa": 0.9,
        "clock_sigma_s": 1e-3,
        "audio": [{"file": f"{name}.wav", "start_s": 0.5, "samples": 100}],
    }
    return station | changes


def write_folder(folder: Path, *stations: dict[str, object], **changes: object) -> Path:
    site = {
        "format": "echoblock-recording/1",
        "epoch_utc": "2026-01-31T20:00:00Z",
        "origin": {"lon": -80.0, "lat": 40.4},
        "air": {"temperature_c": 12, "humidity": 55.5, "wind_mps": [1, -2]},
        "stations": list(stations),
    }
    (folder / "site.json").write_text(json.dumps(site | changes))
    return folder


def write_audio(path: Path, samples: int = 100, channels: int = 1, rate: int = RATE) -> None:
    ramp = np.arange(samples * channels, dtype=np.float32).reshape(samples, channels) / 1024.0
    soundfile.write(path, ramp, rate, subtype="FLOAT" if path.suffix == ".wav" else "PCM_16")


def test_reads_what_the_operator_knows(tmp_path: Path) -> None:
    write_audio(tmp_path / "A.wav")
    write_folder(tmp_path, make_station("A"), make_station("dead", audio=[]))
    recording = open_recording(tmp_path)
    alive, dead = recording.site.stations
    assert alive.position_m == (0.0, 10.0, 5.0)
    assert alive.rate_hz == RATE
    assert dead.audio == ()
    assert recording.site.air.wind_mps == (1.0, -2.0)
    assert recording.duration_s == pytest.approx(100 / RATE)


def test_blocks_join_to_the_file_whatever_their_size(tmp_path: Path) -> None:
    write_audio(tmp_path / "A.flac", channels=2)
    pieces = [{"file": "A.flac", "start_s": 0.5, "samples": 100}]
    two = [[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]]
    write_folder(tmp_path, make_station("A", audio=pieces, microphones_m=two))
    recording = open_recording(tmp_path)
    whole = next(read_blocks(recording, 0))
    parts = list(read_blocks(recording, 0, block_samples=33))
    assert whole.samples.shape == (2, 100)
    assert np.array_equal(np.concatenate([b.samples for b in parts], axis=1), whole.samples)
    assert [b.start_s for b in parts] == pytest.approx([0.5 + 33 * k / RATE for k in range(4)])


def test_pieces_come_in_time_order(tmp_path: Path) -> None:
    write_audio(tmp_path / "late.wav")
    write_audio(tmp_path / "early.wav")
    late = {"file": "late.wav", "start_s": 9.0, "samples": 100}
    early = {"file": "early.wav", "start_s": 1.0, "samples": 100}
    write_folder(tmp_path, make_station("A", audio=[late, early]))
    assert [b.start_s for b in read_blocks(open_recording(tmp_path), 0)] == [1.0, 9.0]


def test_a_clip_is_cut_on_the_clock(tmp_path: Path) -> None:
    write_audio(tmp_path / "A.wav")
    write_folder(tmp_path, make_station("A"))
    start_s, samples = read_clip(open_recording(tmp_path), 0, 0.5 + 10 / RATE, 0.5 + 20 / RATE)
    assert start_s == pytest.approx(0.5 + 10 / RATE)
    assert np.allclose(samples, np.arange(10, 20) / 1024.0)
    assert read_clip(open_recording(tmp_path), 0, 50.0, 51.0)[1].shape == (1, 0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "other/2"}, "format"),
        ({"epoch_utc": "yesterday"}, "epoch_utc"),
        ({"origin": {"lon": 200.0, "lat": 0.0}}, "origin.lon"),
        ({"air": {"temperature_c": 12, "humidity": 55}}, "air.wind_mps"),
        ({"stations": []}, "stations"),
        ({"stations": [make_station("A"), make_station("A")]}, "two have the id 'A'"),
        ({"stations": [make_station("A", position_m=[0.0, 1.0])]}, "stations[0].position_m"),
        ({"stations": [make_station("A", clock_sigma_s=-1.0)]}, "stations[0].clock_sigma_s"),
        ({"stations": [make_station("../A")]}, "stations[0].id"),
        ({"stations": [{k: v for k, v in make_station("A").items() if k != "audio"}]}, "no 'audio'"),
    ],
)
def test_a_wrong_site_is_named(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    write_audio(tmp_path / "A.wav")
    write_folder(tmp_path, make_station("A"), **changes)
    with pytest.raises(BadInput) as error:
        open_recording(tmp_path)
    assert said in str(error.value)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    write_folder(tmp_path, make_station("A"), make_station("B"))
    with pytest.raises(BadInput) as error:
        open_recording(tmp_path)
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": NaN}'])
def test_what_is_no_site_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.json").write_text(text)
    with pytest.raises(BadInput, match=r"site\.json"):
        open_recording(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        open_recording(tmp_path / "nowhere")


@pytest.mark.parametrize("file", ["/etc/hostname", "../outside.wav", "link.wav", "C:\\A.wav"])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "recording"
    folder.mkdir()
    write_audio(tmp_path / "outside.wav")
    (folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    write_folder(folder, make_station("A", audio=[{"file": file, "start_s": 0.0, "samples": 100}]))
    with pytest.raises(BadInput, match="leads out of the folder"):
        open_recording(folder)


@pytest.mark.parametrize(
    ("audio", "said"),
    [
        ({"samples": 99}, "99 samples, announced are 100"),
        ({"rate": 16000}, "16000 Hz, announced are 8000"),
        ({"channels": 2}, "2 channels for 1 microphones"),
    ],
)
def test_audio_other_than_announced_is_named(tmp_path: Path, audio: dict[str, int], said: str) -> None:
    write_audio(tmp_path / "A.wav", **audio)
    with pytest.raises(BadInput, match=said):
        open_recording(write_folder(tmp_path, make_station("A")))


def test_overlapping_and_repeated_pieces_are_named(tmp_path: Path) -> None:
    piece = {"file": "A.wav", "start_s": 0.0, "samples": 100}
    write_audio(tmp_path / "A.wav")
    write_folder(tmp_path, make_station("A", audio=[piece, piece]))
    with pytest.raises(BadInput, match=r"listed twice\n.*overlap by"):
        open_recording(tmp_path)


def test_what_is_no_audio_is_named(tmp_path: Path) -> None:
    (tmp_path / "A.wav").write_text("not a sound")
    with pytest.raises(BadInput, match="no FLAC or WAV"):
        open_recording(write_folder(tmp_path, make_station("A")))


def test_a_sample_that_is_no_number_is_named(tmp_path: Path) -> None:
    samples = np.zeros(100, dtype=np.float32)
    samples[41] = np.nan
    soundfile.write(tmp_path / "A.wav", samples, RATE, subtype="FLOAT")
    recording = open_recording(write_folder(tmp_path, make_station("A")))
    with pytest.raises(BadInput, match=r"A\.wav: sample 41 is not a finite number"):
        list(read_blocks(recording, 0, block_samples=17))


def test_truncated_audio_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 40_000)
    soundfile.write(tmp_path / "A.flac", noise, RATE, subtype="PCM_16")
    pieces = [{"file": "A.flac", "start_s": 0.0, "samples": 40_000}]
    recording = open_recording(write_folder(tmp_path, make_station("A", audio=pieces)))
    whole = (tmp_path / "A.flac").read_bytes()
    (tmp_path / "A.flac").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"A\.flac"):
        list(read_blocks(recording, 0))


def test_sites_of_pulse_tables_need_no_audio(tmp_path: Path) -> None:
    bare = {
        k: v for k, v in make_station("A").items() if k not in {"audio", "sample_rate_hz", "full_scale_pa"}
    }
    write_folder(tmp_path, bare)
    assert read_site(tmp_path / "site.json").stations[0].audio == ()
