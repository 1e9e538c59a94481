"""Features of maps in any of the files that people have: GeoJSON, GeoPackage, OpenStreetMap XML and PBF."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from scenes.errors import BadInput
from scenes.geojson import LARGEST_FILE_BYTES, read_features

GEOJSON, PACKAGE, OSM = (".geojson", ".json"), (".gpkg",), (".osm", ".pbf")
ACCEPTED = "a GeoJSON, a GeoPackage (.gpkg), or an OpenStreetMap file (.osm, .osm.pbf) is accepted"
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_DEGREES = ("EPSG:4326", "OGC:CRS84")
_PROLOGUE_BYTES = 65_536

Feature = Mapping[str, Any]


def read_map(path: str | Path, layers: str = "areas") -> list[Feature]:
    """Return features as of GeoJSON, in WGS84 longitude and latitude.

    Parameters
    ----------
    path : path
    layers : "areas", "lines" or "points"
        Which layers of a GeoPackage or of an OpenStreetMap file. Ways that an OpenStreetMap file calls buildings but
        that enclose nothing come with the areas, as lines, so that they can be named. GeoJSON gives all it has.

    Raises
    ------
    BadInput
        When the file is missing, too large, in no frame or none of these formats.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in GEOJSON + PACKAGE + OSM:
        raise BadInput(f"{file}: {ACCEPTED}")
    if kind in GEOJSON:
        return read_features(file)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(_PROLOGUE_BYTES) if kind == ".osm" else b""
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror})") from error
    if size > LARGEST_FILE_BYTES:
        raise BadInput(
            f"{file}: {size / 1e6:.0f} MB is too large; at most {LARGEST_FILE_BYTES / 1e6:.0f} MB are read"
        )
    if b"<!" in head.replace(b"<!--", b""):
        raise BadInput(f"{file}: has a document type or entities; plain OpenStreetMap XML is accepted")
    return _osm_features(file, layers) if kind in OSM else _package_features(file, layers)


def _osm_features(file: Path, layers: str) -> list[Feature]:
    if layers == "lines":
        return [_with_tags(f) for f in _read_layer(file, "lines") if f["properties"].get("highway")]
    if layers == "points":
        return [_with_tags(f) for f in _read_layer(file, "points")]
    found = [_with_tags(feature) for feature in _read_layer(file, "multipolygons")]
    found += [_with_tags(feature) for feature in _read_layer(file, "lines")]
    return [f for f in found if f["properties"].get("building") or f["properties"].get("building:part")]


def _with_tags(feature: Feature) -> Feature:
    """Unpack `other_tags`, the text in which the reader keeps tags without a column of their own."""
    properties = {key: value for key, value in feature["properties"].items() if value is not None}
    packed = str(properties.pop("other_tags", ""))
    tags = {_plain(key): _plain(value) for key, value in _TAG.findall(packed)}
    way, relation = properties.pop("osm_way_id", None), properties.pop("osm_id", None)
    if feature["geometry"] and "Polygon" in feature["geometry"]["type"]:
        name = f"w{way}" if way else f"r{relation}"
    else:
        name = f"{'n' if (feature['geometry'] or {}).get('type') == 'Point' else 'w'}{relation}"
    return {**feature, "properties": {**tags, **properties, "id": name}}


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _package_features(file: Path, layers: str) -> list[Feature]:
    import pyogrio  # noqa: PLC0415 - a quarter of a second, for those who have such files
    from pyogrio.errors import DataSourceError  # noqa: PLC0415

    wanted = {"areas": "Polygon", "lines": "Line", "points": "Point"}[layers]
    try:
        listed = pyogrio.list_layers(file)
    except DataSourceError as error:
        raise BadInput(f"{file}: cannot be read ({str(error).splitlines()[0]}); {ACCEPTED}") from error
    fitting = [str(name) for name, kind in listed if wanted in str(kind) or str(kind) == "Unknown"]
    if not fitting:
        kinds = ", ".join(f"{name} ({kind})" for name, kind in listed) or "none"
        raise BadInput(f"{file}: has no layer of {layers}; its layers: {kinds}")
    return [feature for name in fitting for feature in _read_layer(file, name)]


def _read_layer(file: Path, layer: str) -> list[Feature]:
    """Read one layer, its coordinates brought to degrees."""
    import pyogrio.raw  # noqa: PLC0415
    from pyogrio.errors import DataLayerError, DataSourceError  # noqa: PLC0415

    try:
        meta, _, shapes, columns = pyogrio.raw.read(file, layer=layer)
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise BadInput(
            f"{file}: layer {layer!r} cannot be read ({str(error).splitlines()[0]}); {ACCEPTED}"
        ) from error
    geometries = shapely.from_wkb(shapes, on_invalid="ignore")
    geometries = _to_degrees(file, geometries, meta["crs"])
    names = [str(name) for name in meta["fields"]]
    features: list[Feature] = []
    for row, geometry in enumerate(geometries):
        properties = {name: _value(column[row]) for name, column in zip(names, columns, strict=True)}
        drawn = None if geometry is None else json.loads(shapely.to_geojson(geometry))
        features.append({"type": "Feature", "properties": properties, "geometry": drawn})
    return features


def _to_degrees(file: Path, geometries: Any, crs: str | None) -> Any:
    if crs in _DEGREES:
        return geometries
    if not crs:
        raise BadInput(f"{file}: names no frame of coordinates; one with an EPSG code is accepted")
    import pyproj  # noqa: PLC0415

    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return shapely.transform(geometries, lambda p: np.column_stack(to_degrees.transform(p[:, 0], p[:, 1])))


def _value(said: Any) -> Any:
    """Return a field's value as plain JSON would hold it."""
    if said is None or (isinstance(said, float | np.floating) and np.isnan(said)):
        return None
    return said.item() if isinstance(said, np.generic) else said
