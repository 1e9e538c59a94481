"""The clocks of sensors.

A recording has one stamp, that of its first sample; from there its samples are counted by the sensor's own
oscillator. Offset and skew follow from that. Jitter is what remains of the time base from one bang to the next: an
independent error of every bang at every sensor, the same for all echoes of that bang, because it wanders slowly
against an echo and fast against the time between bangs. That is how the stamps of single GPS-timed pulses behave.
"""

from dataclasses import dataclass

import numpy as np

from scenes.sensor import Clock

PPM = 1e-6
_SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True)
class ClockModel:
    """A kind of clock; each sensor draws its own.

    Attributes
    ----------
    sigma_s : float
        What its maker states: standard deviation of a time stamp, s; the operator's only knowledge.
    offset_sigma_s : float
        Standard deviation of the constant offset from clock to clock, s.
    skew_sigma_ppm : float
        Standard deviation of the rate error from clock to clock, parts per million.
    unset_h : float
        Longest time since the clock was set, hours; each has run off since then, by its skew.
    jitter_s : float
        Standard deviation of the white error from bang to bang, s.
    step_sigma_s : float
        Standard deviation of one jump of each clock, s ...
    step_within_s : float
        ... at a time between 0 and this, s, on true time.
    """

    sigma_s: float = 0.1e-3
    offset_sigma_s: float = 0.0
    skew_sigma_ppm: float = 0.0
    unset_h: float = 0.0
    jitter_s: float = 0.1e-3
    step_sigma_s: float = 0.0
    step_within_s: float = 60.0

    def draw(self, rng: np.random.Generator) -> Clock:
        """Draw one clock of this kind."""
        skew = PPM * self.skew_sigma_ppm * rng.standard_normal()
        run_off_s = skew * rng.uniform(0.0, 1.0) * self.unset_h * _SECONDS_AN_HOUR
        offset_s = self.offset_sigma_s * rng.standard_normal() + run_off_s
        step_s = self.step_sigma_s * rng.standard_normal()
        step_at_s = self.step_within_s * rng.uniform()
        return Clock(offset_s, skew, self.jitter_s, step_s, step_at_s if step_s != 0.0 else 0.0)


CLOCKS: dict[str, ClockModel] = {
    # Pulse stamps of GPS-disciplined sensors: 0.1 ms (Calhoun et al. 2021).
    "gps": ClockModel(),
    # NTP over a public network: 1 to 10 ms, mostly a bias of the unequal ways (Mills 2010; sizes are assumptions).
    "ntp": ClockModel(sigma_s=5e-3, offset_sigma_s=4e-3, skew_sigma_ppm=0.1, jitter_s=1e-3),
    # A quartz, 0.5 to 20 ppm, set at most an hour ago: runs 2 to 72 ms off in an hour.
    "free": ClockModel(sigma_s=20e-3, offset_sigma_s=1e-3, skew_sigma_ppm=8.0, unset_h=1.0, jitter_s=0.1e-3),
    # A GPS clock that lost its satellites up to four hours ago and runs on its temperature-compensated quartz (A:
    # 0.5 ppm after ageing and temperature), while its maker's figure stays in the books.
    "holdover": ClockModel(skew_sigma_ppm=0.5, unset_h=4.0),
    # A receiver that jumps once within the first minute: a wrong leap second is far more, a bad fix is tens of ms (A).
    "step": ClockModel(step_sigma_s=30e-3),
    "perfect": ClockModel(sigma_s=1e-6, jitter_s=0.0),
}


def draw_clock(preset: str, rng: np.random.Generator) -> Clock:
    """Draw a clock of a kind in `CLOCKS`."""
    return CLOCKS[preset].draw(rng)


def sensor_time(clock: Clock, true_s: float) -> float:
    """Return what a clock shows at a true time, s, without jitter."""
    step_s = clock.step_s if true_s >= clock.step_at_s else 0.0
    return true_s + clock.offset_s + clock.skew * true_s + step_s


def true_time(clock: Clock, shown_s: float) -> float:
    """Return the true time, s, at which a clock shows a time, without jitter; the first, where it was set back."""
    before = (shown_s - clock.offset_s) / (1.0 + clock.skew)
    if clock.step_s == 0.0 or before < clock.step_at_s:
        return before
    # Within a jump ahead, the time of the jump is the nearest.
    return max(before - clock.step_s / (1.0 + clock.skew), clock.step_at_s)


def settings_of(clock: Clock, rate_hz: int, samples: int) -> tuple[tuple[int, float], ...]:
    """Return the samples before which a clock was set, and what it shows there, s, in a recording from true time 0."""
    first = int(np.ceil(clock.step_at_s * rate_hz * (1.0 + clock.skew)))
    if clock.step_s == 0.0 or not 0 < first < samples:
        return ()
    # Seconds count as the oscillator counts them.
    return ((first, clock.offset_s + clock.step_s + first / rate_hz),)
