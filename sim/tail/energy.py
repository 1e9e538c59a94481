"""How much of a source's sound facades scatter to receivers: sums of energy, nothing drawn and nothing rendered."""

import numpy as np
import numpy.typing as npt

from sim.tail.field import ScatteredField, links_from

Floats = npt.NDArray[np.float64]


def sum_scattered(
    field: ScatteredField, weights: Floats, loss_per_m: Floats, source_m: Floats, reach_m: Floats
) -> Floats:
    """Sum the energy of the scattered ways from a round source to each receiver of a field.

    Parameters
    ----------
    field : ScatteredField
        From `sim.tail.field.open_field`.
    weights : ndarray, shape (8,)
        Share of the source's energy in each octave band.
    loss_per_m : ndarray, shape (8,)
        Natural logarithm of what a metre of air leaves of the energy, negative, 1/m.
    source_m : ndarray, shape (3,)
        m.
    reach_m : ndarray, shape (receivers,)
        Ways longer than this do not count, m.

    Returns
    -------
    ndarray, shape (receivers,)
        Energy re that of the source in the free field at 1 m, air absorption included.
    """
    energy = np.zeros(len(reach_m))
    for receiver, links in enumerate(links_from(field, source_m, _round)):
        near = links[links["length"] <= reach_m[receiver]]
        energy[receiver] = np.sum(weights * near["power"] * np.exp(loss_per_m * near["length"][:, None]))
    return energy


def _round(direction: Floats) -> Floats:
    """Return the gain of a source without directivity."""
    return np.ones(len(direction))
