"""What each stage of the detector costs: the same scene judged with one stage after another replaced by an oracle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detector.detect import DetectionResult
from detector.incident import Incident
from detector.options import Detector
from detector.pulse import Pulses
from detector.site import Site
from scenes.sensor import Clock
from testbed.alert_file import JudgedAlert
from testbed.oracle import perfect_incidents, perfect_pulses
from testbed.score import Score
from testbed.truth import Truth
from testbed.verdict import judge

# What is printed of each stage.
SHOWN = ("rounds_located", "rounds_mislocated", "rounds_missed", "rounds_false", "error_p50_m", "error_p90_m")


@dataclass(frozen=True)
class Stage:
    """One line of the budget: what was perfect, and the score that came of it."""

    perfect: str
    score: Score


def measure_budget(
    result: DetectionResult, truth: Truth, clocks: Mapping[str, Clock], options: Detector
) -> tuple[Stage, ...]:
    """Judge a detector as it is, with perfect pulses, with perfect association, and with both.

    Parameters
    ----------
    result : DetectionResult
        What the detector made of the scene.
    truth : Truth
    clocks : mapping of sensor id to Clock
        True clocks of the sensors.
    options : Detector

    Returns
    -------
    tuple of Stage
        "nothing", "pulses", "association", "pulses and association". What the last one lacks is out of earshot, or
        due to the straight-line model, the survey, the clocks and the solver.
    """
    site, heard = result.site, result.pulses
    exact = perfect_pulses(site, truth, clocks)
    told = (
        ("nothing", heard, result.incidents),
        ("pulses", exact, options.associate(site, exact)),
        ("association", heard, perfect_incidents(site, heard, truth, clocks)),
        ("pulses and association", exact, perfect_incidents(site, exact, truth, clocks)),
    )
    return tuple(
        Stage(perfect, judge(truth, _place(site, pulses, incidents, options)).score)
        for perfect, pulses, incidents in told
    )


def format_budget(stages: Sequence[Stage]) -> str:
    """Return the budget as a table."""
    heads = ("located", "mislocated", "missed", "false", "p50, m", "p90, m")
    lines = [f"{'perfect':24s}" + "".join(f"{head:>12s}" for head in heads)]
    for stage in stages:
        cells = (_show(stage.score[key]) for key in SHOWN)
        lines.append(f"{stage.perfect:24s}" + "".join(f"{cell:>12s}" for cell in cells))
    return "\n".join(lines)


def record_budget(stages: Sequence[Stage]) -> Score:
    """Return the budget for `score.json`: what was perfect -> the numbers shown."""
    return {
        stage.perfect.replace(" ", "_"): {key: stage.score[key] for key in ("rounds", *SHOWN)}
        for stage in stages
    }


def _show(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else "-" if value is None else str(value)


def _place(site: Site, pulses: Pulses, incidents: Sequence[Incident], options: Detector) -> list[JudgedAlert]:
    """Locate incidents and put them as the judge reads them; what they are called plays no part."""
    alerts: list[JudgedAlert] = []
    for number, incident in enumerate(incidents):
        fix = options.locate(site, pulses, incident)
        times = tuple(sorted(float(t) for t in fix.round_times_s))
        x, y = fix.position_m
        alerts.append(JudgedAlert(f"{number}", times[0], (x, y), times))
    return alerts
