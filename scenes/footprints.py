"""Import of footprints from maps: WGS84 to local metres, touching houses united, every doubt accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from scenes.block import Block, Building, Ground, Origin
from scenes.errors import BadInput
from scenes.footprint_parts import Part, Sifted, parts_of_features, project_parts
from scenes.frame import local_to_lonlat, lonlat_to_local
from scenes.geojson import require_lonlat
from scenes.heights import Height, parse_length, read_height
from scenes.import_account import ImportAccount
from scenes.map_file import read_map
from scenes.terrain_file import read_terrain
from scenes.unite import United, rings_of, unite

# building:material in OpenStreetMap -> facade. "Brickwork" is the rendered one of the table.
FACADES = {
    "brick": "brick_wall_rough",
    "concrete": "rough_concrete",
    "glass": "glass_window",
    "limestone": "limestone_wall",
    "plaster": "brickwork",
    "sandstone": "limestone_wall",
    "stone": "limestone_wall",
    "stucco": "brickwork",
    "wood": "wooden_lining",
}
PASSAGE_M = 2.5
"""What begins higher than this above the street lets people and sound pass below."""
CARRIED = 0.95


@dataclass(frozen=True)
class FootprintOptions:
    """How footprints become a block.

    Attributes
    ----------
    origin : Origin or None
        Of the local frame; None takes the centre of the buildings' bounds.
    storey_m : float
        Height of a storey where a map counts levels, m.
    default_height_m : float
        Height of a building that gives none, m: three storeys (A).
    slot_m : float
        Gaps narrower than this between walls are closed, m: maps are drawn to a few decimetres.
    margin_m : float
        Street around the outermost buildings that belongs to the block, m.
    reach_m : float
        What reaches further than this from the median of the buildings is a stray and dropped, m.
    facade, surface : str
        Materials where the map names none.
    """

    origin: Origin | None = None
    storey_m: float = 3.2
    default_height_m: float = 9.6
    slot_m: float = 0.3
    margin_m: float = 25.0
    reach_m: float = 20_000.0
    facade: str = "brick_wall_rough"
    surface: str = "asphalt"


@dataclass(frozen=True, eq=False)
class _House:
    """A footprint ready to be united: its part, height, facade, and the lowest ground at its walls, m."""

    part: Part
    height: Height
    facade: str
    base_m: float = 0.0

    @property
    def top_m(self) -> float:
        return self.base_m + self.height.metres


def read_footprints(
    path: str | Path, options: FootprintOptions | None = None, terrain_file: str | Path | None = None
) -> tuple[Block, ImportAccount]:
    """Read building footprints.

    Parameters
    ----------
    path : path
        Polygons and MultiPolygons (`scenes.map_file`): GeoJSON in WGS84, GeoPackage, OpenStreetMap. Properties, all
        optional: `id`, `height`, `height_source`, `levels` or `building:levels`, `min_height`, `building`,
        `building:material`.
    options : FootprintOptions, optional
    terrain_file : path, optional
        GeoTIFF of the ground's heights (`scenes.geotiff`); without one it is flat. A building stands on the lowest
        ground at its walls: that is what maps measure heights from.

    Returns
    -------
    Block
        Buildings as `scenes.block.Building` says: of overlapping footprints the highest has the ground, touching
        ones of equal height and facade are united. What stands on other buildings counts from the ground up; what
        hangs over a street (a skywalk) is dropped, since a prism has no underside.
    ImportAccount

    Raises
    ------
    BadInput
        When a file cannot be read as such, the map holds no building, or the terrain does not cover the block.
    """
    options = options or FootprintOptions()
    features = read_map(path)
    sifted = parts_of_features(features)
    require_lonlat(path, sifted.off_globe, len(sifted.parts) + sifted.off_globe)
    origin, sifted = _localise(sifted, options)
    houses, sifted = _stand(sifted, options)
    if not houses:
        why = f"; the first: {sifted.dropped[0][0]}: {sifted.dropped[0][1]}" if sifted.dropped else ""
        msg = f"{path}: no building among its {len(features)} features{why}"
        raise BadInput(msg)
    terrain = None
    if terrain_file is not None:
        plans = [house.part.plan for house in houses]
        terrain = read_terrain(terrain_file, origin, _bounds(plans, options.margin_m))
        houses = [
            replace(house, base_m=terrain.lowest_at(shapely.get_coordinates(house.part.plan.exterior)))
            for house in houses
        ]
    united = _unite(houses, options.slot_m)
    bounds = _bounds([one.plan for one in united], options.margin_m)
    ground = Ground(options.surface, terrain=terrain)
    block = Block(Path(path).stem, _buildings(united, houses), bounds, ground, origin)
    account = _account(str(path), len(features), houses, united, sifted)
    return block, replace(account, ground="" if terrain is None else f"{terrain_file}: {terrain.told}")


def _unite(houses: list[_House], slot_m: float) -> list[United]:
    """Unite houses whose roofs are equally high (to 1 cm), of one facade."""
    tops = np.array([house.top_m for house in houses])
    _, kinds = np.unique([f"{house.top_m:.2f} {house.facade}" for house in houses], return_inverse=True)
    return unite([house.part.plan for house in houses], tops, kinds, slot_m)


def _localise(sifted: Sifted, options: FootprintOptions) -> tuple[Origin, Sifted]:
    """Project the parts to the origin; without one, to the centre of their bounds, strays apart."""
    if not sifted.parts:
        return options.origin or Origin(0.0, 0.0), sifted
    corners = np.array([shapely.get_coordinates(part.plan)[0] for part in sifted.parts])
    middle = Origin(*np.median(corners, axis=0).tolist())
    local = project_parts(sifted, lambda lonlat: lonlat_to_local(middle, lonlat), options.reach_m)
    if not local.parts:
        return middle, local
    west, south, east, north = shapely.total_bounds([part.plan for part in local.parts])
    centre = local_to_lonlat(middle, [0.5 * (west + east), 0.5 * (south + north)])[0]
    origin = options.origin or Origin(*np.round(centre, 7).tolist())

    def shift(points: np.ndarray) -> np.ndarray:
        return lonlat_to_local(origin, local_to_lonlat(middle, points))

    plans = shapely.transform(np.array([part.plan for part in local.parts], dtype=object), shift)
    shifted = tuple(replace(part, plan=plan) for part, plan in zip(local.parts, plans, strict=True))
    return origin, replace(local, parts=shifted)


def _stand(sifted: Sifted, options: FootprintOptions) -> tuple[list[_House], Sifted]:
    """Give every part its height and facade, and drop what hangs in the air."""
    houses, hanging = [], []
    repaired, dropped = list(sifted.repaired), list(sifted.dropped)
    for part in sifted.parts:
        height = read_height(part.properties, options.storey_m, options.default_height_m)
        if height.note:
            repaired.append((part.id, height.note))
        house = _House(part, height, _facade(part.properties, options.facade))
        base = parse_length(part.properties.get("min_height")) or 0.0
        if base >= height.metres:
            repaired.append(
                (part.id, f"min_height {base:g} m is not below its roof at {height.metres:g} m; took 0")
            )
            base = 0.0
        (hanging if base > PASSAGE_M else houses).append(house)
    grounded = shapely.STRtree([house.part.plan for house in houses])
    for house in hanging:
        plan = house.part.plan
        below = shapely.union_all(grounded.geometries[grounded.query(plan, predicate="intersects")])
        if plan.intersection(below).area >= CARRIED * plan.area:
            houses.append(house)
        else:
            base = house.part.properties["min_height"]
            dropped.append((house.part.id, f"hangs over open ground at {base} m (min_height)"))
    return houses, replace(sifted, repaired=tuple(repaired), dropped=tuple(dropped))


def _facade(properties: Mapping[str, Any], default: str) -> str:
    said = properties.get("building:facade:material", properties.get("building:material", ""))
    return FACADES.get(str(said).lower(), default)


def _buildings(united: list[United], houses: list[_House]) -> tuple[Building, ...]:
    """Name the outlines: "a+b" for several footprints, "a/2" for the second piece that a higher one left of a."""
    buildings = []
    pieces: dict[str, int] = {}
    for one in united:
        members = [houses[i] for i in one.members]
        name = "+".join(house.part.id for house in members)
        pieces[name] = pieces.get(name, 0) + 1
        outline, courtyards = rings_of(one.plan)
        buildings.append(
            Building(
                name if pieces[name] == 1 else f"{name}/{pieces[name]}",
                outline,
                members[0].height.metres,
                members[0].base_m,
                facade=members[0].facade,
                courtyards=courtyards,
                height_guessed=any(house.height.source == "guess" for house in members),
            )
        )
    return tuple(buildings)


def _bounds(plans: list[shapely.Polygon], margin_m: float) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds(plans).tolist()
    return (west - margin_m, south - margin_m, east + margin_m, north + margin_m)


def _account(
    path: str, read: int, houses: list[_House], united: list[United], sifted: Sifted
) -> ImportAccount:
    sources = [house.height.source for house in houses]
    return ImportAccount(
        source=path,
        read=read,
        footprints=len(houses),
        buildings=len(united),
        united=tuple(tuple(houses[i].part.id for i in one.members) for one in united if len(one.members) > 1),
        repaired=sifted.repaired,
        dropped=sifted.dropped,
        heights_measured=sources.count("height"),
        heights_from_levels=sources.count("levels"),
        heights_guessed=sources.count("guess"),
    )
