"""Places where a sensor could be or is: read from files, or proposed along streets and roofs."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scenes.block import Block
from scenes.errors import BadInput
from scenes.frame import lonlat_to_local
from scenes.geojson import LARGEST_FILE_BYTES, properties_of
from scenes.heights import FOOT_M, parse_length
from scenes.layouts.candidates import lampposts, parapets
from scenes.layouts.mount import POLE, ROOF
from scenes.walls import building_at, in_bounds
from testbed.planning.frame import origin_of, read_drawn

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ACCEPTED = "columns id, lon, lat (or x, y in m), and perhaps z_agl, type, cost, allowed, installed"
_YES, _NO = {"true", "yes", "y", "1", "1.0", "t"}, {"false", "no", "n", "0", "0.0", "f"}


@dataclass(frozen=True, eq=False)
class MountTable:
    """n places: names, [east, north, up] m (n, 3), what carries them, cost, whether they may and do hold a sensor."""

    ids: npt.NDArray[np.str_]
    position_m: Floats
    z_agl_m: Floats
    type: npt.NDArray[np.str_]
    cost: Floats
    allowed: Flags
    installed: Flags

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.ids)

    def take(self, chosen: npt.ArrayLike) -> "MountTable":
        """Return the places of an index or a mask."""
        index = np.asarray(chosen)
        return MountTable(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def join_mounts(parts: list[MountTable]) -> MountTable:
    """Return several tables as one."""
    return MountTable(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(MountTable)}
    )


def read_mount_table(
    path: str | Path, block: Block, height_m: float, *, feet: bool = False
) -> tuple[MountTable, list[tuple[str, str]]]:
    """Read places for sensors; heights in the file are m above ground, or feet.

    Returns
    -------
    mounts : MountTable
    notes : list of (id, what was mended or left out and why)

    Raises
    ------
    BadInput
        When the file cannot be read, two places have one id, or none is left; one line a mistake.
    """
    file = Path(path)
    notes: list[tuple[str, str]] = []
    if file.suffix.lower() == ".csv":
        rows = _csv_rows(file, block)
    else:
        drawn = read_drawn(file, block, "points", ("Point",))
        notes += drawn.notes
        rows = [
            (name, properties_of(feature), (float(shape.x), float(shape.y)))  # pyright: ignore[reportAttributeAccessIssue]
            for name, feature, shape in zip(drawn.names, drawn.features, drawn.shapes, strict=True)
        ]
    taken: dict[str, int] = {}
    mistakes, parts = [], []
    for name, said, xy in rows:
        if name in taken:
            mistakes.append(f"{file}: mount id {name!r} occurs again; ids must differ")
        taken[name] = 1
        try:
            parts.append(_mount(name, said, xy, block, height_m, feet))
        except ValueError as error:
            mistakes.append(f"{file}: mount {name!r}: {error}")
    if mistakes:
        raise BadInput("\n".join(mistakes[:20]))
    if not parts:
        raise BadInput(f"{file}: holds no mounts; {ACCEPTED}")
    return _drop_impossible(join_mounts(parts), block, notes)


def _csv_rows(file: Path, block: Block) -> list[tuple[str, Mapping[str, Any], tuple[float, float]]]:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise BadInput(f"{file}: too large; at most {LARGEST_FILE_BYTES / 1e6:.0f} MB are read")
        with file.open(encoding="utf-8-sig", newline="") as stream:
            table = list(csv.DictReader(stream, skipinitialspace=True))
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{file}: is not a CSV ({error}); {ACCEPTED}") from error
    columns = set(table[0]) if table else set()
    local = {"x", "y"} <= columns
    if "id" not in columns or not (local or {"lon", "lat"} <= columns):
        raise BadInput(f"{file}: columns {sorted(map(str, columns))}; {ACCEPTED}")
    rows, mistakes = [], []
    for line, row in enumerate(table, start=2):
        pair = [_number(row[key]) for key in (("x", "y") if local else ("lon", "lat"))]
        if not (row["id"] or "").strip() or any(value is None for value in pair):
            mistakes.append(f"{file}: line {line}: id and both coordinates are needed, not {dict(row)}")
            continue
        x, y = (float(v or 0.0) for v in pair)
        if not local:
            x, y = (float(v) for v in lonlat_to_local(origin_of(block), [x, y])[0])
        rows.append((str(row["id"]).strip(), row, (x, y)))
    if mistakes:
        raise BadInput("\n".join(mistakes[:20]))
    return rows


def _mount(
    name: str, said: Mapping[str, Any], xy: tuple[float, float], block: Block, height_m: float, feet: bool
) -> MountTable:
    given = next((said[key] for key in ("z_agl", "height") if said.get(key) not in (None, "")), None)
    z_agl = height_m
    if given is not None:
        z = parse_length(given)
        if z is None or not 0.0 <= z <= 1000.0:
            msg = f"z_agl={given!r} is no height above ground"
            raise ValueError(msg)
        plain = _number(given) is not None
        z_agl = z * FOOT_M if feet and plain else z
    cost = _number(said.get("cost"), 1.0)
    if cost is None or cost < 0.0:
        msg = f"cost={said.get('cost')!r} is no number, 0 or more"
        raise ValueError(msg)
    kind = str(said.get("type") or said.get("kind") or said.get("highway") or POLE)
    up = float(block.ground.height_at(xy)) + z_agl
    installed = _flag(said, "installed", default=False)
    return MountTable(
        np.array([name]),
        np.array([[*xy, up]]),
        np.array([z_agl]),
        np.array([kind]),
        np.array([cost]),
        np.array([_flag(said, "allowed", default=True)]),
        np.array([installed]),
    )


def _number(said: object, absent: float | None = None) -> float | None:
    if said in (None, ""):
        return absent
    try:
        value = float(str(said))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _flag(said: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = said.get(key)
    if value in (None, ""):
        return default
    text = str(value).strip().lower()
    if text not in _YES | _NO:
        msg = f"{key}={value!r} is neither yes nor no"
        raise ValueError(msg)
    return text in _YES


def _drop_impossible(
    table: MountTable, block: Block, notes: list[tuple[str, str]]
) -> tuple[MountTable, list[tuple[str, str]]]:
    """Leave out, by name, what stands inside a building or outside the block."""
    holder, inside = building_at(block, table.position_m), in_bounds(block, table.position_m)
    for k in np.flatnonzero((holder >= 0) | ~inside):
        what = "installed sensor dropped" if table.installed[k] else "dropped"
        if not inside[k]:
            notes.append((str(table.ids[k]), f"{what}: lies outside the block"))
            continue
        house = block.buildings[holder[k]]
        place = f"{table.z_agl_m[k]:.1f} m up inside building {house.id!r} ({house.height_m:.1f} m high)"
        notes.append((str(table.ids[k]), f"{what}: {place}"))
    kept = table.take((holder < 0) & inside)
    if not len(kept):
        why = "; ".join(f"{name}: {reason}" for name, reason in notes[:3])
        raise BadInput(f"no mount is left of {len(table)}: {why}")
    return kept, notes


def propose_mounts(
    block: Block, count: int, spacing_m: float, height_m: float, on: tuple[str, ...]
) -> MountTable:
    """Propose lamp posts along streets and places on roof edges, at most `count`, evenly thinned.

    Returns
    -------
    MountTable
        Ids "pole1", "roof1", ...; every place costs 1, may hold a sensor and holds none.
    """
    parts = []
    for kind in on:
        places = lampposts(block, spacing_m, height_m) if kind == POLE else parapets(block)
        share = max(count // len(on), 1)
        if len(places) > share:
            places = places[np.unique(np.linspace(0, len(places) - 1, share).astype(np.intp))]
        n = len(places)
        ground = block.ground.height_at(places) if n else np.zeros(0)
        parts.append(
            MountTable(
                np.array([f"{kind}{i}" for i in range(1, n + 1)], dtype=np.str_),
                places.reshape(-1, 3),
                places.reshape(-1, 3)[:, 2] - ground,
                np.full(n, ROOF if kind == ROOF else POLE),
                np.ones(n),
                np.ones(n, dtype=np.bool_),
                np.zeros(n, dtype=np.bool_),
            )
        )
    return join_mounts(parts)
