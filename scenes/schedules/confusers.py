"""Acts that are neither shots nor fireworks nor backfires, by name; numbers are assumptions (A) unless they say."""

from collections.abc import Callable, Mapping

import numpy as np

from scenes.schedules.incidents import Act, Bang

ConfuserAct = Callable[[np.random.Generator], Act]


def _repeated(
    kind: str, count: tuple[int, int], gap_s: tuple[float, float], height_m: tuple[float, float], cv: float
) -> ConfuserAct:
    """Return an act of `count` bangs whose gaps vary by `cv` about one drawn from `gap_s`."""

    def act(rng: np.random.Generator) -> Act:
        number = int(rng.integers(count[0], count[1] + 1))
        gap = rng.uniform(*gap_s)
        gaps = gap * rng.gamma(cv**-2, cv**2, number - 1)
        height = round(float(rng.uniform(*height_m)), 2)
        times = np.concatenate([[0.0], np.cumsum(gaps)])
        return tuple(Bang(kind, float(time), (0.0, 0.0, height)) for time in times)

    return act


def _single(kind: str, height_m: tuple[float, float]) -> ConfuserAct:
    def act(rng: np.random.Generator) -> Act:
        turn = round(float(rng.uniform(0.0, 360.0)), 1)
        height = round(float(rng.uniform(*height_m)), 2)
        return (Bang(kind, 0.0, (0.0, 0.0, height), {"azimuth_deg": turn}),)

    return act


CONFUSERS: Mapping[str, ConfuserAct] = {
    "nailgun": _repeated("nailgun", (3, 10), (0.5, 2.0), (1.0, 3.0), 0.4),
    "door": _repeated("door", (1, 2), (0.5, 3.0), (1.0, 1.5), 0.5),
    "dumpster": _repeated("dumpster", (1, 3), (0.5, 2.5), (1.0, 2.0), 0.5),
    "piledriver": _repeated("piledriver", (6, 15), (0.9, 1.6), (2.0, 8.0), 0.02),
    "jackhammer": _repeated("jackhammer", (1, 3), (2.5, 4.0), (0.3, 0.5), 0.3),
    "thunder": _single("thunder", (300.0, 1500.0)),
    "helicopter": _single("helicopter", (150.0, 300.0)),
    "siren": _single("siren", (1.5, 2.5)),
    "dog": _repeated("dog", (2, 8), (0.3, 1.0), (0.4, 0.8), 0.4),
    "balloon": _single("balloon", (1.0, 2.0)),
    "bag": _single("bag", (1.0, 2.0)),
}
