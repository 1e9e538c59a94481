"""The forecast of location errors against real gunfire: random subsets of real sensors, their error said beforehand."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from joblib import Parallel, delayed
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from detector.options import Detector
from testbed.field_night import draw_sensors, hear_test
from testbed.field_score import judge_night
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.livefire_survey import average_positions
from testbed.planning.backtest_forecast import (
    LATE_SHARES,
    QUANTILES,
    Learned,
    add_floor,
    forecast_subset,
    learn_without,
    quantile,
)
from testbed.planning.location import LocationErrors

Floats = npt.NDArray[np.float64]

NUMBERS = (4, 5, 6, 7, 8, 9, 10)
# What the aim is: predicted quantiles within this share of the measured ones.
WITHIN = 0.25


# What the prediction takes for the share of late pulses where nothing is learned: that of simulated rooftops
# (`detector.noise.NoiseOptions`), the nearest of those that can be learned.
UNLEARNED_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Backtest:
    """Rows by number of sensors; the same by position; what was learned without each; picture as PNG; verdict."""

    table: pl.DataFrame
    by_position: pl.DataFrame
    learned: dict[str, Learned]
    png: bytes
    verdict: str


def backtest(
    tests: Sequence[LiveTest],
    errors: LocationErrors,
    detector: Detector,
    draws: int,
    seed: int,
    workers: int,
) -> Backtest:
    """Predict errors from where sensors and shots were, then let the detector locate from the arrival times.

    Subsets are drawn among the sensors whose pulses the vendor selected in a test, and the detector gets those pulses
    alone: it is location that is predicted, not telling shots from echoes. A prediction takes every sensor of the
    subset to report, and knows no map. Its floor and its share of late pulses are learned at the other firing
    positions; beside it stands what `errors` says with nothing learned.

    Parameters
    ----------
    tests : sequence of LiveTest
    errors : LocationErrors
    detector : Detector
    draws : int
        Subsets of each number of sensors in every test.
    seed, workers : int
    """
    positions = sorted({test.position for test in tests})
    surveys = {p: average_positions([test for test in tests if test.position == p]) for p in positions}
    said: dict[tuple[int, str, float], Floats] = {}
    seen: dict[tuple[int, str], Floats] = {}
    counts: dict[int, int] = {}
    for number in NUMBERS:
        fitting = [test for test in tests if len(test.selected_sensors) >= number]
        counts[number] = len(fitting)
        subsets = [draw_sensors(test, "pulses", number, draws, seed) for test in fitting]
        jobs = (
            delayed(_measure)(test, surveys[test.position], its_subsets, detector)
            for test, its_subsets in zip(fitting, subsets, strict=True)
        )
        parts: list[Floats] = list(Parallel(n_jobs=workers)(jobs))  # pyright: ignore[reportAssignmentType] - none is None
        for position in sorted({test.position for test in fitting}):
            mine = [i for i, test in enumerate(fitting) if test.position == position]
            seen[number, position] = np.concatenate([parts[i] for i in mine])
            for share in LATE_SHARES:
                said[number, position, share] = np.concatenate(
                    [
                        forecast_subset(fitting[i], surveys[position], subset, errors, share, seed)
                        for i in mine
                        for subset in subsets[i]
                    ]
                )
    learned = {position: learn_without(position, said, seen) for position in positions}
    return _gather(said, seen, learned, counts, errors)


def _gather(
    said: Mapping[tuple[int, str, float], Floats],
    seen: Mapping[tuple[int, str], Floats],
    learned: dict[str, Learned],
    counts: Mapping[int, int],
    errors: LocationErrors,
) -> Backtest:
    rows, by_position = [], []
    for number in NUMBERS:
        there = [position for position in learned if (number, position) in seen]
        if not there:
            continue
        with_learned = {
            p: add_floor(said[number, p, learned[p].late_share], learned[p].floor_m) for p in there
        }
        plain = np.concatenate([said[number, p, UNLEARNED_SHARE] for p in there])
        predicted = np.concatenate([with_learned[p] for p in there])
        measured = np.concatenate([seen[number, p] for p in there])
        head: dict[str, object] = {"sensors": number, "tests": counts[number]}
        unlearned = {
            f"{name}_unlearned_m": round(quantile(add_floor(plain, errors.floor_m), share), 2)
            for name, share in QUANTILES.items()
        }
        rows.append({**head, **_row(predicted, measured), **unlearned})
        by_position += [
            {"position": p, "sensors": number, **_row(with_learned[p], seen[number, p])} for p in there
        ]
    table = pl.DataFrame(rows)
    good = int(table["p50_within_25_percent"].sum()), int(table["p90_within_25_percent"].sum())
    verdict = (
        f"predicted within 25 % of measured: p50 for {good[0]}, p90 for {good[1]} of {len(table)} sizes"
        " (floor and share of late pulses learned at the other positions)"
    )
    return Backtest(table, pl.DataFrame(by_position), learned, _draw(table, verdict), verdict)


def _measure(
    test: LiveTest, survey: Survey, subsets: Sequence[tuple[str, ...]], detector: Detector
) -> Floats:
    """Return the errors of the rounds that the detector found from the vendor's selected pulses, m."""
    selected = {pulse.id for selection in test.selections for pulse in selection}
    curated = replace(test, pulses=tuple(pulse for pulse in test.pulses if pulse.id in selected))
    found = [
        judge_night(curated, night)[0]["error_m"].drop_nulls().to_numpy()
        for night in hear_test(curated, survey, "pulses", subsets, detector)
    ]
    return np.concatenate([np.empty(0), *found])


