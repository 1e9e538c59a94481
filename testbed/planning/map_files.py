"""Layouts and maps as files of other people's tools: GeoJSON, CSV, KML, GeoPackage, GeoTIFF."""

import json
import logging
import sqlite3
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely

from scenes.frame import local_to_lonlat
from testbed.planning.frame import origin_of
from testbed.planning.map_styles import STEPS, cell_qml, cell_sld, sensor_qml, sensor_sld, shade
from testbed.planning.street_cells import StreetCells
from testbed.planning.study import Study

# Written into files that carry a date: equal inputs give equal bytes.
NO_DATE = "2000-01-01T00:00:00.000Z"
_STYLES = (
    "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT,"
    " f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,"
    " description TEXT, owner TEXT, ui TEXT, update_time TEXT)"
)


def write_points(file: Path, table: pl.DataFrame, about: Mapping[str, Any]) -> None:
    """Write rows with `lon` and `lat` as a GeoJSON of points; `about` goes along as a foreign member."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.pop("lon"), row.pop("lat")]},
            "properties": row,
        }
        for row in table.iter_rows(named=True)
    ]
    _write_collection(file, features, about)


def write_cells(file: Path, table: pl.DataFrame, squares: np.ndarray, about: Mapping[str, Any]) -> None:
    """Write cells as a GeoJSON of squares (n, 5, 2), degrees."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [np.round(square, 7).tolist()]},
            "properties": row,
        }
        for row, square in zip(table.drop("lon", "lat").iter_rows(named=True), squares, strict=True)
    ]
    _write_collection(file, features, about)


def _write_collection(file: Path, features: list[dict[str, Any]], about: Mapping[str, Any]) -> None:
    collection = {"type": "FeatureCollection", "echoblock": dict(about), "features": features}
    file.write_text(json.dumps(collection, allow_nan=False) + "\n", encoding="utf-8")


def cell_squares(study: Study, cells: StreetCells) -> np.ndarray:
    """Return the closed rings of all cells, (n, 5, 2), degrees."""
    half = 0.5 * cells.step_m
    corners = half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
    rings = cells.position_m[:, None, :2] + corners
    return local_to_lonlat(origin_of(study.block), rings.reshape(-1, 2)).reshape(-1, 5, 2)


def write_kml(
    file: Path, name: str, sensors: pl.DataFrame, cells: pl.DataFrame, squares: np.ndarray, metric: str
) -> None:
    """Write sensors and cells, coloured by a metric between 0 and 1, as KML 2.2."""
    styles = "".join(
        f'<Style id="s{i}"><LineStyle><width>0</width></LineStyle>'
        f"<PolyStyle><color>b0{_bgr(i)}</color></PolyStyle></Style>"
        for i in range(STEPS)
    )
    places = "".join(
        f"<Placemark><name>{escape(str(row['id']))}</name>{_data(row)}<Point><altitudeMode>relativeToGround"
        f"</altitudeMode><coordinates>{row['lon']},{row['lat']},{row['z_agl']}</coordinates></Point></Placemark>\n"
        for row in sensors.iter_rows(named=True)
    )
    areas = "".join(
        f"<Placemark><name>{row['cell']}</name><styleUrl>#s{_step(row[metric])}</styleUrl>{_data(row)}<Polygon>"
        f"<outerBoundaryIs><LinearRing><coordinates>{' '.join(f'{x:.7f},{y:.7f}' for x, y in square)}</coordinates>"
        "</LinearRing></outerBoundaryIs></Polygon></Placemark>\n"
        for row, square in zip(cells.iter_rows(named=True), squares, strict=True)
    )
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{escape(name)}</name>{styles}<Folder><name>sensors</name>{places}</Folder>"
        f"<Folder><name>{escape(metric)}</name>{areas}</Folder></Document></kml>\n",
        encoding="utf-8",
    )


