"""What a run is asked beyond its scene: seen to before anything is rendered."""

from collections.abc import Mapping

from scenes.errors import BadInput
from testbed.command_detector import CommandDetector, find_program
from testbed.complaints import nearest
from testbed.config import RunSettings
from testbed.truth import Truth
from testbed.verdict import judge


def check_run(settings: RunSettings) -> None:
    """See that the score has the objective, and that an own detector can do what is asked of it.

    Raises
    ------
    BadInput
        One line a mistake.
    """
    score = judge(Truth(()), ()).score
    numbers = [key for key, value in score.items() if not isinstance(value, dict)]
    name = settings.objective
    if name not in numbers:
        raise BadInput(f"objective={name}: no such number in the score{nearest(name, numbers)}")
    if not isinstance(settings.detector, CommandDetector):
        return
    find_program(settings.detector)
    refused = [name for name in ("error_budget", "map_help") if getattr(settings, name)]
    if refused:
        raise BadInput(
            "\n".join(f"{name}=true: only our own detectors can, not detector=command" for name in refused)
        )


def objective_of(score: Mapping[str, object], name: str) -> float:
    """Return a number of the score; NaN where it could not be measured."""
    value = score[name]
    return float(value) if isinstance(value, int | float) else float("nan")
