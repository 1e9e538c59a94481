"""What found incidents leave over, for the estimate of the noise."""

import numpy as np
import numpy.typing as npt

from detector.climb import FREE
from detector.ears import Ears, Noise, fill_delays
from detector.noise import Residuals
from detector.rounds import straight_share
from detector.search import Hypothesis


def gather(found: list[Hypothesis], ears: Ears, noise: Noise) -> tuple[Residuals, npt.NDArray[np.float64]]:
    """Gather the residuals of hypotheses, and the probability (n,) that each pulse is a direct sound."""
    count = len(ears.xyz)
    delay, chance, slope = np.empty(count), np.empty(count), np.empty((count, FREE))
    residual, sigma, straight, distance, hit, works = [], [], [], [], [], []
    direct = np.zeros(len(ears.time))
    freedom = 0.0
    for h in found:
        fill_delays(h.place, ears, noise, delay, chance, slope)
        away = np.linalg.norm(ears.xyz - h.place[:3], axis=1)
        freedom += 2.0 + len(h.times)
        for time, row in zip(h.times, h.direct, strict=True):
            distance.append(away)
            hit.append(row >= 0)
            works.append(ears.works)
            for i in np.flatnonzero(row >= 0):
                j = int(row[i])
                r = float(ears.time[j] - time - delay[i])
                residual.append(r)
                sigma.append(ears.sigma[j])
                straight.append(straight_share(r, j, ears, noise, 0.0))
                direct[j] = 0.95
    seen = Residuals(
        np.array(residual),
        np.array(sigma),
        np.array(straight),
        freedom,
        np.concatenate(distance),
        np.concatenate(hit).astype(float),
        np.concatenate(works),
    )
    return seen, direct
