"""The search for the place that explains the pulses best: a map of cells, a beam into its best, a climb from each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.cadence import Cadence, log_cadence
from detector.climb import climb, place_log_area
from detector.ears import Ears, Noise
from detector.lateness import blurred_table
from detector.scan import Kernel, score_cells

LEAST_BLUR_S = 0.5e-3
NARROWING = np.array([1.0, 0.6, 0.3, 0.15, 0.0, 0.0, 0.0])


@dataclass(frozen=True)
class SearchOptions:
    """How widely and how finely places are searched.

    Attributes
    ----------
    margin_m : float
        How far outside the stations' bounding box a shooter may stand, m.
    range_m : float
        Beyond this distance a shot is not expected to be heard, m.
    cell_m : float
        Edge of the coarsest cell, m.
    halvings : int
        How often the best cells are cut in four.
    beam : int
        How many cells survive each cut.
    climbs : int
        How many places are climbed from.
    gap_s : float
        Least time between rounds of one incident, s (automatic fire at 1,200 a minute is 0.05).
    pause_s : float
        Rounds of one place further apart than this are two incidents, s.
    rounds_most : int
        Most rounds of one incident in one window.
    more_rounds : float
        Probability that another round follows a round: three rounds on average, as simulated schedules have it.
    gap_median_s, gap_log_sigma : float
        Gaps are log-normal around the pace of the weapons that are simulated (0.3 to 0.95 s, of pistols as measured in
        live fire), twice as wide as those, so that automatic fire and deliberate shots have a place (A).
    incident_rate_hz_km2 : float
        Prior density of incidents, 1/s/km2; sets what evidence the first round needs.
    """

    margin_m: float = 350.0
    range_m: float = 1500.0
    cell_m: float = 36.0
    halvings: int = 3
    beam: int = 120
    climbs: int = 30
    gap_s: float = 0.045
    pause_s: float = 5.0
    rounds_most: int = 60
    more_rounds: float = 2.0 / 3.0
    gap_median_s: float = 0.5
    gap_log_sigma: float = 0.8
    incident_rate_hz_km2: float = 0.04

    @property
    def cadence(self) -> Cadence:
        """Prior of an incident's rounds."""
        return Cadence(self.gap_s, self.pause_s, self.more_rounds, self.gap_median_s, self.gap_log_sigma)


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """One place with its rounds, as `detector.climb.climb` returns them, and its log evidence, nats.

    `again` (k,) marks the rounds that only `detector.again` found; None where there is none.
    """

    place: npt.NDArray[np.float64]
    times: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    direct: npt.NDArray[np.int64]
    matrix: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    log_evidence: float
    again: npt.NDArray[np.bool_] | None = None


def round_cost(ears: Ears, noise: Noise, blur_s: float = 0.0) -> float:
    """Return the cost of a round, nats: a density of one a second against how well five pulses fix its time."""
    sigma = np.hypot(typical_sigma(ears, noise), blur_s)
    return max(-float(np.log(np.sqrt(2.0 * np.pi / 5.0) * sigma)), 1.0)


def weigh(
    place: npt.NDArray[np.float64],
    times: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
    direct: npt.NDArray[np.int64],
    matrix: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    options: SearchOptions,
) -> Hypothesis:
    """Weigh a place: Laplace's evidence of place and times (MacKay 1992) with the priors of both."""
    if len(times) == 0:
        return Hypothesis(place, times, scores, direct, matrix, weights, -np.inf)
    order = np.argsort(times)
    volume = place_log_area(matrix) + np.log(1e-6 * options.incident_rate_hz_km2)
    moments = 0.5 * np.log(2.0 * np.pi / np.maximum(weights, 1e-3))
    evidence = scores.sum() + volume + moments.sum() + log_cadence(times[order], options.cadence)
    return Hypothesis(
        place, times[order], scores[order], direct[order], matrix, weights[order], float(evidence)
    )


def first_cells(ears: Ears, options: SearchOptions) -> npt.NDArray[np.float64]:
    """Cells (m, 2) over the stations' bounding box and a margin, row by row to and fro."""
    low = ears.xyz[:, :2].min(axis=0) - options.margin_m
    high = ears.xyz[:, :2].max(axis=0) + options.margin_m
    x = np.arange(low[0], high[0] + options.cell_m, options.cell_m)
    y = np.arange(low[1], high[1] + options.cell_m, options.cell_m)
    gx, gy = np.meshgrid(x, y)
    gx[1::2] = gx[1::2, ::-1]
    return np.column_stack([gx.ravel(), gy.ravel()])


def typical_sigma(ears: Ears, noise: Noise) -> float:
    """Return the standard deviation of a typical pulse with its path, s."""
    return (
        float(np.hypot(np.median(ears.sigma), noise.path_sigma_s)) if len(ears.sigma) else noise.path_sigma_s
    )


