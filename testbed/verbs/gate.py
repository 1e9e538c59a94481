"""`echoblock gate`: CI regression against a committed baseline or another commit."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import hydra
from omegaconf import DictConfig
from pydantic import Field

from scenes.errors import BadInput
from testbed.complaints import tell
from testbed.config import FromGroup
from testbed.config_groups import DETECTOR_CHOICES, register
from testbed.gate.baseline import FILES, write_baseline
from testbed.gate.gate import GateOptions, make_baseline, run_gate
from testbed.gate.report import GateReport, format_report, to_json, to_junit, to_markdown
from testbed.job import perform
from testbed.outbox import outbox
from testbed.progress import progress_bar

PRODUCTS = ("gate.json", "summary.md", "junit.xml")


@dataclasses.dataclass(frozen=True, kw_only=True)
class GateSettings:
    """Which scenes, and what to compare with.

    `against` is a commit whose detector hears the same recordings; without it the suite's baseline in `baselines` is
    compared with. `update` makes that baseline anew, for a `reason`.
    """

    detector: Annotated[Any, FromGroup("detector")]
    suite: Literal["smoke", "pr", "nightly"] = "smoke"
    against: str | None = None
    update: bool = False
    reason: str = ""
    baselines: Path = Path("results/baselines")
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


SETTINGS = GateSettings
register(SETTINGS, "gate")


def gate(settings: GateSettings, folder: Path) -> int:
    """Run the gate, write its report into an existing folder, or make a baseline; return the exit code.

    Raises
    ------
    BadInput
        When there is nothing to compare with; when a baseline is wanted without a reason.
    """
    options = GateOptions(
        settings.suite,
        settings.detector,
        next(name for name, kind in DETECTOR_CHOICES.items() if type(settings.detector) is kind),
        settings.against,
        settings.baselines,
        settings.workers,
    )
    if settings.reason and not settings.update:
        raise BadInput("reason: is that of a new baseline; it wants update=true")
    if settings.update:
        with progress_bar("gate", "scene") as progress:
            baseline = make_baseline(options, settings.reason, progress)
        home = settings.baselines / settings.suite
        with outbox(home, FILES) as draft:
            write_baseline(draft, baseline)
        sys.stdout.write(f"{baseline.suite}: new baseline of {len(baseline.worlds)} scenes in {home}\n")
        return 0
    with progress_bar("gate", "scene") as progress:
        report = run_gate(options, progress)
    _write(report, folder)
    if report.invalid:
        tell(report.invalid)
    else:
        sys.stdout.write(f"{format_report(report)}\n\n")
    return report.exit_code


def _write(report: GateReport, folder: Path) -> None:
    contents: Mapping[str, str] = {
        "gate.json": json.dumps(to_json(report), indent=1, allow_nan=False) + "\n",
        "summary.md": to_markdown(report),
        "junit.xml": to_junit(report),
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="gate")
def main(config: DictConfig) -> None:
    """Run the verb."""
    code = perform(config, SETTINGS, gate, PRODUCTS)
    if code:
        raise SystemExit(code)
