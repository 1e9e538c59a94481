"""`echoblock report`: one HTML page from the results folder of a run or a sweep."""

import json
import sys
from pathlib import Path

import hydra
import polars as pl
from omegaconf import DictConfig
from polars.exceptions import PolarsError

from scenes.errors import BadInput
from testbed.alert_file import read_alerts
from testbed.config import CollectSettings, read_settings
from testbed.config_groups import register
from testbed.job import tell_mistakes
from testbed.json_checks import load_json
from testbed.report import write_page
from testbed.sweep.collect import collect
from testbed.truth import read_truth

SETTINGS = CollectSettings
register(SETTINGS, "report")
_OF_A_RUN = ("truth.json", "alerts.jsonl", "matches.parquet", "score.json")


def report(results: Path | None, objective: str) -> Path:
    """Write `report.html` into the folder.

    Raises
    ------
    BadInput
        When the folder holds neither a run nor a sweep, or its files cannot be read.
    """
    if results is None:
        raise BadInput("wanted is results=DIR, the folder of a run or a sweep")
    if all((results / name).is_file() for name in _OF_A_RUN):
        return _report_run(results)
    return collect(results, objective) / "report.html"


def _report_run(results: Path) -> Path:
    truth, alerts = read_truth(results / "truth.json"), read_alerts(results / "alerts.jsonl")
    try:
        rows = pl.read_parquet(results / "matches.parquet", glob=False)
    except (OSError, PolarsError) as error:
        raise BadInput(
            f"{results / 'matches.parquet'}: cannot be read ({str(error).splitlines()[0]})"
        ) from error
    score = load_json(results / "score.json")
    if not isinstance(score, dict):
        raise BadInput(f"{results / 'score.json'}: must be an object, not {json.dumps(score)[:40]}")
    picture = results / "map.png"
    page = write_page(
        results.resolve().name,
        score,
        rows,
        truth,
        alerts,
        picture.read_bytes() if picture.is_file() else None,
    )
    draft = results / ".report.html.part"
    draft.write_text(page, encoding="utf-8")
    draft.replace(results / "report.html")
    return results / "report.html"


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="report")
def main(config: DictConfig) -> None:
    """Run the verb."""
    with tell_mistakes():
        settings = read_settings(config, SETTINGS)
        sys.stdout.write(f"wrote\n  {report(settings.results, settings.objective)}\n")