def make_kernel(blur_s: float, step_s: float, sigma_s: float, noise: Noise) -> Kernel:
    """Tabulate the kernel of a place open by plus or minus `blur_s`, for pulses of a standard deviation."""
    table, zero = blurred_table(blur_s, sigma_s, noise.late_share, noise.late_mean_s, step_s)
    return Kernel(table, zero, step_s)


def _score(
    cells: npt.NDArray[np.float64], edge_m: float, ears: Ears, noise: Noise, options: SearchOptions
) -> npt.NDArray[np.float64]:
    blur = 0.55 * edge_m / noise.sound_speed_mps
    sigma = typical_sigma(ears, noise)
    step = max(0.2 * (blur + sigma), LEAST_BLUR_S)
    cost = round_cost(ears, noise, blur)
    kernel = make_kernel(blur, step, sigma, noise)
    return score_cells(cells, ears, noise, options.range_m, kernel, options.gap_s, cost, 0.55 * edge_m)


def best_cells(ears: Ears, noise: Noise, options: SearchOptions) -> npt.NDArray[np.float64]:
    """Places (m, 2) worth climbing from, best first, none within a coarse half cell of a better one."""
    cells = first_cells(ears, options)
    edge = options.cell_m
    score = _score(cells, edge, ears, noise, options)
    for _ in range(options.halvings):
        top = np.argsort(-score, kind="stable")[: options.beam]
        top = top[score[top] > 0.0]
        quarter = edge / 4.0
        shifts = quarter * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
        cells = (cells[top][:, None, :] + shifts).reshape(-1, 2)
        edge /= 2.0
        if len(cells) == 0:
            return cells
        score = _score(cells, edge, ears, noise, options)
    return _thin(cells, score, 0.5 * options.cell_m, options.climbs)


def best_around(
    place: npt.NDArray[np.float64],
    reach_m: float,
    cell_m: float,
    ears: Ears,
    noise: Noise,
    options: SearchOptions,
) -> npt.NDArray[np.float64]:
    """Places (m, 2) worth climbing from within a square around a place (2,), best first, a cell apart."""
    steps = np.arange(-reach_m, reach_m + 0.5 * cell_m, cell_m)
    gx, gy = np.meshgrid(place[0] + steps, place[1] + steps)
    cells = np.column_stack([gx.ravel(), gy.ravel()])
    score = _score(cells, cell_m, ears, noise, options)
    return _thin(cells, score, 1.5 * cell_m, options.climbs)


def _thin(
    cells: npt.NDArray[np.float64], score: npt.NDArray[np.float64], apart_m: float, most: int
) -> npt.NDArray[np.float64]:
    order = np.argsort(-score, kind="stable")
    order = order[score[order] > 0.0]
    kept: list[npt.NDArray[np.float64]] = []
    while len(order) and len(kept) < most:
        best = cells[order[0]]
        kept.append(best)
        order = order[np.hypot(*(cells[order] - best).T) > apart_m]
    return np.array(kept).reshape(-1, 2)


def _ladder(
    blurs: npt.NDArray[np.float64], ears: Ears, noise: Noise
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Kernels of a climb, one a step: tables (s, t), padded with -inf, and their zeros (s,)."""
    sigma = typical_sigma(ears, noise)
    kernels = [make_kernel(float(b) + LEAST_BLUR_S, LEAST_BLUR_S, sigma, noise) for b in blurs]
    tables = np.full((len(kernels), max(len(k.table) for k in kernels)), -np.inf)
    for row, kernel in zip(tables, kernels, strict=True):
        row[: len(kernel.table)] = kernel.table
    return tables, np.array([k.zero for k in kernels], np.int64)


def climb_all(starts, ears: Ears, noise: Noise, options: SearchOptions) -> list[Hypothesis]:
    """Climb from each start (m, 2) or (m, 6); hypotheses by evidence, best first."""
    edge = options.cell_m / 2.0**options.halvings
    blurs = 0.6 * edge / noise.sound_speed_mps * NARROWING
    tables, zeros = _ladder(blurs, ears, noise)
    cost = round_cost(ears, noise)
    found = []
    for start in starts:
        place = np.zeros(6)
        place[: len(start)] = start
        end = climb(
            place,
            ears,
            noise,
            blurs,
            options.cadence,
            cost,
            tables,
            zeros,
            LEAST_BLUR_S,
            options.rounds_most,
        )
        found.append(weigh(*end, options))
    return sorted(found, key=lambda h: -h.log_evidence)


def search(ears: Ears, noise: Noise, options: SearchOptions) -> list[Hypothesis]:
    """Search all places; hypotheses by evidence, best first."""
    if len(ears.time) == 0:
        return []
    return climb_all(best_cells(ears, noise, options), ears, noise, options)
