"""Hills from a GeoTIFF, and what stands on them."""

import dataclasses
import json

import numpy as np
import pyproj
import pytest

from scenes.block import Block, Ground, Origin
from scenes.errors import BadInput
from scenes.footprints import FootprintOptions, read_footprints
from scenes.frame import local_to_lonlat
from scenes.geotiff import read_geotiff
from scenes.layouts.mount_file import read_mounts
from scenes.layouts.random import RandomLayout
from scenes.scene import Scene
from scenes.scene_check import check_scene
from scenes.schedules.event_record import events_from_records
from scenes.schedules.rates import Rates
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from scenes.terrain import Terrain
from scenes.terrain_file import read_terrain
from tests.scenes.geotiffs import write_geotiff

HERE = Origin(6.15, 46.2)
BOUNDS = (-300.0, -300.0, 300.0, 300.0)
LONLAT = {1024: 2, 1025: 1, 2048: 4326}
UTM32 = {1024: 1, 1025: 1, 3072: 32632}


def slope(x, y):
    """East 1 in 20, north 1 in 50, in local metres."""
    return 400.0 + x / 20.0 + y / 50.0


def sampled(epsg, left, top, step, shape):
    """Return the slope at the middles of samples of a raster in a frame."""
    x, y = np.meshgrid(left + (np.arange(shape[1]) + 0.5) * step, top - (np.arange(shape[0]) + 0.5) * step)
    lon, lat = pyproj.Transformer.from_crs(f"EPSG:{epsg}", "EPSG:4326", always_xy=True).transform(x, y)
    east, north = pyproj.Proj(proj="aeqd", ellps="WGS84", lon_0=HERE.lon, lat_0=HERE.lat)(lon, lat)
    return slope(np.asarray(east), np.asarray(north)).astype(np.float32)


@pytest.mark.parametrize(
    ("epsg", "keys", "left", "top", "step", "shape"),
    [
        (4326, LONLAT, 6.144, 46.204, 1e-4, (80, 120)),
        (32632, UTM32, 279_500.0, 5_121_200.0, 10.0, (140, 140)),
    ],
)
def test_a_raster_in_degrees_or_in_a_utm_zone_gives_the_ground(epsg, keys, left, top, step, shape, tmp_path):
    heights = sampled(epsg, left, top, step, shape)
    write_geotiff(tmp_path / "hill.tif", heights, left, top, step, keys=keys, compression="tiff_lzw")
    terrain = read_terrain(tmp_path / "hill.tif", HERE, BOUNDS)
    assert terrain.datum_m == pytest.approx(slope(-300.0, -300.0), abs=0.01)
    assert terrain.heights_m.min() == 0.0
    points = np.random.default_rng(0).uniform(-300.0, 300.0, (200, 2))
    assert terrain.height_at(points) == pytest.approx(slope(*points.T) - slope(-300.0, -300.0), abs=0.01)


def test_a_point_raster_starts_at_its_first_sample(tmp_path):
    heights = np.arange(12, dtype=np.float32).reshape(3, 4)
    for kind, shift in ((1, 0.5), (2, 0.0)):
        write_geotiff(tmp_path / "a.tif", heights, 8.0, 47.0, (0.25, 0.5), keys=LONLAT | {1025: kind})
        raster = read_geotiff(tmp_path / "a.tif")
        assert (raster.left, raster.top) == (8.0 + 0.25 * shift, 47.0 - 0.5 * shift)
        assert np.array_equal(raster.heights_m, heights)


def test_a_matrix_places_as_scale_and_tiepoint_do(tmp_path):
    matrix = (0.25, 0.0, 0.0, 8.0, 0.0, -0.5, 0.0, 47.0, *[0.0] * 7, 1.0)
    more = {"t33550": None, "t33922": None, "t34264": matrix}
    write_geotiff(tmp_path / "a.tif", np.ones((3, 4), np.float32), 0.0, 0.0, 1.0, **more)
    raster = read_geotiff(tmp_path / "a.tif")
    assert (raster.left, raster.top, raster.width, raster.height) == (8.125, 46.75, 0.25, 0.5)


