"""The forecast of location errors against real gunfire: random subsets of real sensors, their error said beforehand."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from joblib import Parallel, delayed
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from detector.options import Detector
from scenes.air import Air
from scenes.streams import draw_stream
from testbed.field_night import draw_sensors, hear_test
from testbed.field_score import judge_night
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.livefire_survey import average_positions
from testbed.planning.location import LocationErrors, arrival_sigma_m, sample_shots

Floats = npt.NDArray[np.float64]

NUMBERS = (4, 5, 6, 7, 8, 9, 10)
SAMPLES = 100
# What the aim is: predicted quantiles within this share of the measured ones.
WITHIN = 0.25


@dataclass(frozen=True, eq=False)
class Backtest:
    """Rows by number of sensors, the picture as PNG, the verdict in a line."""

    table: pl.DataFrame
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
    alone: the bound is about location, not about telling shots from echoes. A prediction takes every sensor of the
    subset to report, and knows no map.

    Parameters
    ----------
    tests : sequence of LiveTest
    errors : LocationErrors
    detector : Detector
    draws : int
        Subsets of each number of sensors in every test.
    seed, workers : int
    """
    surveys = {
        position: average_positions([test for test in tests if test.position == position])
        for position in {test.position for test in tests}
    }
    rows = []
    for number in NUMBERS:
        fitting = [test for test in tests if len(test.selected_sensors) >= number]
        if not fitting:
            continue
        subsets = [draw_sensors(test, "pulses", number, draws, seed) for test in fitting]
        predicted = np.concatenate(
            [
                _predict(test, surveys[test.position], subset, errors, seed)
                for test, its_subsets in zip(fitting, subsets, strict=True)
                for subset in its_subsets
            ]
        )
        jobs = (
            delayed(_measure)(test, surveys[test.position], its_subsets, detector)
            for test, its_subsets in zip(fitting, subsets, strict=True)
        )
        parts: list[Floats] = list(Parallel(n_jobs=workers)(jobs))  # pyright: ignore[reportAssignmentType] - none is None
        measured = np.concatenate(parts)
        rows.append(_row(number, len(fitting), predicted, measured))
    table = pl.DataFrame(rows)
    good = int(table["p50_within_25_percent"].sum()), int(table["p90_within_25_percent"].sum())
    verdict = f"predicted within 25 % of measured: p50 for {good[0]}, p90 for {good[1]} of {len(table)} sizes"
    return Backtest(table, _draw(table, verdict), verdict)


def _predict(
    test: LiveTest, survey: Survey, subset: Sequence[str], errors: LocationErrors, seed: int
) -> Floats:
    """Return sampled errors of a round at the surveyed place, m; inf where the geometry locates nothing."""
    places = np.array([survey[sensor][0] for sensor in subset])
    step = places[:, :2] - np.array(test.survey_m[:2])
    distance = np.linalg.norm(places - np.array(test.survey_m), axis=1)
    speed = Air(temperature_c=test.temperature_c).sound_speed_mps
    sigma = np.array(
        [
            arrival_sigma_m(d, np.zeros(()), replace(errors, survey_m=survey[sensor][1]), speed)
            for sensor, d in zip(subset, distance, strict=True)
        ]
    )
    normal = draw_stream(seed, "backtest", f"{test.key}\0{' '.join(subset)}").standard_normal((SAMPLES, 2))
    return sample_shots(
        np.ones((1, len(subset), 1)),
        sigma[None, :],
        np.arctan2(step[:, 1], step[:, 0])[None, :],
        np.zeros(SAMPLES, dtype=np.int64),
        np.zeros((SAMPLES, len(subset))),
        normal,
        3,
        errors.floor_m,
    )[0]


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


def _row(number: int, tests: int, predicted: Floats, measured: Floats) -> dict[str, object]:
    row: dict[str, object] = {"sensors": number, "tests": tests, "rounds_located": len(measured)}
    for name, share in (("p50", 0.5), ("p90", 0.9)):
        said = float(np.quantile(predicted, share, method="inverted_cdf"))
        seen = float(np.quantile(measured, share)) if len(measured) else math.nan
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