def _row(predicted: Floats, measured: Floats) -> dict[str, object]:
    row: dict[str, object] = {"rounds_located": len(measured)}
    for name, share in QUANTILES.items():
        said, seen = quantile(predicted, share), quantile(measured, share)
        ratio = said / seen if seen > 0.0 and math.isfinite(said) else None
        row |= {
            f"{name}_predicted_m": round(said, 2) if math.isfinite(said) else None,
            f"{name}_measured_m": round(seen, 2) if math.isfinite(seen) else None,
            f"{name}_ratio": None if ratio is None else round(ratio, 3),
            f"{name}_within_25_percent": ratio is not None and abs(ratio - 1.0) <= WITHIN,
        }
    return row


def _draw(table: pl.DataFrame, verdict: str) -> bytes:
    figure = Figure(figsize=(11.0, 4.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    over, against = figure.subplots(1, 2)
    for name, colour, marker in (("p50", "#0072B2", "o"), ("p90", "#D55E00", "s")):
        said, seen = table[f"{name}_predicted_m"].to_numpy(), table[f"{name}_measured_m"].to_numpy()
        over.plot(
            table["sensors"],
            said,
            f"{marker}--",
            color=colour,
            markerfacecolor="white",
            label=f"{name} predicted",
        )
        over.plot(table["sensors"], seen, f"{marker}-", color=colour, label=f"{name} measured")
        against.plot(said, seen, marker, color=colour, label=name)
    for name, colour in (("p50", "#0072B2"), ("p90", "#D55E00")):
        over.plot(
            table["sensors"],
            table[f"{name}_unlearned_m"],
            ":",
            color=colour,
            label=f"{name} predicted, nothing learned",
        )
    top = 1.15 * float(np.nanmax(table.select(pl.col("^p.0_.*_m$")).to_numpy().astype(float)))
    line = np.array([0.0, top])
    against.plot(line, line, color="#777777", linewidth=0.8)
    against.fill_between(
        line, line / (1.0 + WITHIN), line / (1.0 - WITHIN), color="#dddddd", label="within 25 %"
    )
    against.set(xlim=(0.0, top), ylim=(0.0, top), xlabel="predicted error, m", ylabel="measured error, m")
    over.set(xlabel="sensors in the subset", ylabel="horizontal error, m", ylim=(0.0, top))
    for axes in (over, against):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.suptitle(verdict, fontsize=10)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
