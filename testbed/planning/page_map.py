"""The map on a page: layers to hide, values on hover, sensors to drag; drawn by bokeh, which needs no network."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scenes.frame import local_to_lonlat
from testbed.planning.frame import origin_of
from testbed.planning.study import Study
from testbed.planning.tables import METRICS


def draw_page_map(
    study: Study, layers: Mapping[str, Mapping[str, np.ndarray]], layouts: Mapping[str, Sequence[int]]
) -> Any:
    """Return the map of a page: cells, buildings, mounts and layouts as layers; the first layout can be dragged."""
    from bokeh.layouts import column, row  # noqa: PLC0415
    from bokeh.models import (  # noqa: PLC0415
        Button,
        ColorBar,
        CustomJS,
        HoverTool,
        LinearColorMapper,
        PointDrawTool,
        Range1d,
        Select,
    )
    from bokeh.plotting import ColumnDataSource, figure  # noqa: PLC0415

    west, south, east, north = study.block.bounds_m
    plot = figure(
        width=900, height=max(420, round(900 * (north - south) / (east - west))), match_aspect=True,
        x_range=Range1d(start=west, end=east), y_range=Range1d(start=south, end=north),
        tools="pan,wheel_zoom,box_zoom,reset,save",
        active_scroll="wheel_zoom", x_axis_label="east, m", y_axis_label="north, m", background_fill_color="#f8f7f4",
    )  # fmt: skip
    plot.grid.visible = False
    first = next(iter(layers.values()))
    choices = [name for name in METRICS if name in first]
    shades = LinearColorMapper(palette="Cividis256", low=0.0, high=1.0, nan_color="#cccccc")
    for name, columns in layers.items():
        data = {k: np.where(np.isfinite(v), v, np.nan) for k, v in columns.items()}
        source = ColumnDataSource({"x": study.cells.position_m[:, 0], "y": study.cells.position_m[:, 1],
                                   "shown": data[choices[0]], **data})  # fmt: skip
        drawn = plot.rect(
            "x", "y", study.cells.step_m, study.cells.step_m, source=source, line_color=None,
            fill_color={"field": "shown", "transform": shades}, legend_label=name, visible=columns is first,
        )  # fmt: skip
        plot.add_tools(
            HoverTool(
                renderers=[drawn],
                tooltips=[(METRICS[c], f"@{c}{{0.00}}") for c in choices],
                description=name,
                attachment="right",
            )
        )
    _draw_buildings(plot, study)
    _draw_mounts(plot, study)
    sources = [_draw_layout(plot, study, name, chosen, i) for i, (name, chosen) in enumerate(layouts.items())]
    plot.legend.click_policy = "hide"
    plot.legend.label_text_font_size = "9pt"
    bar = ColorBar(color_mapper=shades, title=METRICS[choices[0]], location=(0, 0))
    plot.add_layout(bar, "below")
    cells = [r for r in plot.renderers if r.glyph.__class__.__name__ == "Rect"]  # pyright: ignore[reportAttributeAccessIssue]
    select = Select(title="colour of the cells", value=choices[0], options=[(c, METRICS[c]) for c in choices])
    select.js_on_change("value", CustomJS(
        args={"cells": cells, "shades": shades, "bar": bar, "names": METRICS}, code=_CHOOSE))  # fmt: skip
    tools: list[Any] = [select]
    if sources:
        drag = PointDrawTool(renderers=[sources[0][1]], add=False, description="drag a sensor")
        plot.add_tools(drag)
        plot.toolbar.active_tap = drag
        button = Button(label="download the layout (GeoJSON)")
        button.js_on_click(
            CustomJS(args={"source": sources[0][0], "fit": _degrees_fit(study)}, code=_DOWNLOAD)
        )
        tools.append(button)
    return column(row(*tools), plot)


_CHOOSE = """
const name = cb_obj.value; let high = 0;
for (const r of cells) { const d = r.data_source.data; d.shown = Array.from(d[name]);
  for (const v of d.shown) if (isFinite(v) && v > high) high = v; }
