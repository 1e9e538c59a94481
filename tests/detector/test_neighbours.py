"""Around a found place: what explains more takes over, what explains less stays as a rival with its pulses."""

import numpy as np

from detector.ears import lay_out
from detector.neighbours import look_around
from detector.noise import NoiseOptions, prior_noise
from detector.rivals import Found
from detector.search import SearchOptions, climb_all
from tests.bench.windows import make_pulses, make_site

SHOT, ECHO = np.array([80.0, 90.0]), np.array([95.0, 103.0])


def test_what_explains_more_takes_over_and_the_echo_stays_as_its_rival():
    """Twelve stations hear a shot; at nine of them an echo fits a place 20 m away, 60 ms later."""
    rng = np.random.default_rng(5)
    grid = np.array([[x, y] for x in (0.0, 70.0, 140.0, 200.0) for y in (0.0, 100.0, 200.0)])
    site = make_site(np.column_stack([grid + rng.uniform(-10.0, 10.0, grid.shape), np.full(12, 6.0)]))
    speed = site.air.sound_speed_mps
    away = [np.linalg.norm(site.positions_m - np.array([*p, 1.5]), axis=1) / speed for p in (SHOT, ECHO)]
    station = np.concatenate([np.arange(12), np.arange(9)])
    pulses, _ = make_pulses(station, np.concatenate([1.0 + away[0], 1.06 + away[1][:9]]), 1e-3)
    ears = lay_out(site, pulses, speed, np.ones(len(pulses), bool))
    noise, options = prior_noise(site.air, NoiseOptions()), SearchOptions()
    middle = site.positions_m.mean(axis=0)[:2]
    echo = climb_all([ECHO - middle], ears, noise, options)[0]
    assert np.hypot(*(echo.place[:2] + middle - ECHO)) < 2.0
    (found,) = look_around([Found(echo, ())], ears, noise, options, lambda h, _: len(h.times) > 0)
    assert np.hypot(*(found.best.place[:2] + middle - SHOT)) < 2.0
    near = [h for h in found.others if np.hypot(*(h.place[:2] + middle - ECHO)) < 2.0]
    assert near
    assert near[0].log_evidence < found.best.log_evidence
