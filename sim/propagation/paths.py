"""The paths from one source point to one receiver, as a structure of arrays."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from scenes.air import Air

BANDS_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)


class PathKind(IntEnum):
    """What the path met (hills count as roofs); ground bounces are counted apart, in `Paths.ground_bounces`."""

    DIRECT = 0
    REFLECTED = 1
    CORNER = 2
    ROOF = 3
    REFLECTED_DIFFRACTED = 4
    TAIL = 5


@dataclass(frozen=True, eq=False)
class Paths:
    """n paths, sorted by delay.

    Attributes
    ----------
    delay_s : ndarray, shape (n,)
        Travel time, s (wind and temperature included).
    gain : ndarray, shape (n, 8)
        Signed pressure gain at the band centres (`BANDS_HZ`) relative to the free field at 1 m: spreading, facades,
        ground, diffraction; air absorption NOT included (it follows from `length_m`). The magnitude is exact; the sign
        is one per path: that with which the minimum-phase response of the magnitude comes nearest the complex gain,
        each band counted by its energy. As a filter: that response, times the sign. That is right for diffraction
        (a coefficient that falls as f^-1/2 turns by -45 degrees, as the minimum phase of f^-1/2 does, and changes sign
        across a shadow boundary) and for facades, an approximation over soft ground, whose phase turns with frequency.
    length_m : ndarray, shape (n,)
        Length of the unfolded path, m.
    kind : ndarray of int8, shape (n,)
        `PathKind`.
    order, ground_bounces : ndarray of int8, shape (n,)
        Number of facade reflections plus edges; number of ground reflections.
    departure, arrival : ndarray, shape (n, 3)
        Unit vectors: away from the source; the direction in which sound travels when it arrives.
    vertices_m : ndarray, shape (k, 3)
        Points of all paths one after another, source first, receiver last.
    vertex_start : ndarray of int64, shape (n + 1,)
        Path i has the vertices `vertices_m[vertex_start[i]:vertex_start[i + 1]]`.
    phase_rad : ndarray, shape (n, 8), or None
        Phase of the complex gain at the band centres, unwrapped over the bands, for exp(+j omega t) with the travel
        time left out: the complex pressure gain is abs(gain) exp(j phase_rad - j omega delay_s). None where the
        engine knows none.
    """

    delay_s: npt.NDArray[np.float64]
    gain: npt.NDArray[np.float64]
    length_m: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    order: npt.NDArray[np.int8]
    ground_bounces: npt.NDArray[np.int8]
    departure: npt.NDArray[np.float64]
    arrival: npt.NDArray[np.float64]
    vertices_m: npt.NDArray[np.float64]
    vertex_start: npt.NDArray[np.int64]
    phase_rad: npt.NDArray[np.float64] | None = None

    def __len__(self) -> int:
        """Return the number of paths."""
        return len(self.delay_s)

    def select(self, chosen: npt.NDArray[np.bool_]) -> "Paths":
        """Return the paths where `chosen`, shape (n,), is true."""
        size = np.diff(self.vertex_start)
        return Paths(
            self.delay_s[chosen],
            self.gain[chosen],
            self.length_m[chosen],
            self.kind[chosen],
            self.order[chosen],
            self.ground_bounces[chosen],
            self.departure[chosen],
            self.arrival[chosen],
            self.vertices_m[np.repeat(chosen, size)],
            np.concatenate([[0], np.cumsum(size[chosen])]),
            None if self.phase_rad is None else self.phase_rad[chosen],
        )


def travel_time(air: Air, vertices_m: npt.NDArray[np.float64]) -> float:
    """Return the travel time along vertices (k, 3), s: each leg at the speed of sound plus the wind along it."""
    step = np.diff(vertices_m, axis=0)
    leg = np.linalg.norm(step, axis=1)
    carried = np.divide(step[:, :2] @ air.wind_mps, leg, out=np.zeros(len(leg)), where=leg > 0.0)
    return float(np.sum(leg / (air.sound_speed_mps + carried)))
