"""Alerts for other systems: CAP 1.2 valid against its schema, and a table that no spreadsheet runs."""

import csv
from dataclasses import replace
from xml.etree.ElementTree import parse

import numpy as np
import pytest
from capvalidator.validate import Validator

from detector.alert_csv import COLUMNS, write_csv
from detector.cap import NAMESPACE, CapOptions, write_cap
from detector.detect import detect
from tests.detector.peers import flat_site, hear

EPOCH = "2026-01-31T20:00:00Z"
PITTSBURGH = (-80.0, 40.4)


def make_alert(name="S0"):
    site = flat_site()
    stations = (replace(site.stations[0], id=name), *site.stations[1:])
    site = replace(site, stations=stations, epoch_utc=EPOCH, origin=PITTSBURGH)
    (alert,) = detect(site, hear(site, (310.0, 420.0), (2.0, 2.5, 3.1))).alerts
    return site, alert


def text_of(root, name):
    return root.findtext(f".//{{{NAMESPACE}}}{name}")


def test_cap_messages_are_valid(tmp_path):
    site, alert = make_alert(name='<S&0"> ]]>')
    write_cap(alert, site, CapOptions(), tmp_path / "a.xml")
    assert Validator((tmp_path / "a.xml").read_bytes()).schema()[0]


def test_the_schema_refuses_what_is_no_message(tmp_path):
    site, alert = make_alert()
    write_cap(alert, site, CapOptions(), tmp_path / "a.xml")
    wrong = (tmp_path / "a.xml").read_bytes().replace(b"Immediate", b"Soon").replace(b"Unknown", b"Soon")
    assert not Validator(wrong).schema()[0]


def test_cap_says_when_where_and_how_sure(tmp_path):
    site, alert = make_alert()
    write_cap(alert, site, CapOptions("block-7", "Exercise"), tmp_path / "a.xml")
    root = parse(tmp_path / "a.xml").getroot()  # noqa: S314 - written by the line above
    assert (text_of(root, "sender"), text_of(root, "status")) == ("block-7", "Exercise")
    assert text_of(root, "onset") == "2026-01-31T20:00:02+00:00"
    assert text_of(root, "certainty") == "Possible"  # no sound was heard: the belief is the base rate, 12 %
    assert text_of(root, "event") == "Loud impulse, uncertain"
    ring = np.array([pair.split(",") for pair in text_of(root, "polygon").split()], float)
    assert (ring[0] == ring[-1]).all()
    assert np.abs(ring - PITTSBURGH[::-1]).max() < 0.01  # latitude first


def test_cap_wants_a_place_and_a_time_on_earth(tmp_path):
    site, alert = make_alert()
    with pytest.raises(ValueError, match="origin and epoch_utc"):
        write_cap(alert, replace(site, epoch_utc=None), CapOptions(), tmp_path / "a.xml")
    with pytest.raises(ValueError, match="without spaces"):
        CapOptions("two words")


def test_the_table_has_a_line_an_alert(tmp_path):
    _, alert = make_alert()
    write_csv([alert], tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        head, row = csv.reader(file)
    cells = dict(zip(head, row, strict=True))
    assert tuple(head) == COLUMNS
    assert cells["rounds"] == "3"
    assert cells["sensors"].split()[0] == "S0"
    assert float(cells["belief_gunshot"]) == pytest.approx(0.12)
    assert cells["z_m"] == ""


def test_no_name_of_a_sensor_becomes_a_formula(tmp_path):
    _, alert = make_alert()
    write_csv([replace(alert, sensors=("=HYPERLINK(0)",))], tmp_path / "a.csv")
    assert "'=HYPERLINK(0)" in (tmp_path / "a.csv").read_text()
