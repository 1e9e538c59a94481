"""One page about a neighbourhood that needs nothing else: layers, hover, sensors that can be dragged."""

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import polars as pl

from testbed.planning.page_map import draw_page_map
from testbed.planning.study import Study

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:;"
    " font-src data:"
)
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; max-width: 78rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 1.8rem; } p.note { color: #555; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .7rem; border-bottom: 1px solid #e4e4e4; }
th { border-bottom: 2px solid #999; }
img { max-width: 100%; } pre { background: #f5f5f3; padding: .7rem; overflow-x: auto; font-size: .8rem; }
"""


def write_plan_page(
    title: str,
    study: Study,
    layers: Mapping[str, Mapping[str, np.ndarray]],
    layouts: Mapping[str, Sequence[int]],
    sections: Sequence[tuple[str, str]],
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    title : str
    study : Study
    layers : mapping of name to columns of cells
        Each of `METRICS` is a choice of colour where all layers have it.
    layouts : mapping of name to mounts
        The first can be dragged and downloaded.
    sections : sequence of (heading, HTML)
        What stands below the map; the HTML is taken as it is.
    """
    from bokeh.embed import components  # noqa: PLC0415 - half a second
    from bokeh.resources import INLINE  # noqa: PLC0415

    script, part = components(draw_page_map(study, layers, layouts))
    body = "\n".join(f"<h2>{escape(heading)}</h2>\n{html}" for heading, html in sections)
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{INLINE.render()}</head>\n<body>"
        f'<h1>{escape(title)}</h1>\n<p class="note">Click a layer in the legend to hide it. Drag a sensor with the'
        " point tool on, then download the layout and plan with it: the map itself shows the layout as it was.</p>\n"
        f"{part}\n{body}\n{script}</body></html>\n"
    )
    return _settle_ids(page)


def _settle_ids(page: str) -> str:
    """Replace the random names of the map's parts by numbers: equal maps give equal bytes."""
    names = dict.fromkeys(re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", page))
    for number, name in enumerate(names):
        page = page.replace(name, f"00000000-0000-4000-8000-{number:012d}")
    numbers = {name: f"p{9000 + i}" for i, name in enumerate(dict.fromkeys(re.findall(r'"(p\d{4,})"', page)))}
    return re.sub(r'"(p\d{4,})"', lambda m: f'"{numbers[m[1]]}"', page)


def html_table(table: pl.DataFrame) -> str:
    """Return a table as HTML, every cell escaped."""
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_text(v))}</td>" for v in line) + "</tr>\n"
        for line in table.iter_rows()
    )
    return f"<div style='overflow-x:auto'><table><tr>{head}</tr>\n{rows}</table></div>"


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def html_picture(png: bytes, words: str) -> str:
    """Return a picture as HTML that holds it."""
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'


def html_lines(lines: Sequence[str]) -> str:
    """Return lines as they are."""
    return "<pre>" + escape("\n".join(lines)) + "</pre>"
