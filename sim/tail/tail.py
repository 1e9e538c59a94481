"""The scattered field made audible: many faint pulses, drawn anew for every event and place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

# A link stands for all ways of about its length: it is drawn as so many pulses, later than the link itself by up to a
# stretch that grows with how late it is, as links become rare, and more where few links carry the energy.
_PULSES_PER_LINK = 32
PULSES_MAX = 1024
# This many pulses, next to each other in length, share one sound: what scatters is a blur, no voice in it is heard out.
BUNDLE = 64
_STRETCH_S = 4e-3
_STRETCH_SHARE, _STRETCH_MAX = 0.15, 0.6
_STRETCH_LINKS = 1.5
_EVERY_MAX = 8


@dataclass(frozen=True, eq=False)
class Tail:
    """Pulses in k bundles of `BUNDLE`; those of a bundle have the same sound.

    Attributes
    ----------
    time_s : ndarray, shape (k, BUNDLE)
        True time at which each pulse arrives, s.
    amplitude : ndarray, shape (k, BUNDLE)
        Gaussian, of unit mean square over a bundle's pulses together.
    gain : ndarray, shape (k, 8)
        Pressure gain per octave band re 1 m of the bundle, air absorption left out.
    length_m : ndarray, shape (k,)
        Length of air, m.
    direction : ndarray, shape (k, BUNDLE, 3)
        In which each pulse travels when it arrives, unit vectors.
    """

    time_s: Floats
    amplitude: Floats
    gain: Floats
    length_m: Floats
    direction: Floats

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
        )


def draw_tail(links: Records, start_s: float, sound_mps: float, rng: np.random.Generator) -> Tail:
    """Draw the pulses of one emission at one place.

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
    All pulses have the same energy, and a link has pulses as it has energy (drawn systematically; Kitagawa 1996,
    J. Comput. Graph. Stat. 5, 1). What facades scatter is many faint sounds: a strong link as one pulse would stand out
    of the tail like a mirror's echo, only because few links were drawn.
    """
    links = links[np.argsort(links["length"], kind="stable")]
    energy = links["power"].sum(axis=1)
    share = energy / max(energy.sum(), 1e-300)
    pulses = min(PULSES_MAX, _PULSES_PER_LINK * len(links)) // BUNDLE * BUNDLE or BUNDLE * (len(links) > 0)
    lots = (np.arange(pulses) + rng.uniform()) / max(pulses, 1)
    shape = (pulses // BUNDLE, BUNDLE)
    last = max(len(links) - 1, 0)
    link = np.minimum(np.searchsorted(np.cumsum(share), lots, side="right"), last).reshape(shape)
    link_s = links["length"] / sound_mps
    spread = np.clip(_STRETCH_LINKS * (share**2).sum(), _STRETCH_SHARE, _STRETCH_MAX)
    stretch = _STRETCH_S + spread * (link_s - link_s.min(initial=np.inf))
    per_pulse = links["power"] / np.maximum(pulses * share, 1e-300)[:, None]
    return Tail(
        start_s + link_s[link] + stretch[link] * rng.uniform(size=shape),
        rng.standard_normal(shape) / np.sqrt(BUNDLE),
        np.sqrt(per_pulse[link].sum(axis=1)),
        links["length"][link].mean(axis=1),
        links["arrival"][link],
    )