@pytest.mark.parametrize(
    "kind", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64], ids=lambda kind: kind.__name__
)
def test_heights_of_any_number_and_compression(kind, tmp_path):
    heights = np.array([[3, 7, 250], [9, 1, 5]], dtype=kind)
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate"):
        write_geotiff(tmp_path / "a.tif", heights, 8.0, 47.0, 0.1, nodata="250", compression=compression)
        assert read_geotiff(tmp_path / "a.tif").heights_m == pytest.approx(
            np.array([[3, 7, np.nan], [9, 1, 5]], float), nan_ok=True
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"keys": {1024: 1, 3072: 32767}}, "frame of its own"),
        ({"keys": {1024: 2}}, "names no frame"),
        ({"keys": LONLAT | {4099: 9002}}, "not in m"),
        ({"keys": {1024: 1, 3072: 12345}}, "EPSG:12345 is no known frame"),
        ({"t33550": None}, "says not where it lies"),
        ({"t33550": None, "t33922": None, "t34264": (1.0, 0.2, *[0.0] * 14)}, "turned"),
    ],
)
def test_what_cannot_be_placed_is_refused_in_a_line(change, said, tmp_path):
    write_geotiff(tmp_path / "a.tif", np.ones((3, 4), np.float32), 6.0, 46.5, 0.1, **change)
    with pytest.raises(BadInput, match=said) as told:
        read_terrain(tmp_path / "a.tif", HERE, BOUNDS)
    assert "\n" not in str(told.value)
    assert "a.tif" in str(told.value)


def test_what_is_no_raster_of_heights_is_refused_in_a_line(tmp_path):
    (tmp_path / "text.tif").write_text("no TIFF at all")
    write_geotiff(tmp_path / "colours.tif", np.zeros((3, 4, 3), np.uint8), 6.0, 46.5, 0.1)
    write_geotiff(tmp_path / "row.tif", np.zeros((1, 4), np.float32), 6.0, 46.5, 0.1)
    whole = tmp_path / "whole.tif"
    write_geotiff(
        whole, np.random.default_rng(0).normal(size=(50, 50)), 6.0, 46.5, 0.1, compression="tiff_lzw"
    )
    (tmp_path / "half.tif").write_bytes(whole.read_bytes()[:3_000])
    for name in ("missing", "text", "colours", "row", "half"):
        with pytest.raises(BadInput, match=rf"{name}\.tif") as told:
            read_geotiff(tmp_path / f"{name}.tif")
        assert "\n" not in str(told.value)


def test_terrain_that_does_not_cover_the_block_is_refused_in_a_line(tmp_path):
    heights = np.ones((100, 100), np.float32)
    write_geotiff(tmp_path / "half.tif", heights, 6.15, 46.21, 1e-4)
    with pytest.raises(BadInput, match=r"half.tif: has no heights for 75\.\d % of the block") as told:
        read_terrain(tmp_path / "half.tif", HERE, BOUNDS)
    assert "\n" not in str(told.value)
    heights[50, 50] = -9999.0
    write_geotiff(tmp_path / "hole.tif", heights, 6.145, 46.205, 1e-4, nodata="-9999")
    with pytest.raises(BadInput, match="has no heights for"):
        read_terrain(tmp_path / "hole.tif", HERE, BOUNDS)


def test_a_profile_breaks_where_the_slope_does():
    across = np.maximum(30.0 - np.abs(np.arange(21) - 10) * 5.0, 0.0)
    terrain = Terrain(-100.0, -100.0, (10.0, 10.0), np.tile(across, (21, 1)))
    share, height = terrain.profile([-95.0, 3.0], [65.0, 3.0])
    assert np.all(np.diff(share) > 0.0)
    assert height.max() == 30.0
    assert -95.0 + 160.0 * share[height.argmax()] == pytest.approx(0.0)
    assert terrain.height_at([-500.0, 0.0]) == 0.0


@pytest.fixture
def town(tmp_path):
    """Return a maker of two touching houses, 8 m high, on a raster height(x, y) of 5 m."""

    def made(height):
        corners = [
            [(0, 0), (20, 0), (20, 20), (0, 20), (0, 0)],
            [(20, 0), (40, 0), (40, 20), (20, 20), (20, 0)],
        ]
        features = [
            {
                "type": "Feature",
                "properties": {"id": name, "height": 8},
                "geometry": {"type": "Polygon", "coordinates": [local_to_lonlat(HERE, ring).tolist()]},
            }
            for name, ring in zip("ab", corners, strict=True)
        ]
        (tmp_path / "town.geojson").write_text(
            json.dumps({"type": "FeatureCollection", "features": features})
        )
        lon, lat = np.meshgrid(6.148 + np.arange(60) * 1e-4, 46.203 - np.arange(60) * 1e-4)
        east, north = pyproj.Proj(proj="aeqd", ellps="WGS84", lon_0=HERE.lon, lat_0=HERE.lat)(lon, lat)
        raster = height(np.asarray(east), np.asarray(north)).astype(np.float32)
        write_geotiff(tmp_path / "t.tif", raster, 6.148, 46.203, 1e-4, keys=LONLAT | {1025: 2})
        return tmp_path / "town.geojson", tmp_path / "t.tif"

    return made


