import json

import numpy as np
import pytest

from scenes.block import Block, Building, Origin
from scenes.blocks.crossroads import Crossroads
from scenes.errors import BadInput
from scenes.frame import local_to_lonlat
from scenes.layouts import LAYOUTS
from scenes.layouts.candidates import lampposts, parapets
from scenes.layouts.explicit import FileLayout, ListedLayout
from scenes.layouts.grid import RegularGrid
from scenes.layouts.lampposts import Lampposts
from scenes.layouts.random import RandomLayout
from scenes.streams import draw_stream
from scenes.walls import in_bounds, is_inside, wall_distance

PLACED = (
    Lampposts(),
    Lampposts(on="roof"),
    Lampposts(count=40),
    RegularGrid(),
    RegularGrid(count=7, on="roof"),
    RandomLayout(),
    RandomLayout(on="roof"),
)


@pytest.fixture(scope="module")
def block() -> Block:
    return Crossroads().build()


def rng(seed: int = 0) -> np.random.Generator:
    return draw_stream(seed, "layout")


def positions(mounts) -> np.ndarray:
    return np.array([mount.position_m for mount in mounts])


@pytest.mark.parametrize("layout", PLACED, ids=repr)
def test_layouts_place_as_many_as_asked_where_sensors_can_be(block, layout):
    mounts = layout.place(block, rng())
    places = positions(mounts)
    assert len(mounts) == layout.count
    assert len({mount.id for mount in mounts}) == layout.count
    assert not is_inside(block, places).any()
    assert in_bounds(block, places).all()
    if layout.on == "pole":
        assert wall_distance(block, places[:, :2]).min() >= 0.5
        assert set(places[:, 2]) == {6.0}
    else:
        # On a roof: inside in plan, a hand from the facade, above every roof there.
        assert is_inside(block, places[:, :2]).all()
        assert wall_distance(block, places[:, :2]).max() < 0.5
    assert mounts == layout.place(block, rng())


def test_every_layout_has_its_place_in_the_registry(block):
    assert set(LAYOUTS) == {"list", "file", "grid", "lampposts", "random"}
    assert {type(layout) for layout in PLACED} <= set(LAYOUTS.values())


def test_default_layout_covers_the_block(block):
    places = positions(Lampposts().place(block, rng()))[:, :2]
    everywhere = np.random.default_rng(0).uniform(-500.0, 500.0, (2000, 2))
    nearest = np.hypot(*(everywhere[:, None] - places[None]).transpose(2, 0, 1)).min(axis=1)
    # Ten disks that cover 1 km2 need a radius of 0.218 km at least (the best known covering of a square).
    assert nearest.max() < 350.0


def test_lamp_posts_stand_at_street_corners():
    house = np.array([(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)])
    block = Block("one", (Building("b", house, 10.0),), (-60.0, -60.0, 60.0, 60.0))
    posts = lampposts(block, 1000.0, 5.0)
    corners = {tuple(np.round(p, 6)) for p in posts[:, :2]}
    assert {(-22.0, -22.0), (22.0, -22.0), (22.0, 22.0), (-22.0, 22.0)} <= corners
    assert {tuple(np.round(p, 6)) for p in parapets(block)} == {
        (x, y, 11.5) for x in (-19.7, 19.7) for y in (-19.7, 19.7)
    }


