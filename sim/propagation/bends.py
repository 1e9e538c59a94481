"""What sound keeps round several vertical corners in a row: as over roof edges, each corner's L as Deygout takes it.

See `sim.propagation.edge_chain`: a corner that the way merely grazes halves the field and leaves the other as it is, so
that the way round one corner goes over into that round two without a step.
"""

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS
from sim.propagation.edge_chain import POINTS_MAX, order_share, share_out
from sim.propagation.hull import EDGES_MAX
from sim.propagation.wedge import wedge_gains


@njit(cache=True, nogil=True)
def turn_corners(corners, medium, line, sine, edges, count, gains):
    """Multiply the complex `gains` (bands,) by the coefficients of all corners of a way.

    Parameters
    ----------
    corners, medium, line
        Of `sim.propagation.line`.
    sine : float
        Of the angle between the way and the corners.
    edges : ndarray, shape (>= count, 4)
        (phi_in, phi_out, s_in, s_out) of each corner, rad and m.
    count : int
        Number of corners, 1 or more.
    gains : ndarray of complex128, shape (bands,)
    """
    if count == 1:
        s_in, s_out = edges[0, 2], edges[0, 3]
        _multiply(corners, medium, line, sine, edges, np.full(1, s_in * s_out / (s_in + s_out)), gains)
        return
    legs, bend, reach = np.empty(POINTS_MAX), np.empty(EDGES_MAX), np.empty(EDGES_MAX)
    main, second = 0, -1
    for e in range(count):
        legs[e] = edges[e, 2]
        bend[e] = (abs(edges[e, 1] - edges[e, 0]) - np.pi) ** 2
        if e > 0 and bend[e] > bend[main]:
            main, second = e, main
        elif e > 0 and (second < 0 or bend[e] > bend[second]):
            second = e
    legs[count] = edges[count - 1, 3]
    share = order_share(bend[main], bend[second])
    other = gains.copy()
    share_out(legs, bend, count, main, reach)
    _multiply(corners, medium, line, sine, edges, reach, gains)
    if share > 0.0:
        share_out(legs, bend, count, second, reach)
        _multiply(corners, medium, line, sine, edges, reach, other)
        for band in range(BANDS):
            gains[band] += share * (other[band] - gains[band])


@njit(cache=True, nogil=True)
def _multiply(corners, medium, line, sine, edges, reach, gains):
    """Multiply the gains by the coefficients of all corners, L of each, m, from `reach`."""
    e = 0
    for k in range(1, line.size - 1):
        if line.met[k] < 0:
            continue
        corner = corners[line.met[k]]
        wedge_gains(
            medium,
            reach[e] * sine * sine,
            sine,
            corner.opening,
            edges[e, 0],
            edges[e, 1],
            corner.factor_0,
            corner.factor_n,
            gains,
        )
        e += 1
