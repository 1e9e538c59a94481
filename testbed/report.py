"""One page about a run that needs nothing else: no network, no scripts, no other files."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from testbed.alert_file import JudgedAlert
from testbed.table import Score, full_table, metres, number, rate
from testbed.truth import Truth

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p.note { color: #555; margin: .2rem 0 1rem; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
dl.facts div { border: 1px solid #d5d5d5; border-radius: 6px; padding: .6rem .8rem; }
dl.facts dt { color: #555; font-size: .85rem; } dl.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
dl.facts dd small { display: block; font-size: .8rem; font-weight: 400; color: #555; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #e4e4e4; vertical-align: top; }
th { border-bottom: 2px solid #999; white-space: nowrap; } th.n, td.n { text-align: right; white-space: nowrap; }
tr.missed td, tr.false td { background: #fdeee6; } tr.mislocated td { background: #fdf8e1; }
img { max-width: 100%; height: auto; border: 1px solid #d5d5d5; }
details { margin: 1.5rem 0; } summary { cursor: pointer; font-weight: 600; }
pre { background: #f5f5f3; padding: .8rem; overflow-x: auto; font-size: .8rem; }
"""

_NOTE = (
    "Times are seconds after the recording's epoch; positions are metres east and north of the site's origin. "
    "Intervals are 95 %. The scene is simulated: what it shows about a real street is only as good as the simulation."
)


def write_page(
    title: str,
    score: Score,
    rows: pl.DataFrame,
    truth: Truth,
    alerts: Sequence[JudgedAlert],
    map_png: bytes | None = None,
    config_yaml: str | None = None,
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    title : str
        What was run.
    score : mapping
        As in `score.json`.
    rows : polars.DataFrame
        `testbed.matching.ROW_SCHEMA`.
    truth, alerts
        What was matched.
    map_png : bytes, optional
        The picture, embedded.
    config_yaml : str, optional
        The resolved config.
    """
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">{escape(_NOTE)}</p>',
        _facts(score),
        "" if map_png is None else _picture(map_png),
        "<h2>What happened, and what was made of it</h2>",
        _events(rows, truth),
        "<h2>Alerts</h2>",
        _alerts(alerts, rows),
        "<h2>Calls</h2>",
        _confusion(score.get("confusion", {})),
        "<h2>All numbers</h2>",
        make_table(("metric", "value", "95 % interval"), full_table(score), numeric={1, 2}),
    ]
    if config_yaml is not None:
        parts.append(f"<details><summary>Configuration</summary><pre>{escape(config_yaml)}</pre></details>")
    return make_document(title, parts)


def make_document(title: str, parts: Sequence[str]) -> str:
    """Return a whole page of parts that are HTML already; it asks nothing of any network and runs no script."""
    return wrap_page(title, parts)


def wrap_page(title: str, parts: Sequence[str]) -> str:
    """Return a page that may load nothing, from the HTML of its parts; empty ones are left out."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _facts(score: Score) -> str:
    def share(level: str) -> tuple[str, str]:
        return (
            f"{score.get(f'{level}_located')} of {score.get(level)}",
            f"recall {rate(score, f'{level}_recall')}",
        )

    area = number(score.get("region95_area_p50_m2"))
    per_day = number(score.get("false_alerts_per_km2_day"))
    facts = (
        ("incidents located", *share("incidents")),
        ("rounds located", *share("rounds")),
        ("false alerts", number(score.get("alerts_false")), f"{per_day} per km² and day"),
        ("median error", metres(score, "error_p50_m"), f"90 %: {metres(score, 'error_p90_m')}"),
        ("95 % regions that hold", rate(score, "coverage95"), f"median {area} m²"),
        (
            "precision of “gunshot”",
            rate(score, "gunshot_precision"),
            f"recall {rate(score, 'gunshot_recall')}",
        ),
        ("contract rate", rate(score, "contract_rate"), "detectable gunfire within 25 m"),
    )
    cells = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for name, value, more in facts
    )
    return f'<dl class="facts">{"".join(cells)}</dl>'