def _data(row: Mapping[str, Any]) -> str:
    cells = "".join(
        f'<Data name="{escape(key)}"><value>{escape("" if value is None else str(value))}</value></Data>'
        for key, value in row.items()
    )
    return f"<ExtendedData>{cells}</ExtendedData>"


def _step(value: float | None) -> int:
    return 0 if value is None else min(int(max(value, 0.0) * STEPS), STEPS - 1)


def _bgr(step: int) -> str:
    r, g, b = shade(step)
    return f"{b:02x}{g:02x}{r:02x}"


def write_package(
    file: Path, sensors: pl.DataFrame, cells: pl.DataFrame, squares: np.ndarray, metric: str
) -> None:
    """Write a GeoPackage with the layers `sensors` and `cells`, and their styles as map programs keep them."""
    import pyogrio  # noqa: PLC0415 - a quarter of a second
    import pyogrio.raw  # noqa: PLC0415

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": NO_DATE})
    logging.getLogger("pyogrio").setLevel(logging.WARNING)
    points = shapely.points(sensors["lon"].to_numpy(), sensors["lat"].to_numpy())
    areas = shapely.polygons(squares)
    for layer, table, shapes, kind in (
        ("sensors", sensors, points, "Point"),
        ("cells", cells, areas, "Polygon"),
    ):
        plain = table.drop("lon", "lat")
        pyogrio.raw.write(
            file,
            geometry=shapely.to_wkb(shapes),
            field_data=[_column(plain[name]) for name in plain.columns],
            fields=plain.columns,
            layer=layer,
            driver="GPKG",
            crs="EPSG:4326",
            geometry_type=kind,
            append=file.exists(),
        )
    with sqlite3.connect(file) as base:
        base.execute(_STYLES)
        for layer, qml, sld in (
            ("sensors", sensor_qml(), sensor_sld()),
            ("cells", cell_qml(metric), cell_sld(metric)),
        ):
            base.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,"
                " styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)"
                " VALUES ('', '', ?, 'geom', ?, ?, ?, 1, '', '', NULL, ?)",
                (layer, layer, qml, sld, NO_DATE),
            )
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
            (NO_DATE,),
        )
    base.close()


def _column(series: pl.Series) -> np.ndarray:
    if series.dtype == pl.String:
        return series.to_numpy().astype(object)
    return series.to_numpy()


def write_raster(file: Path, study: Study, values: np.ndarray) -> None:
    """Write one value a cell as a GeoTIFF of float32 in EPSG:4326, NaN where there is no street.

    Pixels are as large as cells; each takes the value of the cell that holds its middle.
    """
    from PIL import Image, TiffImagePlugin  # noqa: PLC0415 - for those who want rasters

    lonlat = local_to_lonlat(origin_of(study.block), study.cells.position_m[:, :2])
    corners = local_to_lonlat(origin_of(study.block), [(0.0, 0.0), (study.cells.step_m, study.cells.step_m)])
    width, height = (corners[1] - corners[0]).tolist()
    left, top = lonlat[:, 0].min() - 0.5 * width, lonlat[:, 1].max() + 0.5 * height
    column = np.floor((lonlat[:, 0] - left) / width + 1e-6).astype(np.intp)
    row = np.floor((top - lonlat[:, 1]) / height + 1e-6).astype(np.intp)
    raster = np.full((max(int(row.max()) + 1, 2), max(int(column.max()) + 1, 2)), np.nan, dtype=np.float32)
    raster[row, column] = np.where(np.isfinite(values), values, np.nan)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, kind, value in (
        (33550, 12, (width, height, 0.0)),
        (33922, 12, (0.0, 0.0, 0.0, left, top, 0.0)),
        (34735, 3, (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)),
        (42113, 2, "nan"),
    ):
        tags.tagtype[tag] = kind
        tags[tag] = value
    Image.fromarray(raster).save(file, format="TIFF", tiffinfo=tags)
