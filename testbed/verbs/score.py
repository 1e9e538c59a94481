"""`echoblock score`: alerts of any detector in any language + truth -> score."""

import dataclasses
import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

from scenes.errors import BadInput
from testbed.alert_file import read_alerts
from testbed.config import ScoreSettings
from testbed.config_groups import register
from testbed.job import perform
from testbed.score import Score
from testbed.truth import read_truth
from testbed.verdict import Verdict, judge, write_verdict

PRODUCTS = ("matches.parquet", "incidents.parquet", "score.json")

SETTINGS = ScoreSettings
register(SETTINGS, "score")


def score_files(
    alerts: Path, truth: Path, out: Path, area_km2: float | None = None, duration_s: float | None = None
) -> Verdict:
    """Judge `alerts.jsonl` against `truth.json` and write rows and score into `out` (made where absent).

    Parameters
    ----------
    alerts, truth : Path
    out : Path
        Folder for `matches.parquet`, `incidents.parquet`, `score.json`; nothing is written when an input is bad.
    area_km2, duration_s : float, optional
        Override what the truth says was watched, for false alerts per km2 and day.

    Raises
    ------
    BadInput
        One line a mistake.
    """
    for name, value in (("area_km2", area_km2), ("duration_s", duration_s)):
        if value is not None and not value > 0.0:
            msg = f"{name} must be above 0, not {value}"
            raise BadInput(msg)
    heard = read_alerts(alerts)
    known = read_truth(truth)
    watch = known.watch
    if duration_s is not None:
        watch = dataclasses.replace(watch, duration_s=duration_s)
    if area_km2 is not None:
        watch = dataclasses.replace(watch, stated_area_km2=area_km2)
    verdict = judge(dataclasses.replace(known, watch=watch), heard)
    out.mkdir(parents=True, exist_ok=True)
    write_verdict(verdict, out)
    return verdict


def format_score(score: Score) -> str:
    """Return the short table that ends `run` and `score`: what was measured, with counts and 95 % intervals."""
    rate = _show(score["false_alerts_per_km2_day"], 1)
    lines = [
        _line("rounds located", score, "rounds_recall", "rounds_located", "rounds"),
        _line("incidents located", score, "incidents_recall", "incidents_located", "incidents"),
        _line("gunshots called so", score, "gunshot_recall", "gunshot_incidents_called", "gunshot_incidents"),
        _line("gunshot calls right", score, "gunshot_precision", "gunshot_alerts_right", "gunshot_alerts"),
        _line("contract rate", score, "contract_rate", "contract_accurate", None),
        _line("in the 95 % region", score, "coverage95", None, "coverage95_count"),
        f"{'error p50 / p90 / p95':22s} {_three(score, 'error')} m; missed as infinite {_three(score, 'all')} m",
        f"{'false':22s} {score['alerts_false']} alerts, {score['rounds_false']} rounds; {rate} alerts per km2 and day",
        f"{'mislocated, missed':22s} {score['rounds_mislocated']}, {score['rounds_missed']} rounds {_causes(score)}",
        f"{'latency p50 / p90':22s} {_show(score['latency_p50_s'], 2)} / {_show(score['latency_p90_s'], 2)} s",
    ]
    return "\n".join(line.rstrip() for line in lines)


def _line(title: str, score: Score, rate: str, hits: str | None, trials: str | None) -> str:
    counts = " of ".join(str(score[key]) for key in (hits, trials) if key is not None)
    interval = f"[{_show(score[f'{rate}_low'], 3)}, {_show(score[f'{rate}_high'], 3)}]"
    return f"{title:22s} {_show(score[rate], 3):>5s}  {interval}  {counts}"


def _three(score: Score, which: str) -> str:
    tail = "_all_m" if which == "all" else "_m"
    return " / ".join(_show(score[f"error_p{q}{tail}"], 1) for q in (50, 90, 95))


def _causes(score: Score) -> str:
    causes = score["causes"]
    return (
        f"({', '.join(f'{name}: {n}' for name, n in causes.items())})"
        if isinstance(causes, dict) and causes
        else ""
    )


def _show(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "-"


def _score(settings: ScoreSettings, folder: Path) -> None:
    if settings.alerts is None or settings.truth is None:
        msg = "score wants both alerts=FILE and truth=FILE"
        raise BadInput(msg)
    verdict = score_files(settings.alerts, settings.truth, folder, settings.area_km2, settings.duration_s)
    sys.stdout.write(f"{format_score(verdict.score)}\n\n")


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="score")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, _score, PRODUCTS)
