"""Sources, sensors and maps as users do give them, through the command: a clear answer or one clear line and exit 2."""

import json

import numpy as np
import pytest

from scenes.block import Origin
from scenes.frame import local_to_lonlat
from testbed.cli import main
from tests.scenes.geotiffs import write_geotiff

CORNER = Origin(-71.08, 42.35)
HOUSE = [(0, 0), (30, 0), (30, 20), (0, 20)]
BOW_TIE = [(60, 0), (90, 20), (90, 0), (60, 20)]
PINCHED = [(60, 0), (100, 0), (100, 20), (80, 20), (85, 10), (75, 10), (80, 20), (60, 20)]

SHED = [(140, 50), (150, 50), (150, 60), (140, 60)]


def lonlat(points):
    return local_to_lonlat(CORNER, points).tolist()


def write_map(path, *houses):
    features = [
        {
            "type": "Feature",
            "properties": {"height": height},
            "geometry": {"type": "Polygon", "coordinates": [lonlat([*ring, ring[0]])]},
        }
        for ring, height in houses
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def render(folder, houses, shot, sensors, *more):
    """Render a shot at (x, y, height above ground) heard at sensors (x, y, height); return the exit code."""
    write_map(folder / "town.geojson", *houses, (SHED, 4.0))
    ((lon, lat),) = lonlat([shot[:2]])
    event = f"{{kind: pistol-9mm, time_s: 1.0, lon: {lon!r}, lat: {lat!r}, z_agl: {shot[2]}}}"
    places = zip(lonlat([sensor[:2] for sensor in sensors]), sensors, strict=True)
    mounts = [f"M{k},{x!r},{y!r},{sensor[2]}" for k, ((x, y), sensor) in enumerate(places)]
    (folder / "mounts.csv").write_text("\n".join(["id,lon,lat,z_agl", *mounts]) + "\n")
    return main(
        [
            "render", f"scene.buildings={folder / 'town.geojson'}", "schedule=list", f"schedule.events=[{event}]",
            "layout=file", f"layout.file={folder / 'mounts.csv'}", "duration_s=3", "rate_hz=8000", "workers=1",
            "ambient.passers_per_min=0", *more, f"out={folder / 'out'}",
        ]
    )  # fmt: skip


def heard_by(folder):
    (event,) = json.loads((folder / "out" / "truth.json").read_text())["events"]
    return event["heard"]


STREET, SENSORS = (-10.0, -10.0, 1.5), [(-15.0, 40.0, 4.0), (45.0, 10.0, 4.0), (130.0, 30.0, 6.0)]


@pytest.mark.parametrize(
    ("shot", "where"),
    [
        ((15.0, 10.0, 9.0), "on the roof"),
        ((15.0, 10.0, 400.0), "above everything"),
        ((0.0, 10.0, 1.5), "on a wall line"),
        ((0.0, 0.0, 9.0), "on the corner of a roof"),
    ],
)
def test_every_sensor_hears_a_source_in_an_odd_place(tmp_path, shot, where):
    assert render(tmp_path, [(HOUSE, 9.0)], shot, SENSORS) == 0, where
    heard = heard_by(tmp_path)
    assert set(heard) == {"M0", "M1", "M2"}
    for row, sensor in zip(heard.values(), SENSORS, strict=True):
        assert row["time_s"] - 1.0 >= np.linalg.norm(np.subtract(sensor, shot)) / 350.0


@pytest.mark.parametrize("z", [0.0, 1.5, 8.9])
def test_a_source_inside_a_house_is_one_line(tmp_path, capfd, z):
    assert render(tmp_path, [(HOUSE, 9.0)], (15.0, 10.0, z), SENSORS) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "event 'E01'" in line
    assert "lies inside building 'feature1' (9.0 m high)" in line
    assert not (tmp_path / "out").exists()


def test_a_sensor_on_a_wall_line_hears_and_one_inside_is_one_line(tmp_path, capfd):
    assert render(tmp_path, [(HOUSE, 9.0)], STREET, [(0.0, 10.0, 4.0), (30.0, 10.0, 4.0)]) == 0
    capfd.readouterr()
    front, rear = (heard_by(tmp_path)[name] for name in ("M0", "M1"))
    assert front["path"] == "direct"
    assert rear["path"] != "direct"
    assert render(tmp_path, [(HOUSE, 9.0)], STREET, [(0.01, 10.0, 4.0)]) == 2
    assert "lies inside building 'feature1'" in capfd.readouterr().err
    assert render(tmp_path, [(HOUSE, 9.0)], STREET, [(10.0, 10.0, 4.0)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "M0" in line
    assert "feature1" in line


@pytest.mark.parametrize("height", [0.0, -3.0])
def test_a_footprint_without_height_is_told_and_stands_at_the_default(tmp_path, capfd, height):
    assert render(tmp_path, [(HOUSE, 9.0), (np.add(HOUSE, (60, 0)).tolist(), height)], STREET, SENSORS) == 0
    told = capfd.readouterr()
    assert f"feature2: height {height} is not 1 to 830 m; took the default 9.6 m" in told.out + told.err
    assert len(heard_by(tmp_path)) == len(SENSORS)


@pytest.mark.parametrize("ring", [BOW_TIE, PINCHED])
def test_a_footprint_that_touches_itself_is_mended_and_told(tmp_path, capfd, ring):
    assert render(tmp_path, [(HOUSE, 9.0), (ring, 9.0)], STREET, SENSORS) == 0
    told = capfd.readouterr()
    assert "self-intersection mended" in told.out + told.err
    assert len(heard_by(tmp_path)) == len(SENSORS)


@pytest.mark.parametrize("verb", ["render", "run"])
def test_terrain_that_covers_half_the_block_is_one_line(tmp_path, capfd, verb):
    write_map(tmp_path / "town.geojson", (HOUSE, 9.0), (np.add(HOUSE, (200, 0)).tolist(), 9.0))
    write_geotiff(tmp_path / "half.tif", np.full((60, 30), 10.0, np.float32), -71.083, 42.353, 1e-4)
    scene = [f"scene.buildings={tmp_path / 'town.geojson'}", f"scene.terrain={tmp_path / 'half.tif'}"]
    assert main([verb, *scene, f"out={tmp_path / 'out'}"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "half.tif: has no heights for" in line
    assert not (tmp_path / "out").exists()


def test_a_block_of_five_kilometres_is_heard_by_every_sensor(tmp_path):
    """2500 houses; sensors up to 600 m from the shot, through the command."""
    rows = np.arange(0.0, 5000.0, 100.0)
    houses = [
        (np.add(np.array(HOUSE) * 2, (x, y)).tolist(), 6.0 + (x + 3 * y) % 17) for x in rows for y in rows
    ]
    sensors = [(2580.0 + 100.0 * k, 2480.0, 6.0) for k in range(-6, 7)]
    assert render(tmp_path, houses, (2580.0, 2550.0, 1.5), sensors) == 0
    assert len(heard_by(tmp_path)) == len(sensors)