const sorted = Array.from(cells[0].data_source.data[name]).filter(isFinite).sort((a, b) => a - b);
shades.low = 0; shades.high = name.startsWith('p_') ? 1 : (sorted[Math.floor(0.95 * (sorted.length - 1))] || 1);
bar.title = names instanceof Map ? names.get(name) : names[name];
for (const r of cells) r.data_source.change.emit();
"""
_DOWNLOAD = """
const d = source.data, features = [];
for (let i = 0; i < d.x.length; i++) {
  const x = d.x[i], y = d.y[i], t = [1, x, y, x * x, x * y, y * y];
  const at = fit.map(row => Number(t.reduce((s, v, k) => s + v * row[k], 0).toFixed(7)));
  const moved = Math.hypot(x - d.planned_x[i], y - d.planned_y[i]) > 0.05;  // compare wants another id
  features.push({type: 'Feature', geometry: {type: 'Point', coordinates: at},
    properties: {id: d.id[i] + (moved ? '-moved' : ''), z_agl: d.z_agl[i], type: d.type[i], cost: d.cost[i],
      installed: true}});
}
const text = JSON.stringify({type: 'FeatureCollection', features: features});
const blob = new Blob([text], {type: 'application/geo+json'});
const link = document.createElement('a'); link.href = URL.createObjectURL(blob); link.download = 'layout.geojson';
link.click();
"""


def _degrees_fit(study: Study) -> list[list[float]]:
    """Return longitude and latitude as quadratics in east and north, good to a centimetre or two over a kilometre."""
    west, south, east, north = study.block.bounds_m
    xy = np.stack(np.meshgrid(np.linspace(west, east, 7), np.linspace(south, north, 7)), axis=-1).reshape(
        -1, 2
    )
    x, y = xy.T
    terms = np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])
    return np.linalg.lstsq(terms, local_to_lonlat(origin_of(study.block), xy), rcond=None)[0].T.tolist()


def _draw_buildings(plot: Any, study: Study) -> None:
    from bokeh.models import HoverTool  # noqa: PLC0415

    def rings(axis: int) -> list[Any]:
        return [[[r[:, axis].tolist() for r in (b.outline, *b.courtyards)]] for b in study.block.buildings]

    data = {
        "xs": rings(0),
        "ys": rings(1),
        "id": [b.id if len(b.id) < 60 else b.id[:57] + "..." for b in study.block.buildings],
        "height": [round(b.height_m, 1) for b in study.block.buildings],
        "guess": ["guessed" if b.height_guessed else "from the map" for b in study.block.buildings],
    }
    drawn = plot.multi_polygons(
        "xs",
        "ys",
        source=data,
        fill_color="#b9b9b5",
        line_color="#7d7d7a",
        line_width=0.5,
        legend_label="buildings",
    )
    tips = [("building", "@id"), ("height, m", "@height (@guess)")]
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=tips, description="buildings"))


def _draw_mounts(plot: Any, study: Study) -> None:
    shown = study.mounts.allowed | study.mounts.installed
    xy = study.mounts.position_m[shown]
    plot.scatter(
        xy[:, 0], xy[:, 1], size=3, color="#444444", alpha=0.5, legend_label="possible mounts", visible=False
    )


def _draw_layout(plot: Any, study: Study, name: str, chosen: Sequence[int], number: int) -> tuple[Any, Any]:
    from bokeh.models import ColumnDataSource, HoverTool  # noqa: PLC0415

    table = study.mounts.take(np.array(chosen, dtype=np.intp))
    source = ColumnDataSource(
        {
            "x": table.position_m[:, 0],
            "y": table.position_m[:, 1],
            "planned_x": table.position_m[:, 0],
            "planned_y": table.position_m[:, 1],
            "id": table.ids.tolist(),
            "type": table.type.tolist(),
            "z_agl": np.round(table.z_agl_m, 2),
            "cost": table.cost,
        }
    )
    colour, marker = (("#0072B2", "triangle"), ("#D55E00", "square"), ("#009E73", "diamond"), ("#CC79A7", "circle"),
                      ("#E69F00", "inverted_triangle"), ("#56B4E9", "hex"))[number % 6]  # fmt: skip
    drawn = plot.scatter(
        "x", "y", source=source, size=13 if number == 0 else 10, marker=marker, color=colour, line_color="white",
        legend_label=name, visible=number == 0,
    )  # fmt: skip
    tips = [("sensor", "@id"), ("on", "@type"), ("above ground, m", "@z_agl"), ("cost", "@cost")]
    # To the left: the cell under the sensor tells its own to the right.
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=tips, description=name, attachment="left"))
    return source, drawn
