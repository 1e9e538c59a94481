"""Pulse detection: exact onsets, honest standard deviations, nothing from silence, the same whatever the blocks."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from detector.errors import BadInput
from detector.features import FEATURES
from detector.onset import find_pulses
from detector.onset_search import OnsetOptions
from detector.pulse import Pulses
from detector.pulse_stream import stream_pulses
from detector.recording import open_recording

FULL_SCALE_PA = 0.9


def make_noise(
    rng: np.random.Generator, duration_s: float, rate: int, rms: float = 0.002
) -> npt.NDArray[np.float32]:
    """Street-like noise: falling 6 dB an octave above some 100 Hz."""
    white = rng.standard_normal(round(duration_s * rate))
    decay = np.exp(-2.0 * np.pi * 100.0 / rate)
    kernel = decay ** np.arange(round(0.05 * rate))
    red = np.convolve(white, kernel)[: len(white)]
    return (red * (rms / red.std())).astype(np.float32)


def add_blast(samples: npt.NDArray[np.float32], time_s: float, peak: float, rate: int) -> None:
    """Add a Friedlander wave (0.5 ms positive phase) whose front lies at `time_s`, at a fractional sample.

    Each sample is the mean of the wave over its interval: what a recorder's anti-alias filter does, without ringing.
    """
    fine = 16
    first = int(np.floor(time_s * rate))
    t = (first + np.arange(round(0.01 * rate) * fine) / fine) / rate - time_s
    wave = np.where(t >= 0.0, (1.0 - t / 5e-4) * np.exp(-np.maximum(t, 0.0) / 5e-4), 0.0)
    samples[first : first + len(wave) // fine] += (peak * wave.reshape(-1, fine).mean(axis=1)).astype(
        np.float32
    )


def hear(samples: npt.NDArray[np.float32], rate: int, block: int = 2**16) -> list[object]:
    blocks = (samples[i : i + block] for i in range(0, len(samples), block))
    return list(stream_pulses(blocks, float(rate), OnsetOptions()))


def onsets_s(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float64]:
    return np.concatenate([p.onset for p in hear(samples, rate)]) / rate


@pytest.mark.parametrize("rate", [8_000, 12_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_clear_blast_is_timed_to_the_sample(rate: int) -> None:
    samples = make_noise(np.random.default_rng(rate), 3.0, rate)
    add_blast(samples, 1.40037, 0.5, rate)
    found = onsets_s(samples, rate)
    assert len(found) == 1
    assert found[0] == pytest.approx(1.40037, abs=1.5 / rate + 3e-5)


def test_noise_alone_makes_hardly_a_pulse() -> None:
    found = onsets_s(make_noise(np.random.default_rng(3), 60.0, 12_000), 12_000)
    assert len(found) <= 3


def test_automatic_fire_is_resolved() -> None:
    rate = 48_000
    samples = make_noise(np.random.default_rng(5), 3.0, rate)
    times = 1.0 + 0.05 * np.arange(10)  # 1,200 a minute
    for time_s in times:
        add_blast(samples, time_s, 0.3, rate)
    assert onsets_s(samples, rate) == pytest.approx(times, abs=2e-4)


def test_automatic_fire_is_resolved_between_its_echoes() -> None:
    rate = 48_000
    samples = make_noise(np.random.default_rng(16), 3.0, rate)
    times = 1.0 + 0.05 * np.arange(10)
    for time_s in times:
        add_blast(samples, time_s, 0.3, rate)
        add_blast(samples, time_s + 0.030, 0.12, rate)  # off a wall 5 m behind the shooter
    found = onsets_s(samples, rate)
    assert np.abs(found[:, None] - times).min(axis=0).max() < 5e-4


def test_the_first_arrival_is_picked_before_a_louder_one() -> None:
    rate = 48_000
    samples = make_noise(np.random.default_rng(6), 3.0, rate)
    add_blast(samples, 1.0, 0.05, rate)
    add_blast(samples, 1.004, 0.5, rate)
    assert onsets_s(samples, rate)[0] == pytest.approx(1.0, abs=2e-4)


def test_silence_is_neither_a_floor_nor_an_onset() -> None:
    rate = 12_000
    samples = make_noise(np.random.default_rng(7), 8.0, rate)
    samples[: 2 * rate] = 0.0
    samples[5 * rate : round(6.5 * rate)] = 0.0
    add_blast(samples, 3.0, 0.3, rate)
    assert onsets_s(samples, rate) == pytest.approx([3.0], abs=2e-4)
    assert not len(onsets_s(np.zeros(4 * rate, dtype=np.float32), rate))


def test_an_offset_of_the_converter_is_no_onset() -> None:
    rate = 12_000
    samples = make_noise(np.random.default_rng(8), 4.0, rate) + np.float32(0.2)
    assert not len(onsets_s(samples, rate))


@pytest.mark.parametrize("block", [1, 997, 65_536])
def test_blocks_do_not_matter(block: int) -> None:
    rate = 8_000
    rng = np.random.default_rng(9)
    samples = make_noise(rng, 11.0, rate)
    for time_s in rng.uniform(0.2, 10.8, 12):
        add_blast(samples, time_s, 10.0 ** rng.uniform(-1.5, -0.2), rate)
    whole, parts = hear(samples, rate, len(samples)), hear(samples, rate, block)
    for name in ("onset", "sigma_s", "level_dbfs", "snr_db", "clipped", "features"):
        one, other = (np.concatenate([getattr(p, name) for p in found]) for found in (whole, parts))
        assert len(one) >= 8
        assert np.array_equal(one, other)


def test_clipping_is_told_and_onset_survives() -> None:
    rate = 48_000
    samples = make_noise(np.random.default_rng(10), 3.0, rate)
    add_blast(samples, 1.2, 30.0, rate)
    add_blast(samples, 2.2, 0.5, rate)
    found = hear(np.clip(samples, -1.0, 1.0), rate)
    assert np.concatenate([p.clipped for p in found]).tolist() == [True, False]
    assert np.concatenate([p.onset for p in found])[0] / rate == pytest.approx(1.2, abs=1e-4)


def test_onset_errors_are_as_large_as_stated() -> None:
    rate, count = 48_000, 60
    rng = np.random.default_rng(11)
    for peak in (0.03, 0.06, 0.3):  # from barely heard to clear
        samples = make_noise(rng, 0.5 * count + 1.0, rate)
        times = 0.5 + 0.5 * np.arange(count) + rng.uniform(0.0, 0.1, count)
        for time_s in times:
            add_blast(samples, time_s, peak, rate)
        found = hear(samples, rate)
        onset = np.concatenate([p.onset for p in found]) / rate
        sigma = np.concatenate([p.sigma_s for p in found])
        nearest = np.abs(onset[:, None] - times[None, :]).argmin(axis=1)
        error = onset - times[nearest]
        near = np.abs(error) < 0.02
        assert near.sum() >= 0.8 * count
        standard = error[near] / sigma[near]
        spread = 1.4826 * np.median(np.abs(standard))
        assert spread < 1.25, peak


def write_recording(
    folder: Path, pieces: dict[str, list[tuple[float, npt.NDArray[np.float32]]]], rate: int
) -> Path:
    stations = []
    for name, parts in pieces.items():
        audio = []
        for k, (start_s, samples) in enumerate(parts):
            soundfile.write(folder / f"{name}{k}.flac", samples, rate, subtype="PCM_24")
            audio.append({"file": f"{name}{k}.flac", "start_s": start_s, "samples": len(samples)})
        stations.append(
            {
                "id": name,
                "position_m": [0.0, 0.0, 5.0],
                "position_sigma_m": 1.0,
                "microphones_m": [[0.0, 0.0, 0.0]],
                "sample_rate_hz": rate,
                "full_scale_pa": FULL_SCALE_PA,
                "clock_sigma_s": 1e-3,
                "audio": audio,
            }
        )
    site = {
        "format": "echoblock-recording/1",
        "epoch_utc": None,
        "origin": None,
        "air": {"temperature_c": 15, "humidity": 50, "wind_mps": [0, 0]},
        "stations": stations,
    }
    (folder / "site.json").write_text(json.dumps(site))
    return folder


def assert_same(one: Pulses, other: Pulses) -> None:
    for name, column in vars(one).items():
        assert np.array_equal(column, getattr(other, name), equal_nan=True), name


def test_a_recording_is_heard_on_each_stations_clock(tmp_path: Path) -> None:
    rate = 12_000
    rng = np.random.default_rng(12)
    a, b = make_noise(rng, 4.0, rate), make_noise(rng, 4.0, rate)
    add_blast(a, 1.0, 0.5, rate)
    add_blast(b, 2.0, 0.25, rate)
    # A's file begins at 100 s; B's second half comes in a piece of its own without a gap, after a dead station.
    half = 2 * rate - 600
    folder = write_recording(
        tmp_path, {"A": [(100.0, a)], "D": [], "B": [(50.0, b[:half]), (50.0 + half / rate, b[half:])]}, rate
    )
    pulses = find_pulses(open_recording(folder))
    assert pulses.station.tolist() == [2, 0]
    assert pulses.time_s == pytest.approx([52.0, 101.0], abs=2e-4)
    # 0.5 of full scale is 0.45 Pa, 87 dB; the band-limited front is a little lower
    assert pulses.level_db == pytest.approx([81.0, 87.0], abs=2.0)
    assert pulses.features.shape == (2, len(FEATURES))
    assert np.isfinite(pulses.features).all()
    assert_same(pulses, find_pulses(open_recording(folder), workers=2, block_samples=1000))


def test_bad_audio_of_several_stations_is_told_at_once(tmp_path: Path) -> None:
    rate = 8_000
    noise = make_noise(np.random.default_rng(13), 1.0, rate)
    folder = write_recording(tmp_path, {"A": [(0.0, noise)], "B": [(0.0, noise)]}, rate)
    recording = open_recording(folder)
    for name in ("A0.flac", "B0.flac"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput) as error:
        find_pulses(recording)
    assert len(str(error.value).splitlines()) == 2


def test_noise_that_rises_and_stays_is_not_all_onsets() -> None:
    rate = 12_000
    samples = make_noise(np.random.default_rng(14), 10.0, rate)
    samples[5 * rate :] *= 30.0
    assert len(onsets_s(samples, rate)) <= 3


@pytest.mark.parametrize("samples", [1, 3, 100, 799])
def test_scraps_of_audio_hold_no_pulse(samples: int) -> None:
    scrap = make_noise(np.random.default_rng(15), 1.0, 8_000)[:samples]
    assert not len(onsets_s(scrap, 8_000))
