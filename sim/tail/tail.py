"""The scattered field made audible: many faint grains of sound, drawn anew for every event and place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

# A link stands for all ways of about its length: it is drawn as so many grains at most, each of which arrives earlier
# or later than the link itself by up to this share of the link's lag behind the first, and a little later. Of shares
# from 0 to 0.9 those from 0.3 to 0.5 come nearest to the course of energy that many more walks and links give.
_GRAINS_PER_LINK = 32
GRAINS_MAX = 1024
_SPREAD = 0.4
_STRETCH_S = 4e-3
# Chances to be drawn go by this power of a link's energy.
_CHANCE_POWER = 0.75
# This many grains, next to each other in length, share one sound: what scatters is a blur, no voice in it is heard out.
BUNDLE = 64
# A grain is what some metres of facade send back: so many copies of the sound, within a time that grows with how late
# the grain is, as sound then has met more facades and ways of one length have become many (A).
COPIES = 16
_GRAIN_S, _GRAIN_SHARE = 4e-3, 0.05
_EVERY_MAX = 8


@dataclass(frozen=True, eq=False)
class Tail:
    """Grains in k bundles of `BUNDLE`; those of a bundle have the same sound.

    Attributes
    ----------
    time_s : ndarray, shape (k, BUNDLE)
        True time at which each grain arrives, s.
    amplitude : ndarray, shape (k, BUNDLE)
        Of either sign, of unit square sum over a bundle.
    gain : ndarray, shape (k, 8)
        Pressure gain per octave band re 1 m of the bundle, air absorption left out.
    length_m : ndarray, shape (k,)
        Length of air, m.
    direction : ndarray, shape (k, BUNDLE, 3)
        In which each grain travels when it arrives, unit vectors.
    copy_s, copy_amplitude : ndarray, shape (k, COPIES)
        How much later than the grain each of the copies comes that it is made of, s; its gain, Gaussian, of unit mean
        square over the copies of a grain together.
    """

    time_s: Floats
    amplitude: Floats
    gain: Floats
    length_m: Floats
    direction: Floats
    copy_s: Floats
    copy_amplitude: Floats

    def share(self, part: int, parts: int) -> "Tail":
        """Return the bundles that one of several parts of an emission takes, as loud as all.

        A long emission is rendered in parts. With all bundles for each the tail would cost as many times more; what
        the parts have in expectation stays the same.
        """
        every = min(parts, _EVERY_MAX)
        chosen = slice(part % every, None, every)
        return Tail(
            self.time_s[chosen],
            self.amplitude[chosen],
            self.gain[chosen] * np.sqrt(every),
            self.length_m[chosen],
            self.direction[chosen],
            self.copy_s[chosen],
            self.copy_amplitude[chosen],
        )


def draw_tail(links: Records, start_s: float, sound_mps: float, rng: np.random.Generator) -> Tail:
    """Draw the grains of one emission at one place.

    Parameters
    ----------
    links : ndarray of LINK, shape (k,)
        From `sim.tail.field.links_from`.
    start_s : float
        True time of the emission's start, s.
    sound_mps : float
        Speed of sound, m/s.
    rng : Generator
        Of this event and this place.

    Returns
    -------
    Tail
        Its expected energy is that of the links; nothing comes before the shortest.

    Notes
    -----
    A weak link has more grains than its energy would give it, and each grain what its chance leaves it of that energy
    (importance sampling, drawn systematically; Kitagawa 1996, J. Comput. Graph. Stat. 5, 1): by energy alone the few
    strong links that come early would take most, and the late street would ring in single clicks. What facades scatter
    is many faint sounds: a link as one pulse would stand out of the tail like a mirror's echo, only because few links
    were drawn.
    """
    links = links.take(np.argsort(links["length"], kind="stable"))
    weight = links["power"].sum(axis=1) ** _CHANCE_POWER
    chance = weight / max(weight.sum(), 1e-300)
    grains = min(GRAINS_MAX, _GRAINS_PER_LINK * len(links)) // BUNDLE * BUNDLE
    shape = (grains // BUNDLE, BUNDLE)
    lots = (np.arange(grains) + rng.uniform()) / max(grains, 1)
    last = max(len(links) - 1, 0)
    link = np.minimum(np.searchsorted(np.cumsum(chance), lots, side="right"), last).reshape(shape)
    each = links["power"] / np.maximum(grains * chance, 1e-300)[:, None]
    energy = each.sum(axis=1)[link]
    lag_s = (links["length"] - links["length"].min(initial=np.inf)) / sound_mps
    spread_s = _SPREAD * lag_s[link] * rng.uniform(-1.0, 1.0, shape) + _STRETCH_S * rng.uniform(size=shape)
    blur_s = _GRAIN_S + _GRAIN_SHARE * lag_s[link].mean(axis=1, keepdims=True)
    copies = (shape[0], COPIES)
    return Tail(
        start_s + links["length"][link] / sound_mps + spread_s,
        (2.0 * rng.integers(2, size=shape) - 1.0) * np.sqrt(energy / energy.sum(axis=1, keepdims=True)),
        # Grain after grain of all bundles at once: several times faster than along an axis in the middle.
        np.sqrt(each.take(link.T, axis=0).reshape(BUNDLE, -1).sum(axis=0).reshape(shape[0], each.shape[1])),
        links["length"][link].mean(axis=1),
        links["arrival"].take(link, axis=0),
        blur_s * rng.uniform(size=copies),
        rng.standard_normal(copies) / np.sqrt(COPIES),
    )
