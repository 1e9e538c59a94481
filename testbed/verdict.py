"""A verdict: rows, then numbers from the rows, then files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from scenes.errors import BadInput
from testbed.alert_file import JudgedAlert
from testbed.cause import Workings, diagnose
from testbed.incidents import incident_rows
from testbed.labels import FAMILIES, label_of
from testbed.matching import Gates, match_alerts
from testbed.score import Score, score_rows
from testbed.truth import Truth


@dataclass(frozen=True, eq=False)
class Verdict:
    """Round rows (`matches.parquet`), incident rows (`incidents.parquet`) and the score computed from them."""

    rows: pl.DataFrame
    incidents: pl.DataFrame
    score: Score


def judge(
    truth: Truth,
    alerts: Sequence[JudgedAlert],
    workings: Workings | None = None,
    gates: Gates | None = None,
) -> Verdict:
    """Match, diagnose and score one night.

    Parameters
    ----------
    truth : Truth
    alerts : sequence of JudgedAlert
    workings : Workings, optional
        The detector's pulses and incidents, for the cause of misses; they change no other number.
    gates : Gates, optional

    Raises
    ------
    BadInput
        When the truth holds kinds that no label stands for.
    """
    strange = sorted({event.kind for event in truth.events if label_of(event.kind) is None})
    if strange:
        families = ", ".join(sorted(FAMILIES))
        msg = f"truth: kinds {', '.join(map(repr, strange))} have no label; a kind starts with one of {families}"
        raise BadInput(msg)
    sensors = np.array(list(truth.watch.sensors_m.values()), dtype=np.float64).reshape(-1, 3)
    rows = match_alerts(truth.events, alerts, gates, sensors)
    rows = diagnose(rows, truth.events, alerts, workings, truth.watch.noise_db_rms, gates)
    incidents = incident_rows(rows, truth.events, alerts, truth.watch)
    return Verdict(rows, incidents, score_rows(rows, incidents, truth.watch))


def write_verdict(verdict: Verdict, folder: Path) -> None:
    """Write `matches.parquet`, `incidents.parquet` and `score.json` into an existing folder."""
    verdict.rows.write_parquet(folder / "matches.parquet")
    verdict.incidents.write_parquet(folder / "incidents.parquet")
    text = json.dumps(verdict.score, indent=1, allow_nan=False)
    (folder / "score.json").write_text(text + "\n", encoding="utf-8")
