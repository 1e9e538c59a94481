import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from scenes.block import Origin
from scenes.errors import BadInput
from scenes.footprints import FootprintOptions, read_footprints
from scenes.frame import local_to_lonlat, lonlat_to_local
from scenes.walls import is_inside, plan_polygons

REAL = Path(__file__).parents[2].parent / "shared" / "real" / "neighbourhoods"
HERE = Origin(6.15, 46.2)
OPTIONS = FootprintOptions(origin=HERE)


def box(west: float, south: float, east: float, north: float) -> list:
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return local_to_lonlat(HERE, ring).tolist()


def feature(name: str, rings: list, **properties) -> dict:
    geometry = {"type": "Polygon", "coordinates": rings}
    return {"type": "Feature", "properties": {"id": name, **properties}, "geometry": geometry}


@pytest.fixture
def read(tmp_path):
    def reader(*features: dict, **more):
        path = tmp_path / "town.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **more}))
        return read_footprints(path, OPTIONS)

    return reader


def names(block) -> dict:
    return {building.id: building for building in block.buildings}


def test_projection_keeps_distances_and_returns():
    # One degree of latitude at 46.2 deg is 111.15 km on WGS84 (series of Snyder 1987, eq. 3-21).
    phi = np.radians(46.2)
    degree = 111132.954 - 559.822 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)
    north = lonlat_to_local(HERE, [6.15, 46.21])[0]
    assert north == pytest.approx([0.0, 0.01 * degree], abs=0.01)
    points = np.array([(300.0, -450.0), (-4000.0, 20.0)])
    assert lonlat_to_local(HERE, local_to_lonlat(HERE, points)) == pytest.approx(points, abs=1e-6)


def test_one_house(read):
    block, account = read(feature("a", [box(10, 20, 30, 50)], height=12))
    (building,) = block.buildings
    assert building.height_m == 12.0
    assert not building.height_guessed
    assert building.outline == pytest.approx(
        np.array([(10, 20), (30, 20), (30, 50), (10, 50)], float), abs=2e-3
    )
    assert (account.read, account.footprints, account.buildings, account.heights_measured) == (1, 1, 1, 1)


def test_row_houses_of_one_height_are_united(read):
    row = [feature(f"h{i}", [box(10 * i, 0, 10 * i + 10, 12)], height=9) for i in range(4)]
    block, account = read(*row)
    (building,) = block.buildings
    assert building.id == "h0+h1+h2+h3"
    assert len(building.outline) == 4
    assert account.united == (("h0", "h1", "h2", "h3"),)


def test_party_wall_between_heights_is_shared_vertex_for_vertex(read):
    block, _ = read(
        feature("low", [box(0, 0, 10, 30)], height=6), feature("high", [box(10, 10, 20, 20)], height=20)
    )
    low, high = names(block)["low"], names(block)["high"]
    shared = {tuple(p) for p in low.outline} & {tuple(p) for p in high.outline}
    assert len(shared) == 2
    assert len(low.outline) == 6
    assert shapely.coverage_is_valid(plan_polygons(block))


def test_slots_that_no_ray_should_pass_are_closed(read):
    block, _ = read(
        feature("a", [box(0, 0, 10, 30)], height=6), feature("b", [box(10.2, 0, 20, 30)], height=20)
    )
    plans = plan_polygons(block)
    assert shapely.area(plans).sum() == pytest.approx(600.0, abs=0.1)
    assert shapely.coverage_is_valid(plans)
    assert is_inside(block, [(10.1, 15.0, 5.0)])[0]
    assert not is_inside(block, [(10.1, 15.0, 7.0)])[0], "the lower house closes the slot"


def test_passages_stay_open(read):
    block, _ = read(feature("a", [box(0, 0, 10, 30)], height=6), feature("b", [box(11, 0, 20, 30)], height=6))
    assert not is_inside(block, [(10.5, 15.0)])[0]


def test_the_higher_of_overlapping_footprints_has_the_ground(read):
    block, _ = read(
        feature("base", [box(0, 0, 30, 30)], height=6), feature("tower", [box(10, 10, 20, 20)], height=40)
    )
    assert shapely.area(plan_polygons(block)).sum() == pytest.approx(900.0, abs=0.1)
    assert len(names(block)["base"].courtyards) == 1
    assert is_inside(block, [(15.0, 15.0, 30.0)])[0]
    assert not is_inside(block, [(5.0, 5.0, 30.0)])[0]


def test_a_footprint_cut_in_two_keeps_its_name(read):
    block, account = read(
        feature("wide", [box(0, 0, 30, 5)], height=5), feature("bar", [box(10, -5, 20, 9)], height=9)
    )
    assert sorted(names(block)) == ["bar", "wide", "wide/2"]
    assert account.footprints == 2


def test_courtyards(read):
    block, _ = read(feature("c", [box(0, 0, 40, 40), box(10, 10, 30, 30)], height=10))
    assert len(block.buildings[0].courtyards) == 1
    assert not is_inside(block, [(20.0, 20.0)])[0]


def test_a_bow_tie_is_mended_and_said(read):
    tie = local_to_lonlat(HERE, [(0, 0), (20, 20), (20, 0), (0, 20), (0, 0)]).tolist()
    block, account = read(feature("tie", [tie], height=8))
    assert [note[0] for note in account.repaired] == ["tie"]
    assert shapely.area(plan_polygons(block)).sum() == pytest.approx(200.0, abs=0.1)


