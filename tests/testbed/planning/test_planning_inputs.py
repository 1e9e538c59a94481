"""Files that planners bring: read as they are meant, mistakes told by id."""

import base64
import json

import numpy as np
import pyogrio.raw
import pyproj
import pytest
import shapely

from scenes.block import Block, Building, Origin
from scenes.errors import BadInput
from scenes.footprints import read_footprints
from scenes.map_file import read_map
from testbed.cli import main
from testbed.planning import study
from testbed.planning.mount_table import propose_mounts, read_mount_table
from testbed.planning.street_cells import forbid, lay_cells

LON, LAT = -71.08, 42.35
OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lat="42.3500" lon="-71.0800"/><node id="2" lat="42.3500" lon="-71.0798"/>
 <node id="3" lat="42.3502" lon="-71.0798"/><node id="4" lat="42.3502" lon="-71.0800"/>
 <node id="5" lat="42.3510" lon="-71.0800"/><node id="6" lat="42.3510" lon="-71.0798"/>
 <node id="7" lat="42.3512" lon="-71.0798"/><node id="8" lat="42.3512" lon="-71.0800"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
  <tag k="building" v="yes"/><tag k="height" v="40'"/></way>
 <way id="11"><nd ref="5"/><nd ref="6"/><tag k="building" v="yes"/></way>
 <way id="12"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="8"/><nd ref="5"/><tag k="building" v="roof"/></way>
 <way id="13"><nd ref="1"/><nd ref="5"/><tag k="highway" v="residential"/></way>
