"""The paths of one pair: what the verb writes, draws, prints and refuses."""

import csv
import dataclasses
import math

import numpy as np
import pytest
from matplotlib.image import imread

from scenes.air import Air
from scenes.block import Block, Building, Ground
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Microphone, Sensor
from scenes.terrain import Terrain
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions
from testbed.cli import main
from testbed.pair_sound import hear_pair
from testbed.path_panels import cut_buildings, envelope, spread_out
from testbed.path_picture import draw_paths, routes_of
from testbed.path_table import format_paths, path_rows, way

GRID = [
    "scene=grid-v1", "scene.blocks_x=2", "scene.blocks_y=2", "layout=list", "layout.ids=[S1,S2]",
    "layout.positions_m=[[0,30,6],[-60,0,6]]", "rate_hz=16000",
]  # fmt: skip
TALL = Building("tall", np.array([(-10.0, -30.0), (10.0, -30.0), (10.0, 30.0), (-10.0, 30.0)]), 12.0)
BLOCK = Block("wall-v1", (TALL,), (-100.0, -100.0, 100.0, 100.0))
SENSOR = Sensor("S1", (40.0, 0.0, 6.0), microphone=Microphone(rate_hz=16_000))
SCENE = Scene(BLOCK, (SENSOR,), air=Air())
BANG = Event("source", "source", "firecracker", 0.0, (-40.0, 0.0, 1.5))


def hear(bang=BANG, **departures):
    return hear_pair(SCENE, bang, SENSOR, dataclasses.replace(PathOptions(), **departures))


@pytest.fixture(scope="module")
def sound():
    return hear()