def test_random_layouts_keep_their_distance(block):
    places = positions(RandomLayout(count=12, min_distance_m=150.0).place(block, rng(3)))[:, :2]
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + np.diag(np.full(12, np.inf))
    assert apart.min() >= 149.9
    other = positions(RandomLayout(count=12, min_distance_m=150.0).place(block, rng(4)))
    assert not np.allclose(other[:, :2], places)


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (Lampposts(count=100_000), r"only \d+ fit"),
        (Lampposts(count=0), "1 or more"),
        (RegularGrid(count=-1), "1 or more"),
        (RegularGrid(count=100_000, on="roof"), r"only \d+ fit"),
        (RandomLayout(count=50, min_distance_m=400.0), r"only \d+ fitted"),
        (Lampposts(on="sea"), "'sea'"),
        (ListedLayout(), "empty"),
        (ListedLayout(positions_m=((1.0, 2.0),)), r"\[x, y, z\]"),  # pyright: ignore[reportArgumentType] - the mistake
        (ListedLayout(positions_m=((1.0, 2.0, 3.0),), ids=("a", "b")), "2 ids for 1"),
        (FileLayout(), "no file"),
        (FileLayout("mounts.xlsx"), "accepted"),
        (FileLayout("absent.csv"), "cannot be read"),
    ],
    ids=repr,
)
def test_what_cannot_be_is_said_in_one_line(block, layout, said):
    with pytest.raises(BadInput, match=said) as caught:
        layout.place(block, rng())
    assert "\n" not in str(caught.value)


def test_a_list_is_taken_as_it_is(block):
    mounts = ListedLayout(positions_m=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)), ids=("a", "b")).place(block, rng())
    assert [(m.id, m.position_m) for m in mounts] == [("a", (1.0, 2.0, 3.0)), ("b", (4.0, 5.0, 6.0))]


def write(tmp_path, name: str, text: str) -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_csv_in_metres(tmp_path, block):
    file = write(tmp_path, "m.csv", "id,x,y,z,type\nA, 1.5, -2, 4,roof\nB,3,4,,\n")
    mounts = FileLayout(file).place(block, rng())
    assert [(m.id, m.position_m, m.type) for m in mounts] == [
        ("A", (1.5, -2.0, 4.0), "roof"),
        ("B", (3.0, 4.0, 6.0), "pole"),
    ]


def test_csv_and_geojson_in_degrees(tmp_path):
    origin = Origin(-71.08, 42.35)
    town = Block("t", (), (-500.0, -500.0, 500.0, 500.0), origin=origin)
    (lon, lat), *_ = local_to_lonlat(origin, [100.0, -200.0]).tolist()
    csv = write(tmp_path, "m.csv", f"id,lon,lat,z_agl\nA,{lon},{lat},7\n")
    point = {"type": "Feature", "properties": {"osm_id": "A", "z_agl": 7}}
    point["geometry"] = {"type": "Point", "coordinates": [lon, lat]}
    geo = write(tmp_path, "m.geojson", json.dumps({"type": "FeatureCollection", "features": [point]}))
    for file in (csv, geo):
        (mount,) = FileLayout(file).place(town, rng())
        assert mount.id == "A"
        assert mount.position_m == pytest.approx((100.0, -200.0, 7.0), abs=1e-4)


def test_a_count_chooses_among_usable_mounts(tmp_path, block):
    inside = block.buildings[0].outline.mean(axis=0)
    rows = [f"in,{inside[0]},{inside[1]},3", "far,9999,0,5"]
    rows += [f"p{i},{x},{y},5" for i, (x, y) in enumerate([(-20, 300), (-20, -300), (-20, -45), (106, 490)])]
    file = write(tmp_path, "m.csv", "id,x,y,z\n" + "\n".join(rows))
    assert len(FileLayout(file).place(block, rng())) == 6
    assert {m.id for m in FileLayout(file, count=4).place(block, rng())} == {"p0", "p1", "p2", "p3"}
    with pytest.raises(BadInput, match="has 4 mounts"):
        FileLayout(file, count=5).place(block, rng())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,x,y,z\n", "no mounts"),
        ("name,x\na,1\n", "columns"),
        ("id,lon,lat\na,6,46\n", "lies nowhere"),
        ("id,x,y,z\na,one,2,3\nb,1,nan,3\n,1,2,3\n", "line 2.*\n.*line 3.*\n.*line 4"),
        ("id,x,y,z\na,1,2,3\na,4,5,6\n", "'a' occurs more than once"),
    ],
)
def test_bad_csv(tmp_path, block, text, said):
    with pytest.raises(BadInput, match=said):
        FileLayout(write(tmp_path, "m.csv", text)).place(block, rng())