def _picture(png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    words = "Map of the block: buildings, sensors, true and estimated places, regions of 95 percent"
    return f'<h2>Map</h2>\n<img alt="{words}" src="data:image/png;base64,{data}">'


def _events(rows: pl.DataFrame, truth: Truth) -> str:
    places = {event.id: event for event in truth.events}
    lines, classes = [], []
    for row in rows.filter(pl.col("event").is_not_null()).iter_rows(named=True):
        event = places[row["event"]]
        x, y, z = event.position_m
        loudest = max((hearing.level_db for hearing in (event.heard or {}).values()), default=None)
        lines.append(
            (
                row["event"], row["incident"], row["kind"], f"{event.time_s:.3f}", f"{x:.0f}, {y:.0f}, {z:.0f}",
                number(None if loudest is None else round(loudest)), row["outcome"], row["cause"] or "",
                number(row["error_m"]), number(row["dt_s"]),
                number(row["p_true_label"]), _short(row["alert"] or ""),
            )
        )  # fmt: skip
        classes.append(row["outcome"])
    names = (
        "bang", "incident", "kind", "time, s", "place, m", "loudest, dB", "outcome", "failed at", "error, m", "dt, s",
        "p(true label)", "alert",
    )  # fmt: skip
    return make_table(names, lines, numeric={3, 4, 5, 8, 9, 10}, classes=classes)


def _alerts(alerts: Sequence[JudgedAlert], rows: pl.DataFrame) -> str:
    matched = set(rows.filter(pl.col("event").is_not_null())["alert"].drop_nulls())
    lines, classes = [], []
    for alert in alerts:
        belief = ", ".join(f"{name} {p:.2f}" for name, p in (alert.belief or {}).items())
        x, y = alert.position_m
        lines.append(
            (
                _short(alert.id), f"{alert.time_s:.3f}", f"{x:.0f}, {y:.0f}", str(len(alert.round_times_s)),
                alert.call or "–", belief, number(alert.region95_area_m2), ", ".join(alert.sensors or ()),
                number(alert.latency_s),
            )
        )  # fmt: skip
        classes.append("" if alert.id in matched else "false")
    names = (
        "alert",
        "time, s",
        "place, m",
        "rounds",
        "call",
        "belief",
        "95 % area, m²",
        "sensors",
        "latency, s",
    )
    return make_table(names, lines, numeric={1, 2, 3, 6, 8}, classes=classes)


def _short(name: str) -> str:
    """Return enough of an id to find it in `alerts.jsonl`."""
    return name if len(name) <= 10 else f"{name[:8]}…"


def _confusion(confusion: Mapping[str, Mapping[str, Any]]) -> str:
    if not confusion:
        return "<p>No calls.</p>"
    columns = list(next(iter(confusion.values())))
    lines = [(truth, *(str(cells[column]) for column in columns)) for truth, cells in confusion.items()]
    return make_table(("truth \\ call", *columns), lines, numeric=set(range(1, len(columns) + 1)))


def make_table(
    names: Sequence[str],
    lines: Sequence[Sequence[str]],
    numeric: set[int],
    classes: Sequence[str] | None = None,
) -> str:
    """Return a table of texts, escaped here; `numeric` columns are set right, `classes` are those of the rows."""
    if not lines:
        return "<p>None.</p>"
    head = "".join(
        f'<th class="n">{escape(name)}</th>' if j in numeric else f"<th>{escape(name)}</th>"
        for j, name in enumerate(names)
    )
    body = []
    for i, line in enumerate(lines):
        kind = f' class="{escape(classes[i])}"' if classes and classes[i] else ""
        cells = "".join(
            f'<td class="n">{escape(c)}</td>' if j in numeric else f"<td>{escape(c)}</td>"
            for j, c in enumerate(line)
        )
        body.append(f"<tr{kind}>{cells}</tr>")
    return f'<div class="wide"><table><tr>{head}</tr>\n' + "\n".join(body) + "</table></div>"
