"""The realism table: rows, statistics and verdicts on a set in miniature, whose truth is known."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.blocks.grid import Grid
from scenes.errors import BadInput
from sim.clock import CLOCKS
from sim.microphone import MicrophoneModel
from sim.propagation.trace import PathOptions
from testbed.cli import main
from testbed.field import read_set
from testbed.livefire_survey import average_positions
from testbed.realism.clip import CENTRES_HZ, CLIPS
from testbed.realism.compare import compare, format_verdicts, judge, record
from testbed.realism.detectors import format_detectors, order_of
from testbed.realism.observe import ARRIVALS, OTHERS, PAIRS, Observed, observe
from testbed.realism.plots import draw_realism
from testbed.realism.protocol import MUZZLE_M, World, kind_of, lay_out
from testbed.realism.run_realism import level_offset, run_realism
from testbed.realism.statistics import Row, fit_levels, measure_paths
from tests.testbed.livefire_set import SENSORS, SHOOTER, write_test

SMALL = Grid(
    6, 10, 120.0, 56.0, 16.0, height_low_m=9.0, height_high_m=9.0, massing=("rows",), facades=("brick_wall_rough",)
)  # fmt: skip
WORLD = World(
    SMALL,
    MicrophoneModel(full_scale_db=93.09, bits=16, companding="mu-law"),
    CLOCKS["gps"],
    Ambient(),
    Air(turbulence_mps=0.4),
    PathOptions(reflection_order=1, reflected_diffraction=False),
)


@pytest.fixture
def live_set(tmp_path):
    data = tmp_path / "set"
    write_test(data / "FP1" / "test_001", audio=list(SENSORS))
    write_test(data / "FP2" / "test_002", shots_s=(2.0,), audio=list(SENSORS))
    return data


def look(data, position):
    tests = [test for test in read_set(data) if test.position == position]
    return observe(tests, average_positions(tests))


def test_straight_line_sound_has_no_residual_and_no_echo(live_set):
    rows = look(live_set, "FP1")
    assert rows.arrivals["reported"].all()
    assert len(rows.arrivals) == 3 * len(SENSORS)
    assert np.abs(rows.arrivals["residual_s"].to_numpy()).max() < 2e-3
    assert len(rows.others) == 0
    assert not rows.clips["clipped"].any()


def test_a_pulse_after_the_direct_sound_is_its_echo(live_set):
    path = live_set / "FP2" / "test_002" / "test_002.allpulses.json"
    pulses = json.loads(path.read_text())
    late = pulses[0] | {"pulse_uuid": "echo", "power_dB_SPL": 91.0}
    late["arrival_time_utc"] = late["arrival_time_utc"].replace("02.", "03.")
    path.write_text(json.dumps([*pulses, late]))
    rows = look(live_set, "FP2")
    assert len(rows.others) == 1
    assert rows.others.row(0, named=True)["delay_s"] == pytest.approx(1.0, abs=1e-6)
    assert rows.others.row(0, named=True)["louder_db"] == pytest.approx(3.0)


def levels(at_100m, fall, paths, shots, limit):
    """Return arrivals with levels drawn as the statistic supposes them, clipped at a limit."""
    rng = np.random.default_rng(0)
    rows = []
    for sensor, distance in enumerate(np.geomspace(50.0, 800.0, 60)):
        path = at_100m + fall * np.log10(distance / 100.0) + paths * rng.standard_normal()
        for number in range(12):
            level = min(path + shots * rng.standard_normal(), limit)
            rows.append(("FP1", f"t{number}", 0, f"S{sensor}", distance, True, 1e-3 * sensor, level, 0))
    return Observed(
        pl.DataFrame(rows, schema=ARRIVALS, orient="row"), pl.DataFrame(), pl.DataFrame(), pl.DataFrame(), 0
    )


def test_levels_are_fitted_through_clipping():
    fit = fit_levels(levels(99.0, -24.0, 6.0, 1.3, 93.0))
    assert fit["at_100m"] == pytest.approx(99.0, abs=3.0)
    assert fit["fall"] == pytest.approx(-24.0, abs=4.0)
    assert fit["paths"] == pytest.approx(6.0, abs=1.5)
    assert fit["shots"] == pytest.approx(1.3, abs=0.2)


def test_spread_between_paths_is_not_that_of_shots():
    spread = measure_paths(levels(99.0, -24.0, 6.0, 1.3, 93.0))
    assert spread["between_s"] == pytest.approx(0.5 * 0.68 * 59e-3, rel=0.05)
    assert spread["same_s"] == 0.0


@pytest.mark.parametrize(("value", "holds"), [(79.9, False), (80.1, True), (103.9, True), (104.1, False)])
def test_a_row_holds_within_the_widened_range(value, holds):
    row = Row("dB", widen=2.0)
    verdict = judge("level at 100 m", row, (90.0, 82.0, 102.0), (value, value, value))
    assert verdict.holds is holds
    assert judge("x", row, (90.0, np.nan, np.nan), (value, value, value)).holds is None


def test_a_set_beside_itself_holds_in_every_row(live_set):
    rows = {name: look(live_set, name) for name in ("FP1", "FP2")}
    verdicts = compare(rows, rows)
    assert any(v.holds for v in verdicts)
    assert not any(v.holds is False for v in verdicts)
    assert all("NaN" not in json.dumps(line, allow_nan=False) for line in record(verdicts))
    assert "rows hold" in format_verdicts(verdicts)
    assert level_offset(list(rows.values())) == pytest.approx(
        float(np.median(rows["FP1"].pairs["ours_db"].drop_nulls().to_numpy() - 88.0)), abs=1.0
    )


def test_sensors_keep_their_distances(live_set):
    tests = [test for test in read_set(live_set) if test.position == "FP1"]
    for seed in range(3):
        scene = lay_out(replace(WORLD, seed=seed), tests, average_positions(tests))
        shooter = np.array(scene.events[0].position_m)
        assert shooter[2] == pytest.approx(MUZZLE_M)
        assert all(event.traits["elevation_deg"] < -45.0 for event in scene.events)
        assert len(scene.sensors) >= 4
        for sensor in scene.sensors:
            wanted = np.hypot(*np.subtract(SENSORS[sensor.id], SHOOTER)[:2])
            assert np.hypot(*(np.array(sensor.position_m) - shooter)[:2]) == pytest.approx(wanted, abs=45.0)
            assert 6.0 <= sensor.position_m[2] <= 12.0


def test_on_hills_sensors_keep_their_heights_over_the_shooter(live_set):
    tests = [test for test in read_set(live_set) if test.position == "FP1"]
    survey = average_positions(tests)
    raised = {
        name: ((x, y, z + 0.08 * (x - tests[0].survey_m[0])), error)
        for name, ((x, y, z), error) in survey.items()
    }
    scene = lay_out(replace(WORLD, hills=True), tests, raised)
    shooter = np.array(scene.events[0].position_m)
    assert scene.block.ground.height_at(shooter) == pytest.approx(shooter[2] - MUZZLE_M)
    for sensor in scene.sensors:
        wanted = raised[sensor.id][0][2] - tests[0].survey_m[2]
        assert sensor.position_m[2] - shooter[2] == pytest.approx(wanted, abs=8.0)
        assert 5.9 <= sensor.position_m[2] - float(scene.block.ground.height_at(sensor.position_m)) <= 12.1


def test_the_protocol_is_simulated_once_and_whatever_the_workers(live_set, tmp_path):
    first = run_realism(live_set, ("FP2",), WORLD, tmp_path / "a", 1)
    mark = (tmp_path / "a" / "simulated" / "FP2").stat().st_mtime_ns
    again = run_realism(live_set, ("FP2",), WORLD, tmp_path / "a", 1)
    assert (tmp_path / "a" / "simulated" / "FP2").stat().st_mtime_ns == mark
    assert record(first.verdicts) == record(again.verdicts)
    run_realism(live_set, ("FP2",), WORLD, tmp_path / "b", 2)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(files) > 5
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    rows = first.simulated["FP2"].arrivals
    assert rows["reported"].any()
    assert np.abs(rows["residual_s"].drop_nulls().to_numpy()).max() < 0.04


def test_mistakes_are_told():
    with pytest.raises(BadInput, match="realism knows 9mm, 40, 45"):
        kind_of("12 gauge Shotgun")


def test_a_block_without_streets_is_refused(live_set):
    tests = [test for test in read_set(live_set) if test.position == "FP1"]
    with pytest.raises(BadInput, match=r"holds \d of the sensors|no street"):
        lay_out(
            replace(WORLD, scene=Grid(1, 1, 120.0, 56.0, 16.0, massing=("rows",))),
            tests,
            average_positions(tests),
        )


def test_data_must_be_named(capsys):
    assert main(["realism"]) == 2
    assert "realism wants data=DIR" in capsys.readouterr().err


def test_order_of_detectors_is_told():
    def side(located):
        rate = {f"rounds_located_25m_rate{end}": 0.5 for end in ("", "_low", "_high")}
        return rate | {"rounds_located_25m": located, "rounds": 10, "rounds_false": 0, "error_p50_m": None}

    scores = {"a": {"real": side(3), "simulated": side(5)}, "b": {"real": side(4), "simulated": side(9)}}
    assert order_of(scores, "real") == ["b", "a"]
    assert "order by rounds located: the same" in format_detectors(scores)


def test_clips_cut_short_by_masks_and_no_arrival_are_drawn_without_a_warning(tmp_path):
    """Past the longest clip there is nothing to take a quantile of, and no density without an arrival."""
    clip = dict.fromkeys(CLIPS) | {"spectrum_db": [-20.0] * len(CENTRES_HZ)}
    clips = pl.DataFrame(
        [clip | {"course_db": [-0.2 * i for i in range(n)]} for n in (90, 110)], schema=CLIPS
    )
    arrivals, others, pairs = (pl.DataFrame(schema=schema) for schema in (ARRIVALS, OTHERS, PAIRS))
    rows = Observed(arrivals, others, clips, pairs, 0)
    draw_realism(tmp_path / "realism.png", {"FP1": rows}, {"FP1": rows})
    assert (tmp_path / "realism.png").stat().st_size > 0
