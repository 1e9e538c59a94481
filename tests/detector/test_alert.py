"""Alerts: the same bytes for the same content, nothing that JSON does not know, places that fit the earth."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.alert import (
    Alert,
    alert_to_record,
    format_utc,
    measure_area,
    name_alert,
    sort_alerts,
    write_alerts,
    write_geojson,
)
from detector.belief import BaseRate, Belief
from detector.lonlat import to_lonlat
from detector.site import AirReading, Site

SQUARE = ((((-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0), (-5.0, -5.0)),),)
FIELDS = (
    "id time_s time_utc position_m covariance_m2 regions region95_area_m2 alternatives lonlat belief base_rate "
    "log10_lr_gunshot call rounds rounds_low rounds_high round_times_s sensors latency_s "
    "software config_sha256 evidence"
)  # as interfaces state


def make_alert(time_s: float = 12.5) -> Alert:
    return name_alert(
        Alert(
            id="",
            time_s=time_s,
            time_utc=format_utc("2026-01-31T20:00:00Z", time_s),
            position_m=(1.0, -2.0, None),
            covariance_m2=((4.0, 0.1), (0.1, 9.0)),
            regions={"50": SQUARE, "80": SQUARE, "95": SQUARE},
            region95_area_m2=measure_area(SQUARE),
            alternatives=(),
            lonlat=(-80.0, 40.4),
            belief=Belief(0.12, 0.48, 0.2, 0.2, float("nan"), "uncertain"),
            base_rate=BaseRate(),
            rounds=1,
            rounds_low=1,
            rounds_high=1,
            round_times_s=(time_s,),
            sensors=("S1", "S2", "S3"),
            latency_s=3.25,
            software="echoblock 0",
            config_sha256="0" * 64,
        )
    )


def test_a_line_has_the_fields_of_the_interface_and_no_nan(tmp_path: Path) -> None:
    write_alerts([make_alert()], tmp_path / "alerts.jsonl")
    line = (tmp_path / "alerts.jsonl").read_text()
    record = json.loads(line, parse_constant=pytest.fail)
    assert list(record) == FIELDS.split()
    assert record["position_m"] == [1.0, -2.0, None]
    assert record["log10_lr_gunshot"] is None
    assert record["time_utc"] == "2026-01-31T20:00:12.500000Z"
    assert sum(record["belief"].values()) == pytest.approx(1.0)


def test_lines_are_in_time_order_and_a_quiet_night_is_empty(tmp_path: Path) -> None:
    write_alerts([make_alert(9.0), make_alert(3.0)], tmp_path / "alerts.jsonl")
    times = [json.loads(line)["time_s"] for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert times == [3.0, 9.0]
    write_alerts([], tmp_path / "alerts.jsonl")
    assert (tmp_path / "alerts.jsonl").read_bytes() == b""


def test_ids_follow_from_content_alone() -> None:
    assert make_alert().id == make_alert().id
    assert make_alert(12.5).id != make_alert(12.6).id
    moved = replace(make_alert(), evidence="evidence/x/")
    assert name_alert(moved).id == moved.id


def test_the_last_bits_of_arithmetic_do_not_show() -> None:
    alert = make_alert()
    shaken = replace(alert, position_m=(1.0 + 1e-13, -2.0 - 1e-13, None), latency_s=3.25 + 1e-12)
    assert alert_to_record(name_alert(shaken)) == alert_to_record(alert)


def test_areas_leave_out_holes() -> None:
    hole = ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 2.0), (1.0, 1.0))
    assert measure_area(SQUARE) == pytest.approx(100.0)
    assert measure_area(((SQUARE[0][0], hole),)) == pytest.approx(99.0)


def test_local_metres_are_metres_on_earth() -> None:
    lonlat = to_lonlat((-80.0, 40.4), np.array([[0.0, 0.0], [0.0, 111.0], [85.0, 0.0]]))
    assert lonlat[0] == pytest.approx([-80.0, 40.4])
    # a degree of latitude is 111.04 km at 40.4 degrees north
    assert lonlat[1] - lonlat[0] == pytest.approx([0.0, 111.0 / 111_035.0], abs=1e-7)
    assert lonlat[2, 0] > lonlat[0, 0]


def test_geojson_has_a_point_and_the_regions(tmp_path: Path) -> None:
    site = Site((), AirReading(), None, (-80.0, 40.4))
    write_geojson([make_alert()], site, tmp_path / "alerts.geojson")
    features = json.loads((tmp_path / "alerts.geojson").read_text())["features"]
    assert [f["geometry"]["type"] for f in features] == ["Point", *["MultiPolygon"] * 3]
    assert features[0]["geometry"]["coordinates"] == [-80.0, 40.4]
    ring = np.array(features[1]["geometry"]["coordinates"][0][0])
    assert np.abs(ring - [-80.0, 40.4]).max() < 1e-4
    with pytest.raises(ValueError, match="origin"):
        write_geojson([make_alert()], replace(site, origin=None), tmp_path / "other.geojson")


def test_alerts_of_one_time_are_sorted_by_id() -> None:
    one, other = make_alert(), name_alert(replace(make_alert(), rounds=2))
    assert sort_alerts([one, other]) == sort_alerts([other, one])
