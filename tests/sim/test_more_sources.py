"""What single sources promise beyond the laws that all obey."""

import numpy as np
import pytest
import soundfile

from scenes.air import Air
from scenes.errors import BadInput
from scenes.event import Event
from scenes.weapons import WEAPONS
from sim.pulse_table import design_filters, pulse_tables
from sim.sources import SOURCES
from sim.sources.blast_wave import ageing, blast_wave
from sim.sources.emission import EMISSION_RATE_HZ, Emission, omnidirectional
from sim.sources.moving import travel

REFERENCE_PA = 20e-6


def emit(kind, seed=0, **traits):
    event = Event("e1", "i1", kind, 0.0, (0.0, 0.0, 1.5), {"azimuth_deg": 0.0, **traits})
    return [p for p in SOURCES[kind](event, np.random.default_rng(seed)) if isinstance(p, Emission)]


def level_db(emission, degrees):
    angle = np.radians(degrees)
    gain = emission.directivity(np.array([[np.cos(angle), np.sin(angle), 0.0]]))[0]
    return 20.0 * np.log10(gain * np.abs(emission.waveform).max() / REFERENCE_PA)


def test_every_weapon_says_where_its_numbers_come_from_and_has_numbers_that_can_be():
    for kind, weapon in WEAPONS.items():
        low, high = weapon.level_db
        assert weapon.source, kind
        assert 100.0 < low < high < 175.0
        assert 0.0 <= weapon.directivity < 1.0
        assert 0.2e-3 <= weapon.positive_s <= 1.2e-3
        assert 0.17 <= weapon.calibre_in < 1.0
        assert weapon.pace_s >= 0.2
        if weapon.projectile is not None:
            assert weapon.projectile.length_m > weapon.projectile.diameter_m
    assert sum(weapon.share for weapon in WEAPONS.values()) == pytest.approx(1.0)


def test_a_suppressor_takes_17_to_24_db_off_the_blast_and_leaves_the_bullet():
    loud, quiet = WEAPONS["rifle-223"], WEAPONS["rifle-223-suppressed"]
    assert loud.level_db[0] - quiet.level_db[0] == pytest.approx(24.0)
    assert loud.level_db[1] - quiet.level_db[1] == pytest.approx(17.0)
    assert loud.projectile == quiet.projectile


def test_a_blast_loses_db_and_grows_longer_on_its_way_and_keeps_its_impulse():
    peak_pa, positive_s = 2_000.0, 0.35e-3
    rate = 96_000
    filters = design_filters(Air(humidity=80.0), rate)
    factor = ageing(peak_pa, positive_s)
    wave = blast_wave(peak_pa, positive_s)
    ((_, young),) = pulse_tables(wave, np.array([100.0]), filters)
    ((_, old),) = pulse_tables(wave, np.array([100.0]), filters, factor)
    node_m = old.node[0] * old.node_m
    stretch = np.sqrt(1.0 + factor * np.log(node_m))
    assert 20.0 * np.log10(stretch) == pytest.approx(2.0, abs=0.5)
    # Low notes, which carry the impulse, lose nothing: the aged spectrum is the old one, squeezed in frequency.
    long = [np.abs(np.fft.rfft(table.rows[0, 0], 2**15)) for table in (young, old)]
    hertz = rate / 2**15
    probe = np.array([200.0, 500.0, 1000.0])
    squeezed = np.interp(stretch * probe, np.arange(len(long[0])) * hertz, long[0])
    assert np.interp(probe, np.arange(len(long[1])) * hertz, long[1]) == pytest.approx(squeezed, rel=0.03)
    assert young.rows.max() / old.rows.max() > 1.1


def test_weak_sounds_do_not_age():
    assert ageing(2.0, 0.35e-3) < 1e-3
    assert emit("door")[0].ageing == 0.0
    assert emit("pistol-9mm")[0].ageing > 0.1


@pytest.mark.parametrize(("place", "front_db", "contrast_db"), [("doorway", 1.0, 12.0), ("car", 5.0, 9.0)])
def test_shots_from_cover_are_weaker_and_much_weaker_behind(place, front_db, contrast_db):
    (free,), (covered,) = emit("pistol-45"), emit("pistol-45", **{"from": place})
    assert level_db(free, 0.0) - level_db(covered, 0.0) == pytest.approx(front_db)
    assert level_db(free, 180.0) - level_db(covered, 180.0) == pytest.approx(front_db + contrast_db)


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ({"from": "cellar"}, "trait from must be one of open, doorway, car, indoors, not 'cellar'"),
        ({"level_db": 400.0}, "trait level_db must be 80 to 200, not 400"),
        ({"speed_mps": -3.0}, "trait speed_mps must be 30 to 3000, not -3"),
    ],
)
def test_impossible_shots_are_refused_in_one_line(traits, said):
    with pytest.raises(BadInput, match=said):
        emit("pistol-9mm", **traits)


def test_what_is_cut_for_travel_adds_up_to_the_whole():
    rng = np.random.default_rng(1)
    wave = rng.standard_normal(50_000) * np.hanning(50_000)
    pieces = travel(wave, np.zeros(3), np.array([20.0, 0.0, 0.0]), 0.03, omnidirectional)
    total = np.zeros(len(wave))
    for piece in pieces:
        first = round(piece.delay_s * EMISSION_RATE_HZ)
        total[first : first + len(piece.waveform)] += piece.waveform
    assert total == pytest.approx(wave, abs=1e-9)
    places = sorted((piece.delay_s, piece.position_m[0]) for piece in pieces)
    assert places[-1][1] == pytest.approx(20.0 * 50_000 / EMISSION_RATE_HZ, abs=1.2)
    assert len(travel(wave, np.zeros(3), np.zeros(3), 0.03, omnidirectional)) == 1


