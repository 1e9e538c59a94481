"""A bullet's shock is told from a blast by its swings, and is nobody's muzzle."""

from dataclasses import replace

import numpy as np
import pytest

from detector.associate import AssociationOptions, associate
from detector.n_wave import measure_shape, name_shocks, shock_nats
from tests.bench.windows import make_pulses, make_site

RATE = 48_000
ONSET = 480


def recorded(wave, clip=np.inf):
    """Sound in faint noise as shares of full scale, from 10 ms before the onset."""
    rng = np.random.default_rng(4)
    samples = 1e-3 * rng.standard_normal(2 * ONSET)
    samples[ONSET : ONSET + len(wave)] += wave[: len(samples) - ONSET]
    return np.clip(samples, -clip, clip).astype(np.float32)


def n_wave(duration_s):
    time = np.arange(round(duration_s * RATE) + 1) / RATE
    return 0.8 * (1.0 - 2.0 * time / duration_s)


def blast(positive_s):
    time = np.arange(round(0.02 * RATE)) / RATE / positive_s
    return 0.8 * (1.0 - time) * np.exp(-time)


@pytest.mark.parametrize("clip", [np.inf, 0.2])
@pytest.mark.parametrize("duration_s", [0.2e-3, 0.3e-3, 0.45e-3])
def test_an_n_wave_is_likelier_a_shock_clipped_or_not(duration_s, clip):
    assert shock_nats(measure_shape(recorded(n_wave(duration_s), clip), ONSET, RATE)) > 1.0


@pytest.mark.parametrize("clip", [np.inf, 0.2])
@pytest.mark.parametrize("positive_s", [0.35e-3, 0.6e-3, 0.9e-3])
def test_a_blast_is_likelier_none(positive_s, clip):
    assert shock_nats(measure_shape(recorded(blast(positive_s), clip), ONSET, RATE)) < -1.0


def test_what_is_slow_or_faint_has_no_shape():
    assert measure_shape(recorded(n_wave(0.3e-3)), ONSET, 12_000) is None
    assert measure_shape(recorded(0.01 * n_wave(0.3e-3)), ONSET, RATE) is None
    assert shock_nats(None) == 0.0


def test_a_shock_has_its_blast_behind_it():
    """The same shape is a shock with a blast 0.2 s behind it, and hardly one alone or among crackers."""
    nats = np.array([3.0, -3.0, 3.0, 3.0, 0.0])
    followed, blast_like, cracker, last, unknown = name_shocks(np.array([1.0, 1.2, 5.0, 5.2, 9.0]), nats)
    assert followed > 0.8
    assert blast_like < 0.1
    assert cracker == last < 0.5
    assert unknown == 0.0


def test_named_shocks_are_nobodys_direct_sound():
    """Stations ahead of the muzzle hear the shock as a plane wave, first; named, none of them is used."""
    rng = np.random.default_rng(8)
    where = np.column_stack([np.linspace(-200.0, 600.0, 9), 150.0 * (-1.0) ** np.arange(9), np.full(9, 6.0)])
    site, place = make_site(where), np.array([0.0, 0.0, 1.5])
    speed = site.air.sound_speed_mps
    blast_s = 2.0 + np.linalg.norm(where - place, axis=1) / speed
    mach = 2.5
    ahead = where[:, 0] > 150.0 / np.sqrt(mach**2 - 1.0)
    shock_s = 2.0 + (where[:, 0] + 150.0 * np.sqrt(mach**2 - 1.0)) / (mach * speed)
    station = np.concatenate([np.arange(9), np.flatnonzero(ahead)])
    time_s = np.concatenate([blast_s, shock_s[ahead]]) + rng.normal(0.0, 2e-4, len(station))
    pulses, order = make_pulses(station, time_s, 2e-4)
    shock = (order >= 9).astype(float)
    (named,) = associate(site, replace(pulses, p_shock=0.98 * shock), AssociationOptions())
    assert not shock[named.pulse].any()
    assert np.hypot(*(named.position_m - place[:2])) < 5.0