def test_what_is_no_building_is_dropped_by_name(read):
    bad = [
        feature("roof", [box(50, 0, 60, 10)], building="roof"),
        feature("site", [box(50, 0, 60, 10)], building="construction"),
        feature("line", [box(50, 0, 60, 10)[:2]]),
        feature("nan", [[[6.15, None], [6.16, 46.2], [6.15, 46.21]]]),
        feature("far", [[[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.85]]]),
        feature("metres", [[[500000, 5e6], [500010, 5e6], [500010, 5000010], [500000, 5e6]]]),
        feature("skywalk", [box(100, 0, 130, 5)], height=9, min_height=6),
        feature("speck", [box(200, 0, 200.5, 0.5)]),
        {
            "type": "Feature",
            "properties": {"id": "tree"},
            "geometry": {"type": "Point", "coordinates": [6.15, 46.2]},
        },
        {"type": "Feature", "properties": None, "geometry": None},
        "nonsense",
    ]
    good = [feature(f"g{i}", [box(20 * i, 40, 20 * i + 10, 50)], height=10) for i in range(3)]
    block, account = read(*good, *bad)
    assert sorted(names(block)) == ["g0", "g1", "g2"]
    dropped = dict(account.dropped)
    assert set(dropped) == {
        *("roof", "site", "line", "nan", "far", "metres", "skywalk", "speck", "tree"),
        *("feature13", "feature14"),
    }
    assert "km" in dropped["far"]
    assert account.read == 14
    text = "\n".join(account.lines())
    assert "dropped: 11" in text
    assert "roof" in text


def test_parts_stacked_on_a_building_count(read):
    block, account = read(
        feature("podium", [box(0, 0, 30, 30)], height=10),
        feature("top", [box(5, 5, 15, 15)], height=50, min_height=10),
    )
    assert not account.dropped
    assert is_inside(block, [(10.0, 10.0, 30.0)])[0]


def test_guesses_are_counted(read):
    block, account = read(
        feature("measured", [box(0, 0, 10, 10)], height=12, height_source="height"),
        feature("levels", [box(20, 0, 30, 10)], **{"building:levels": "4"}),
        feature("default", [box(40, 0, 50, 10)], height=12.8, height_source="default"),
        feature("absurd", [box(60, 0, 70, 10)], height=900),
        feature("feet", [box(80, 0, 90, 10)], height="40'"),
    )
    assert (account.heights_measured, account.heights_from_levels, account.heights_guessed) == (2, 1, 2)
    assert [b.id for b in block.buildings if b.height_guessed] == ["default", "absurd"]
    assert {name for name, _ in account.repaired} == {"absurd", "feet"}
    assert names(block)["levels"].height_m == pytest.approx(12.8)


def test_ids_that_occur_twice_and_many_polygons(read):
    pair = {"type": "MultiPolygon", "coordinates": [[box(0, 0, 9, 9)], [box(20, 0, 29, 9)]]}
    block, _ = read(
        {"type": "Feature", "id": 7, "properties": {"height": 5}, "geometry": pair},
        feature("x", [box(40, 0, 49, 9)]),
        feature("x", [box(60, 0, 69, 9)]),
    )
    assert sorted(names(block)) == ["7.1", "7.2", "x", "x#2"]


def test_a_block_across_the_date_line(tmp_path):
    ring = [[179.999, -17.0], [-179.999, -17.0], [-179.999, -16.999], [179.999, -16.999], [179.999, -17.0]]
    path = tmp_path / "fiji.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature("f", [ring], height=5)]}))
    block, _ = read_footprints(path)
    assert block.area_km2 < 0.1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1, 2]", "FeatureCollection"),
        ('{"type": "Feature"}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', "no building"),
        (
            '{"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:2056"}}, "features": []}',
            "EPSG:2056",
        ),
    ],
)
def test_files_that_are_none(tmp_path, text, said):
    path = tmp_path / "bad.geojson"
    path.write_text(text)
    with pytest.raises(BadInput, match=said) as caught:
        read_footprints(path)
    assert "bad.geojson" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        read_footprints(tmp_path / "none.geojson")


def test_projected_coordinates_are_refused(read):
    ring = [[2500000.0, 1118000.0], [2500010.0, 1118000.0], [2500010.0, 1118010.0], [2500000.0, 1118000.0]]
    with pytest.raises(BadInput, match="longitude"):
        read(feature("a", [ring], height=5))


@pytest.mark.parametrize(
    ("place", "features", "footprints", "measured", "levels", "guesses"),
    [
        ("chicago_loop", 350, 350, 67, 191, 92),
        ("boston_back_bay", 1736, 1735, 30, 150, 1555),
        ("geneva_old_town", 830, 830, 0, 67, 763),
    ],
)
def test_real_neighbourhoods(place, features, footprints, measured, levels, guesses):
    path = REAL / f"{place}_buildings.geojson"
    if not path.exists():
        pytest.skip("the real neighbourhoods are not here")
    block, account = read_footprints(path)
    assert (account.read, account.footprints) == (features, footprints)
    assert (account.heights_measured, account.heights_from_levels, account.heights_guessed) == (
        measured,
        levels,
        guesses,
    )
    assert account.footprints + len(account.dropped) == features
    plans = plan_polygons(block)
    assert shapely.is_valid(plans).all()
    assert shapely.coverage_is_valid(plans)
    assert shapely.area(plans).min() >= 1.0
    raw = json.loads(path.read_text())["features"]
    assert block.origin is not None
    area = sum(
        shapely.Polygon(
            lonlat_to_local(block.origin, rings[0]), [lonlat_to_local(block.origin, r) for r in rings[1:]]
        ).area
        for rings in (one["geometry"]["coordinates"] for one in raw)
    )
    assert shapely.area(plans).sum() == pytest.approx(area, rel=5e-3)