def test_an_approaching_engine_is_heard_higher():
    """Its strokes reach a listener ahead closer together, one behind further apart, by 1 / (1 -+ v / c)."""
    parts = emit("backfire", rpm=3000.0, cylinders=4.0, engine_s=1.0, speed_mps=20.0)[1:]
    sound = 340.0
    periods = []
    for x in (-500.0, 500.0):  # the pipe points east, the car drives west
        total = np.zeros(4 * EMISSION_RATE_HZ)
        for part in parts:
            first = round((part.delay_s + abs(x - part.position_m[0]) / sound) * EMISSION_RATE_HZ)
            total[first : first + len(part.waveform)] += part.waveform
        spectrum = np.abs(np.fft.rfft(total, 2**21))
        correlation = np.fft.irfft(spectrum**2)
        window = slice(round(0.008 * EMISSION_RATE_HZ), round(0.012 * EMISSION_RATE_HZ))
        periods.append((window.start + np.argmax(correlation[window])) / EMISSION_RATE_HZ)
    assert periods[0] == pytest.approx(0.01 * (1.0 - 20.0 / sound), rel=0.02)
    assert periods[1] == pytest.approx(0.01 * (1.0 + 20.0 / sound), rel=0.02)


def test_a_nail_is_two_impulses_within_a_tenth_of_a_second():
    for seed in range(10):
        (nail,) = emit("nailgun", seed)
        loud = np.flatnonzero(np.abs(nail.waveform) > 0.25 * np.abs(nail.waveform).max()) / EMISSION_RATE_HZ
        assert 0.015 < loud[-1] - loud[0] < 0.11


def test_thunder_comes_from_everywhere_and_lasts():
    parts = emit("thunder")
    places = np.array([part.position_m for part in parts])
    assert np.ptp(places[:, :2], axis=0).max() > 100.0
    assert places[1:, 2].min() >= 150.0


def test_a_rocket_climbs_while_it_whistles():
    parts = sorted(emit("rocket-whistle", length_s=1.0, climb_mps=30.0), key=lambda part: part.delay_s)
    assert parts[-1].position_m[2] - parts[0].position_m[2] == pytest.approx(30.0, abs=8.0)


def dry(path, samples, rate=48_000, subtype="FLOAT"):
    soundfile.write(path, samples, rate, subtype=subtype)
    return {"file": str(path), "level_db": 130.0}


def test_an_own_recording_has_its_stated_level(tmp_path):
    tone = np.sin(2.0 * np.pi * 500.0 * np.arange(9_600) / 48_000)
    (emission,) = emit("file", **dry(tmp_path / "a.wav", 0.1 * tone))
    assert level_db(emission, 0.0) == pytest.approx(130.0, abs=0.01)
    assert len(emission.waveform) == 4 * 9_600


CLEAN = np.sin(2.0 * np.pi * 500.0 * np.arange(9_600) / 48_000)


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (np.where(np.arange(9_600) == 77, np.nan, CLEAN), 48_000, "sample 77 is not a finite number"),
        (0.0 * CLEAN, 48_000, "is silent"),
        (np.clip(2.0 * CLEAN, -1.0, 1.0), 48_000, "is clipped"),
        (CLEAN, 6_000, "sampled at 6000 Hz; sources need 8000 Hz or more"),
        (np.column_stack([CLEAN, CLEAN]), 48_000, "has 2 channels"),
        (np.tile(CLEAN, 200), 48_000, "at most 30 s"),
    ],
)
def test_recordings_that_are_no_dry_sources_are_refused_in_one_line(tmp_path, samples, rate, said):
    with pytest.raises(BadInput, match=said) as refused:
        emit("file", **dry(tmp_path / "a.wav", samples, rate))
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ({}, "needs a trait file"),
        ({"file": "absent.wav"}, "needs a trait level_db"),
        ({"file": "absent.wav", "level_db": 130.0}, "cannot be read"),
        ({"file": "/dev/zero", "level_db": 130.0}, "must be a file"),
        ({"file": __file__, "level_db": 130.0}, "is no WAV or FLAC"),
    ],
)
def test_files_that_are_not_there_or_not_sound(traits, said):
    with pytest.raises(BadInput, match=said):
        emit("file", **traits)


def test_a_jackhammer_beats_12_to_25_times_a_second_not_quite_evenly():
    for seed in range(4):
        (run,) = emit("jackhammer", seed, length_s=2.0)
        ms = EMISSION_RATE_HZ // 1000
        power = np.square(run.waveform[: len(run.waveform) // ms * ms]).reshape(-1, ms).sum(axis=1)
        swing = power - power.mean()
        alike = np.correlate(swing, swing, "full")[len(swing) - 1 :]
        beat_ms = 36 + int(np.argmax(alike[36:90]))
        assert 1000.0 / 25.5 <= beat_ms <= 1000.0 / 11.5
        assert 0.15 < alike[beat_ms] / alike[0] < 0.98
