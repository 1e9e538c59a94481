"""What found incidents leave over, for the estimate of the noise."""

import numpy as np
import numpy.typing as npt

from detector.climb import FREE
from detector.ears import Ears, Noise, fill_delays
from detector.noise import Residuals
from detector.search import Hypothesis


def gather(found: list[Hypothesis], ears: Ears, noise: Noise) -> tuple[Residuals, npt.NDArray[np.float64]]:
    """Gather the residuals of hypotheses, and the probability (n,) that each pulse is a direct sound.

    Rounds that were found because they repeat others say nothing new of paths, nor of who hears a shot in silence.
    """
    count = len(ears.xyz)
    delay, chance, slope = np.empty(count), np.empty(count), np.empty((count, FREE))
    residual, sigma, path, distance, hit, works = [], [], [], [], [], []
    direct = np.zeros(len(ears.time))
    rounds = 0
    for number, h in enumerate(found):
        fill_delays(h.place, ears, noise, delay, chance, slope)
        away = np.linalg.norm(ears.xyz - h.place[:3], axis=1)
        direct[h.direct[h.direct >= 0]] = 0.95
        first = np.ones(len(h.times), bool) if h.again is None else ~h.again
        rounds += int(first.sum())
        for time, row in zip(h.times[first], h.direct[first], strict=True):
            distance.append(away)
            hit.append(row >= 0)
            works.append(ears.works)
            for i in np.flatnonzero(row >= 0):
                j = int(row[i])
                r = float(ears.time[j] - time - delay[i])
                residual.append(r)
                sigma.append(ears.sigma[j])
                path.append(number * count + int(i))
    seen = Residuals(
        np.array(residual),
        np.array(sigma),
        np.array(path, np.int64),
        3.0 * len(found),
        2.0 * len(found) + rounds,
        np.concatenate(distance),
        np.concatenate(hit).astype(float),
        np.concatenate(works),
    )
    return seen, direct
