"""The map and the report show what there is, and are safe to open."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.image import imread

from scenes.block import Block, Building, Ground, Patch
from testbed.alert_file import JudgedAlert
from testbed.map_picture import COLOURS, draw_map
from testbed.report import write_page
from testbed.table import full_table, number
from testbed.truth import Hearing, Truth, TruthEvent, Watch
from testbed.verdict import judge

NASTY = '<script src="//evil.example/x.js"></script>'


def square(x, y, half):
    return np.array([(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)])


BLOCK = Block(
    "two-v1",
    (
        Building("a", square(-50.0, 0.0, 30.0), 20.0, courtyards=(square(-50.0, 0.0, 10.0)[::-1],)),
        Building("b", square(60.0, 40.0, 20.0), 8.0),
    ),
    (-150.0, -100.0, 150.0, 100.0),
    Ground("asphalt", (Patch(square(60.0, -50.0, 20.0), "grass"),)),
)
HEARD = {"S1": Hearing(5.2, 80.0, "direct")}
TRUTH = Truth(
    (
        TruthEvent("e1", "i1", "pistol-9mm", 5.0, (10.0, 0.0, 1.5), {}, HEARD),
        TruthEvent("e2", "i2", "backfire", 9.0, (10.0, 80.0, 0.4), {}, {}),
    ),
    Watch(60.0, BLOCK.bounds_m, {"S1": (0.0, 0.0, 6.0), NASTY: (120.0, 50.0, 6.0)}, 55.0),
)
RING = tuple(map(tuple, square(12.0, 1.0, 15.0)))
ALERTS = (
    JudgedAlert(
        "A1", 5.0, (12.0, 1.0), (5.0,), ((9.0, 0.0), (0.0, 9.0)), {"95": ((RING,),)}, 900.0,
        {"gunshot": 0.9, "firework": 0.1, "backfire": 0.0, "other": 0.0}, "gunshot", ("S1", NASTY), 2.0,
    ),
    JudgedAlert(NASTY, 30.0, (-100.0, -60.0), (30.0,), call="firework"),
)  # fmt: skip
NIGHTS = {"busy": (TRUTH, ALERTS), "deaf": (TRUTH, ()), "quiet": (Truth((), TRUTH.watch), ())}


@pytest.fixture(params=NIGHTS)
def night(request):
    return NIGHTS[request.param]


def test_the_page_needs_no_other_file(night):
    truth, alerts = night
    verdict = judge(truth, alerts)
    page = write_page(NASTY, verdict.score, verdict.rows, truth, alerts, b"\x89PNG", NASTY)
    links = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attrs):
            links.extend((tag, v) for k, v in attrs if k in {"src", "href", "action", "data", "srcset"})

    Links().feed(page)
    assert [(tag, value[:5]) for tag, value in links] == [("img", "data:")]
    assert "<script" not in page
    assert not re.search(r"url\(|@import", page)


def test_the_page_tells_why_an_event_was_missed():
    verdict = judge(TRUTH, ALERTS)
    page = write_page("run", verdict.score, verdict.rows, TRUTH, ALERTS)
    line = next(line for line in page.splitlines() if ">e2<" in line)
    assert "missed" in line
    assert "inaudible" in line
    assert "nan" not in page.lower().replace("finance", "")


def has_colour(picture, hex_colour):
    wanted = np.array([int(hex_colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return bool((np.abs(picture[..., :3] - wanted).max(axis=2) < 0.02).any())


def test_the_map_is_drawn_for_every_night(night, tmp_path):
    truth, alerts = night
    draw_map(tmp_path / "map.png", BLOCK, truth, alerts, judge(truth, alerts).rows, dots_per_inch=60)
    picture = imread(tmp_path / "map.png")
    assert picture.shape[:2] == (600, 600)
    assert has_colour(picture, COLOURS["firework"]) == bool(alerts)
    assert has_colour(picture, COLOURS["gunshot"]) == bool(truth.events)


def test_the_map_of_an_open_field(tmp_path):
    field = Block("field", (), (-10.0, -10.0, 10.0, 10.0))
    draw_map(tmp_path / "map.png", field, Truth(()), (), judge(Truth(()), ()).rows, dots_per_inch=40)
    assert (tmp_path / "map.png").is_file()


def test_same_run_same_picture(tmp_path):
    rows = judge(TRUTH, ALERTS).rows
    for name in ("a.png", "b.png"):
        draw_map(tmp_path / name, BLOCK, TRUTH, ALERTS, rows, dots_per_inch=50)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_what_was_not_measured_is_a_dash():
    assert number(None) == "–"
    assert number(12_345.6) == "12,346"
    lines = {name: (value, interval) for name, value, interval in full_table(judge(TRUTH, ()).score)}
    assert lines["incidents_precision"] == ("–", "")
    assert lines["incidents_missed"] == ("2", "")
    assert lines["incidents_recall"][0] == "0"
    assert lines["incidents_recall"][1].startswith("0 to ")