def test_houses_stand_on_the_lowest_ground_at_their_walls(town):
    footprints, raster = town(lambda x, y: 100.0 + 0.1 * x + 0.0 * y)
    block, account = read_footprints(footprints, FootprintOptions(origin=HERE), raster)
    a, b = sorted(block.buildings, key=lambda house: house.id)
    assert b.base_m - a.base_m == pytest.approx(2.0, abs=0.02)
    assert a.top_m == a.base_m + 8.0
    assert block.ground.height_at([[0.0, 10.0], [40.0, 10.0]]) == pytest.approx([2.5, 6.5], abs=0.02)
    assert any("ground rises by 9.0 m; z = 0 is 97.50 m there" in line for line in account.lines())


def test_a_flat_raster_leaves_the_block_as_it_is(town):
    footprints, raster = town(lambda x, y: 312.25 + 0.0 * (x + y))
    plain, _ = read_footprints(footprints, FootprintOptions(origin=HERE))
    laid, _ = read_footprints(footprints, FootprintOptions(origin=HERE), raster)
    assert laid.ground.terrain is not None
    assert laid.ground.terrain.is_flat
    assert len(laid.buildings) == len(plain.buildings) == 1
    assert np.array_equal(laid.buildings[0].outline, plain.buildings[0].outline)
    assert (laid.buildings[0].top_m, laid.bounds_m) == (plain.buildings[0].top_m, plain.bounds_m)


def test_what_is_told_above_ground_is_raised_with_it(tmp_path):
    at = np.linspace(-100.0, 100.0, 21)
    terrain = Terrain(-100.0, -100.0, (10.0, 10.0), np.tile(10.0 + at / 10.0, (21, 1)))
    block = Block("hill", (), (-100.0, -100.0, 100.0, 100.0), Ground(terrain=terrain), HERE)
    rng = draw_stream(0, "x")
    mounts = RandomLayout(count=5, min_distance_m=10.0, height_m=6.0).place(block, rng)
    events = Rates(gunshots=3, fireworks=0, backfires=0).draw(block, 60.0, rng)
    for (x, _, z), above in [(m.position_m, 6.0) for m in mounts] + [(e.position_m, 1.5) for e in events]:
        assert z == pytest.approx(10.0 + x / 10.0 + above, abs=0.02)
    (lon, lat), (x, y) = local_to_lonlat(HERE, [50.0, 0.0])[0], (50.0, 0.0)
    (tmp_path / "m.csv").write_text(f"id,lon,lat,z_agl\nA,{lon:.9f},{lat:.9f},4\n")
    (tmp_path / "n.csv").write_text(f"id,x,y,z\nA,{x},{y},4\n")
    assert read_mounts(tmp_path / "m.csv", block, 6.0)[0].position_m[2] == pytest.approx(19.0, abs=0.01)
    assert read_mounts(tmp_path / "n.csv", block, 6.0)[0].position_m[2] == 4.0
    record = {"kind": "m80", "time_s": 1.0, "lon": lon, "lat": lat, "z_agl": 0.5}
    assert events_from_records([record], block, "list")[0].position_m[2] == pytest.approx(15.5, abs=0.01)
    with pytest.raises(BadInput, match="under the ground; z must be 15 or more there"):
        check_scene(Scene(block, (Sensor("S", (x, y, 4.0)),)))
    check_scene(Scene(block, (Sensor("S", (x, y, 15.0)),)))


def test_on_a_flat_raster_mounts_and_events_are_where_they_were():
    plain = Block("plain", (), (-100.0, -100.0, 100.0, 100.0))
    flat = Terrain(-100.0, -100.0, (50.0, 50.0), np.zeros((5, 5)))
    laid = dataclasses.replace(plain, ground=Ground(terrain=flat))
    for draw in (
        lambda block, rng: RandomLayout(count=4, min_distance_m=10.0).place(block, rng),
        lambda block, rng: Rates(gunshots=2, fireworks=2, backfires=1).draw(block, 60.0, rng),
    ):
        assert draw(plain, draw_stream(0, "x")) == draw(laid, draw_stream(0, "x"))