def test_the_verb_writes_a_picture_and_a_table(capfd, tmp_path):
    out = tmp_path / "out"
    assert main(["paths", *GRID, "source=[0,0,1.5]", "sensor=S1", f"out={out}"]) == 0
    said = capfd.readouterr().out
    assert "sensor S1 at [0.0, 30.0, 6.0], 30.3 m apart" in said
    with (out / "paths.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == list(range(1, len(rows) + 1))
    assert (rows[0]["kind"], rows[0]["ground_bounces"]) == ("direct", "0")
    assert float(rows[0]["length_m"]) == pytest.approx(math.hypot(30.0, 4.5), abs=1e-5)
    delays = [float(row["delay_s"]) for row in rows]
    assert delays == sorted(delays)
    assert imread(out / "paths.png").shape[:2] == (1000, 1700)
    assert {path.name for path in out.iterdir()} == {"paths.png", "paths.csv", ".hydra"}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["sensor=S1"], ["source=[x,y,z]"]),
        (["source=[0,0]", "sensor=S1"], ["source=[x,y,z]", "[0.0, 0.0]"]),
        (["source=[0,0,1.5]"], ["sensor=ID", "S1, S2"]),
        (["source=[0,0,1.5]", "sensor=S11"], ["sensor=S11", "did you mean S1"]),
        (["source=[12,12,1.5]", "sensor=S1"], ["'source'", "lies inside building"]),
        (["source=[0,9000,1.5]", "sensor=S1"], ["'source'", "outside the block"]),
        (["source=[0,0,-1]", "sensor=S1"], ["'source'", "under the ground"]),
        (["source=[0,0,1.5]", "sensor=S1", "kind=pistol-9"], ["kind=pistol-9", "did you mean pistol-9mm"]),
    ],
)
def test_a_pair_that_cannot_be_is_refused_in_a_line(overrides, said, capfd, tmp_path):
    assert main(["paths", *GRID, *overrides, f"out={tmp_path / 'out'}"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert all(text in lines[0] for text in said)
    assert list(tmp_path.iterdir()) == []


def test_levels_of_single_paths_explain_the_whole(sound):
    assert sound.level_db <= 20.0 * math.log10(sum(10.0 ** (p.level_db / 20.0) for p in sound.paths)) + 0.01
    assert sound.level_db >= max(p.level_db for p in sound.paths) - 6.0
    middles, levels = envelope(sound)
    assert middles[np.argmax(levels)] == pytest.approx(
        max(sound.paths, key=lambda p: p.level_db).delay_s, abs=0.005
    )
    assert levels.max() == pytest.approx(sound.level_db, abs=1.5)  # behind the microphone's high-pass


def test_nothing_is_heard_before_the_first_path(sound):
    time_s = sound.start_s + np.arange(len(sound.pressure_pa)) / sound.rate_hz
    before = np.abs(sound.pressure_pa[time_s < sound.paths[0].delay_s - 0.001])
    assert len(before) > 0
    assert before.max() < 1e-3 * np.abs(sound.pressure_pa).max()


def test_without_walls_the_gain_is_that_of_distance_and_air():
    open_field = dataclasses.replace(SCENE, block=Block("field-v1", (), BLOCK.bounds_m))
    alone = hear_pair(open_field, BANG, SENSOR, PathOptions(ground=False))
    (path,) = alone.paths
    distance = math.dist(BANG.position_m, SENSOR.position_m)
    assert path.length_m == pytest.approx(distance, abs=1e-9)
    assert path.gain_db[0] == pytest.approx(-20.0 * math.log10(distance), abs=0.05)
    assert np.all(np.diff(path.gain_db) < 0.0)
    assert alone.level_db == pytest.approx(path.level_db, abs=0.01)


def test_the_string_over_the_roof_touches_both_eaves(sound):
    assert sound.roof_m[:, 0] == pytest.approx([-40.0, -10.0, 10.0, 40.0])
    assert sound.roof_m[:, 2] == pytest.approx([1.5, 12.0, 12.0, 6.0])
    string = math.hypot(30.0, 10.5) + 20.0 + math.hypot(30.0, 6.0)
    kept = [p for p in sound.paths if p.kind is PathKind.ROOF and p.ground_bounces == 0]
    assert [p.length_m for p in kept] == [pytest.approx(string)]


def test_the_cut_shows_the_building():
    slices = cut_buildings(SCENE, np.array(BANG.position_m), np.array(SENSOR.position_m))
    assert slices == [(pytest.approx(30.0), pytest.approx(50.0), 0.0, 12.0)]


def test_paths_that_differ_by_the_ground_share_a_line_on_the_map(sound):
    routes = routes_of(sound.paths)
    assert sorted(n for route in routes for n in route.numbers) == [p.number for p in sound.paths]
    over = [route for route in routes if route.kind is PathKind.ROOF and len(route.plan_m) == 4]
    assert len(over) == 1
    assert len(over[0].numbers) > 1
    assert routes[-1].level_db == max(p.level_db for p in sound.paths)


def test_the_rows_and_the_table_tell_the_same(sound):
    rows = path_rows(sound.paths)
    assert rows["level_db"].to_list() == [p.level_db for p in sound.paths]
    assert rows["vertices_m"][0].count(";") == len(sound.paths[0].vertices_m) - 1
    lines = format_paths(sound, 80.0, shown=3).splitlines()
    assert len(lines) == 4
    loudest = max(sound.paths, key=lambda p: p.level_db)
    assert lines[1].split()[:3] == [
        str(loudest.number),
        f"{1e3 * loudest.delay_s:.1f}",
        f"{loudest.level_db:.1f}",
    ]
    assert way(loudest) in lines[1]


def test_a_bang_of_several_parts_says_which_path_is_whose():
    rifle = dataclasses.replace(
        BANG, kind="rifle-223", position_m=(20.0, -60.0, 1.5), traits={"azimuth_deg": 90.0}
    )
    heard = hear(rifle, reflection_order=0, reflected_diffraction=False)
    assert {path.part for path in heard.paths} == {1, 2, 3}  # blast, shock, the shock off the ground
    assert "part" in format_paths(heard, 60.0, shown=2)
    assert heard.paths[0].part == 2  # the shock comes before the blast


@pytest.mark.parametrize("place", [(-40.0, 0.0, 1.5), (40.0, 0.0, 1.5), (39.0, -50.0, 80.0)])
def test_any_pair_can_be_drawn(place, tmp_path):
    bang = dataclasses.replace(BANG, position_m=place)
    draw_paths(tmp_path / "p.png", SCENE, bang, SENSOR, hear(bang), shown=5)
    picture = imread(tmp_path / "p.png")
    assert np.ptp(picture[..., :3]) > 0.9


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_spread_and_stay_near(seed):
    wanted = np.sort(np.random.default_rng(seed).uniform(size=12))
    spread = spread_out(wanted, 0.05)
    assert np.all(np.diff(spread) >= 0.05 - 1e-12)
    assert spread[0] >= 0.0
    assert spread[-1] <= 1.0
    apart = np.linspace(0.0, 1.0, 12)
    assert spread_out(apart, 0.05) == pytest.approx(apart)


@pytest.mark.parametrize(("place", "found"), [("[0,0,1.5]", True), ("[0,-60,1.5]", False)])
def test_the_other_engine_draws_a_pair_too(place, found, capfd, tmp_path):
    blocked = [*GRID[:-2], "layout.positions_m=[[0,30,6],[100,0,6]]", GRID[-1]]
    pair = ["propagation=pyroomacoustics", f"source={place}", "sensor=S2", f"out={tmp_path / 'out'}"]
    assert main(["paths", *blocked, *pair]) == 0
    assert ("direct" in capfd.readouterr().out) is found
    assert imread(tmp_path / "out" / "paths.png").shape[:2] == (1000, 1700)


def test_over_a_hill_the_cut_and_the_string_follow_it(tmp_path):
    at = np.linspace(-100.0, 100.0, 41)
    hill = Terrain(-100.0, -100.0, (5.0, 5.0), np.tile(np.maximum(20.0 - 0.4 * np.abs(at), 0.0), (41, 1)))
    scene = dataclasses.replace(SCENE, block=Block("hill-v1", (), BLOCK.bounds_m, Ground(terrain=hill)))
    heard = hear_pair(scene, dataclasses.replace(BANG, position_m=(-60.0, 0.0, 1.5)), SENSOR, PathOptions())
    assert heard.roof_m == pytest.approx(np.array([(-60, 0, 1.5), (0, 0, 20), (40, 0, 6)], float))
    assert {p.kind for p in heard.paths} == {PathKind.ROOF}
    assert all(len(route.plan_m) == 3 for route in routes_of(heard.paths))
    draw_paths(tmp_path / "p.png", scene, BANG, SENSOR, heard, shown=5)