</osm>
"""

# Written by osmium: heights "40'" and "12;14", a construction site, a roof, a bow tie, a house 500 km off, one with 4
# levels, a way of 2 points, a street.
PBF = (
    "AAAADQoJT1NNSGVhZGVyGDsQLxo3eJxT4vMvzg1OzkjNTdQNM9AzU+JySc0rTvXLT0ktbmIUyMlMyi/OzSzN1TfSMzLWMwQAX2cOkwAAAAwKB0"
    "9TTURhdGEYjQEQ/gIahwF4nONi4WLgYhD6yiT0iYlLQYyJiYkPB1YCYq1VjFwKjASAkAIDASBFUIUSQRVaCkwEVDhZNew7s4OZ4QI/w3l+dPLD"
    "CqYL/Of5L/B/6J2jAhKY/xtC348FkV7OB1ZetlogzzBffsEcRqz0/SvMYPrAxYfKYMb/GfchjPNtEJkggp4AAKKONn4AAAAMCgdPU01EYXRhGN"
    "MBENoCGs0BeJxtzksKwjAUheHepGnjtaB0IFIfiBPFkUpHCg5cgjuoGm2gtNCHootwOa7LJRhCHAQcf5zDjwId5MdGZmeZX9FLhbymNdKHqJDG"
    "y5lStlpvVzEGpyKv6rI51bLI0S2L4oKd33CTiZvIKoQY/VQ93JMHtktRybPIa5lk4QeiEYeQAIkIdafIoev0nYkzZ3vWI4QwxcSwZ/NC84DTEC"
    "AC38adQVcjt/FgkGmkNl4Mev/wqXHMfZXUUklosfcC7UPeCqEdQWDrW+sXEG8uUwAAAAsKB09TTURhdGEYQRA5Gj14nONi4WLgYhAyFNLnYu7i"
    "Y9IS4WJiZBRiYmCQAmIlINZiYmJwYmvYd2YHM4MX24UXN6wu8AcBxQGu1Ql2AAAACwoHT1NNRGF0YRg+EDIaOnic4xLmYuDiSCrNzEnJzEvnYq"
    "5MLeZiEJKWkuTgEGJklGJkUuLiYBRgkGBQYNBgdmLu4mMCANmoBxg="
)


def town() -> Block:
    house = np.array([(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)])
    return Block(
        "town", (Building("h1", house, 12.0),), (-100.0, -100.0, 100.0, 100.0), origin=Origin(LON, LAT)
    )


def test_openstreetmap_is_read_and_what_is_no_building_named(tmp_path):
    file = tmp_path / "town.osm"
    file.write_text(OSM)
    block, account = read_footprints(file)
    assert [b.id for b in block.buildings] == ["w10"]
    assert block.buildings[0].height_m == pytest.approx(12.192)
    told = dict(account.dropped)
    assert "LineString" in told["w11"]
    assert "roof" in told["w12"]
    assert [f["properties"]["id"] for f in read_map(file, "lines")] == ["w13"]


def test_a_packed_file_with_all_that_openstreetmap_brings_is_read_and_told_by_id(tmp_path):
    file = tmp_path / "town.osm.pbf"
    file.write_bytes(base64.b64decode(PBF))
    block, account = read_footprints(file)
    heights = {b.id: b.height_m for b in block.buildings}
    assert set(heights) == {"w1", "w2", "w5.1", "w5.2", "w7"}  # a bow tie is two triangles
    assert heights["w1"] == pytest.approx(12.192)
    assert heights["w2"] == pytest.approx(14.0)
    repaired, dropped = dict(account.repaired), dict(account.dropped)
    assert set(repaired) == {"w1", "w2", "w5"}
    assert set(dropped) == {"w3", "w4", "w6", "w8"}
    assert "506 km" in dropped["w6"]
    assert [f["properties"]["id"] for f in read_map(file, "lines")] == ["w9"]


def test_entities_in_openstreetmap_files_are_refused(tmp_path):
    file = tmp_path / "bomb.osm"
    file.write_text('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><osm/>')
    with pytest.raises(BadInput, match="entities"):
        read_footprints(file)


def write_package(file, crs, shapes):
    pyogrio.raw.write(
        file,
        geometry=shapely.to_wkb(np.array(shapes)),
        field_data=[np.array([f"b{i}" for i in range(len(shapes))], dtype=object), np.full(len(shapes), 9.0)],
        fields=["id", "height"],
        layer="buildings",
        driver="GPKG",
        crs=crs,
        geometry_type="Polygon",
    )


def test_a_package_in_metres_comes_out_where_the_same_in_degrees_does(tmp_path):
    degrees = shapely.box(LON, LAT, LON + 0.0004, LAT + 0.0003)
    to_utm = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32619", always_xy=True)
    metres = shapely.transform(degrees, lambda p: np.column_stack(to_utm.transform(p[:, 0], p[:, 1])))
    write_package(tmp_path / "a.gpkg", "EPSG:4326", [degrees])
    write_package(tmp_path / "b.gpkg", "EPSG:32619", [metres])
    first, second = (read_footprints(tmp_path / f"{name}.gpkg")[0] for name in "ab")
    assert first.origin is not None
    assert second.origin is not None
    assert second.origin.lon == pytest.approx(first.origin.lon, abs=1e-6)
    np.testing.assert_allclose(first.buildings[0].outline, second.buildings[0].outline, atol=0.02)


def test_a_file_that_is_no_map_is_told(tmp_path):
    for name, text in (("a.gpkg", "nonsense"), ("b.osm.pbf", "nonsense"), ("c.shp", "")):
        (tmp_path / name).write_text(text)
        with pytest.raises(BadInput, match=name):
            read_footprints(tmp_path / name)


def test_mounts_inside_houses_are_dropped_by_name(tmp_path):
    file = tmp_path / "mounts.csv"
    file.write_text(
        f"id,lon,lat,z_agl,type,cost,allowed,installed\nin,{LON},{LAT},6,pole,2,yes,no\n"
        f"roof,{LON},{LAT},14,roof,3,no,yes\nout,{LON + 0.0006},{LAT},,pole,,,\nfar,{LON + 1},{LAT},6,pole,1,1,0\n"
    )
    table, notes = read_mount_table(file, town(), 5.0)
    assert table.ids.tolist() == ["roof", "out"]
    assert table.z_agl_m.tolist() == [14.0, 5.0]
    assert table.cost.tolist() == [3.0, 1.0]
    assert table.allowed.tolist() == [False, True]
    assert table.installed.tolist() == [True, False]
    told = dict(notes)
    assert "inside building 'h1'" in told["in"]
    assert "outside the block" in told["far"]


def test_feet_are_feet(tmp_path):
    file = tmp_path / "mounts.csv"
    file.write_text(f"id,lon,lat,z_agl\na,{LON + 0.0006},{LAT},20\n")
    table, _ = read_mount_table(file, town(), 5.0, feet=True)
    assert table.z_agl_m[0] == pytest.approx(6.096)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,lon,lat\na,1,x\n", "line 2"),
        ("id,lon,lat,cost\na,-71.0795,42.35,-3\n", "cost"),
        ("id,lon,lat,installed\na,-71.0795,42.35,maybe\n", "installed"),
        ("id,lon,lat,z_agl\na,-71.0795,42.35,high\n", "z_agl"),
        ("id,lon,lat\na,-71.0795,42.35\na,-71.0796,42.35\n", "again"),
        ("name,lon,lat\na,-71.0795,42.35\n", "columns"),
    ],
)
def test_mistakes_in_mounts_are_told(tmp_path, text, told):
    file = tmp_path / "mounts.csv"
    file.write_text(text)
    with pytest.raises(BadInput, match=told):
        read_mount_table(file, town(), 5.0)


def test_cells_lie_on_open_ground_and_are_as_many_as_wished():
    cells, _ = lay_cells(town(), None, 200)
    assert 150 < len(cells) <= 200
    assert cells.weight.sum() == pytest.approx(1.0)
    assert (np.abs(cells.position_m[:, :2]).max(axis=1) > 20.0).all()


def test_streets_zones_and_forbidden_areas(tmp_path):
    block = town()

    def write(name, geometry):
        feature = {"type": "Feature", "properties": {"id": name}, "geometry": geometry}
        file = tmp_path / f"{name}.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        return file

    street = write(
        "street",
        {"type": "LineString", "coordinates": [[LON - 0.001, LAT + 0.0005], [LON + 0.001, LAT + 0.0005]]},
    )
    ring = [[LON, LAT - 1], [LON + 1, LAT - 1], [LON + 1, LAT + 1], [LON, LAT + 1], [LON, LAT - 1]]
    east = write("east", {"type": "Polygon", "coordinates": [ring]})
    cells, _ = lay_cells(block, 8.0, 1000, streets=street, zones=east)
    assert np.ptp(cells.position_m[:, 1]) < 30.0
    assert set(cells.zone[cells.position_m[:, 0] > 1.0]) == {"east"}
    assert set(cells.zone[cells.position_m[:, 0] < -1.0]) == {""}
    held, _ = forbid(block, east, np.array([[50.0, 0.0], [-50.0, 0.0]]))
    assert held.tolist() == ["east", ""]


def test_proposals_stand_in_the_open_and_are_named():
    table = propose_mounts(town(), 40, 20.0, 6.0, ("pole", "roof"))
    assert len(set(table.ids.tolist())) == len(table)
    assert {"pole", "roof"} == set(table.type.tolist())
    assert (table.z_agl_m[table.type == "roof"] > 12.0).all()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["action=optimise"], "optimise wants count=N or budget=COST, or both"),
        (["action=optimise", "count=1000"], "count=1000: only "),
        (["action=map"], "no sensors: mounts=FILE has none installed"),
        (["action=accept", "count=1000"], "count=1000: only "),
    ],
)
def test_wishes_are_refused_before_the_levels_are_found(tmp_path, capsys, monkeypatch, words, told):
    def find_no_levels(*_given):
        raise AssertionError("the mistake was there to be seen before")

    monkeypatch.setattr(study, "find_levels", find_no_levels)
    assert main(["plan", *words, f"out={tmp_path / 'out'}"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("echoblock: ")]
    assert told in line
    assert list(tmp_path.iterdir()) == []


def test_a_plan_that_lacks_mounts_names_those_that_were_left_out(tmp_path, capsys):
    file = tmp_path / "mounts.csv"
    file.write_text(
        f"id,lon,lat\nin,{LON + 0.0001},{LAT + 0.0001}\nfar,{LON + 1},{LAT}\nout,{LON + 0.0003},{LAT}\n"
    )
    town_file = tmp_path / "town.osm"
    town_file.write_text(OSM)
    words = ["plan", "action=map", "scene=file", f"scene.buildings={town_file}", f"mounts={file}", "count=3"]
    assert main([*words, f"out={tmp_path / 'out'}"]) == 2
    told = capsys.readouterr().err
    assert "count=3: only 1 of 1 mounts may hold a sensor" in told
    assert "in: dropped: 6.0 m up inside building 'w10'" in told
    assert "far: dropped: lies outside the block" in told
