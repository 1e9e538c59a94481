"""The modes of a posterior: every place from which the pulses of an incident may have come."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.ears import Ears, Noise
from detector.incident import Incident
from detector.posterior import Heard, Terms, log_posterior_on
from detector.search import SearchOptions, best_cells, climb_all

MERGE_M = 4.0  # closer maxima are one mode
SHRINK = 0.4
WORTH = 12.0  # a start this much less likely than the best is not worth climbing from, nats


@dataclass(frozen=True, eq=False)
class Mode:
    """A maximum of the posterior.

    Attributes
    ----------
    place : ndarray, shape (2,)
        m, relative to the site's centre.
    log_density : float
        But for a constant, nats.
    covariance_m2 : ndarray, shape (2, 2)
        From the curvature, m2.
    """

    place: npt.NDArray[np.float64]
    log_density: float
    covariance_m2: npt.NDArray[np.float64]


def starting_places(
    ears: Ears, noise: Noise, known: npt.NDArray[np.float64], search: SearchOptions
) -> npt.NDArray[np.float64]:
    """Places (s, 2) to climb from: those known and those that a search of the map finds."""
    cells = best_cells(ears, noise, search)
    found = [h for h in climb_all(cells, ears, noise, search) if len(h.times)]
    ends = [h.place[:2] for h in found if h.log_evidence > found[0].log_evidence - WORTH]
    kept = list(known)
    for end in ends:
        if all(np.hypot(*(end - k)) > MERGE_M for k in kept):
            kept.append(end)
    return np.array(kept)


def ascend(
    place: npt.NDArray[np.float64], step_m: float, heard: Heard, terms: Terms
) -> tuple[npt.NDArray[np.float64], float]:
    """Climb to the nearest maximum: a compass search (Kolda, Lewis and Torczon 2003), which no kink stops."""
    turns = np.pi / 4.0 * np.arange(8)
    compass = np.column_stack([np.cos(turns), np.sin(turns)])
    value = float(log_posterior_on(place[None], heard, terms)[0])
    for _ in range(60):
        if step_m < 0.02:
            break
        around = place + step_m * compass
        values = log_posterior_on(around, heard, terms)
        best = int(np.argmax(values))
        if values[best] > value:
            place, value = around[best], float(values[best])
            step_m *= 1.4
        else:
            step_m *= SHRINK
    return place, value


def curvature_covariance(
    place: npt.NDArray[np.float64], heard: Heard, terms: Terms
) -> npt.NDArray[np.float64]:
    """Covariance (2, 2) of a mode, m2, from second differences over as far as the density falls by about half a nat."""
    reach = 0.5
    hessian = np.eye(2)
    for _ in range(5):
        h = reach
        shifts = h * np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]])
        f = log_posterior_on(place + shifts, heard, terms)
        xx, yy = (f[1] + f[2] - 2 * f[0]) / h**2, (f[3] + f[4] - 2 * f[0]) / h**2
        xy = (f[5] + f[6] - f[7] - f[8]) / (4 * h**2)
        hessian = -np.array([[xx, xy], [xy, yy]])
        largest = float(np.linalg.eigvalsh(hessian)[1])
        if largest <= 0.0:
            reach *= 2.0
            continue
        wanted = 1.0 / np.sqrt(largest)
        if 0.5 < reach / wanted < 2.0:
            break
        reach = float(np.clip(wanted, 0.02, 50.0))
    values, axes = np.linalg.eigh(hessian)
    values = np.clip(values, 1.0 / 300.0**2, 1e6)
    return (axes / values) @ axes.T


def find_modes(
    starts: npt.NDArray[np.float64], heard: Heard, terms_at, step_m: float, log_odds_least: float
) -> list[Mode]:
    """Climb from every start (s, 2); modes by log mass, best first.

    Parameters
    ----------
    terms_at : callable
        Gives the terms of the model at a place (2,).
    """
    modes: list[Mode] = []
    for start in starts:
        place, value = ascend(start, step_m, heard, terms_at(start))
        if all(np.hypot(*(place - m.place)) > MERGE_M for m in modes):
            modes.append(Mode(place, value, curvature_covariance(place, heard, terms_at(place))))
    weight = np.array([m.log_density + 0.5 * np.log(np.linalg.det(m.covariance_m2)) for m in modes])
    order = np.argsort(-weight, kind="stable")
    return [modes[i] for i in order if weight[i] >= weight[order[0]] + log_odds_least]


def incident_ears(ears: Ears, incident: Incident) -> Ears:
    """Only the incident's pulses, with little clutter, so that all of them count."""
    index = np.flatnonzero(np.isin(ears.pulse, incident.pulse))
    station = ears.station[index]
    return ears._replace(
        first=np.searchsorted(station, np.arange(len(ears.xyz) + 1)).astype(np.int64),
        time=ears.time[index],
        sigma=ears.sigma[index],
        clutter=np.full(len(index), 0.1),
        level=np.full(len(index), np.nan),
        clipped=ears.clipped[index],
        snr=ears.snr[index],
        pulse=ears.pulse[index],
        station=station,
        azimuth=ears.azimuth[index],
        azimuth_sigma=ears.azimuth_sigma[index],
    )
