import json
from collections import defaultdict

import numpy as np
import pytest

from scenes.block import Block, Building
from scenes.blocks.crossroads import Crossroads
from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.scene_check import check_scene
from scenes.schedules import SCHEDULES
from scenes.schedules.explicit import FromFile, Listed, Quiet
from scenes.schedules.incidents import aerial_shell, backfires, gunfire, string
from scenes.schedules.places import out_of_walls
from scenes.schedules.rates import Rates
from scenes.schedules.showcase import Showcase
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from scenes.walls import is_inside, wall_distance

# What the simulator has sources for.
KINDS = {
    *(
        "pistol-9mm",
        "pistol-40",
        "pistol-45",
        "pistol-380",
        "revolver-357",
        "rifle-223",
        "rifle-762",
        "rifle-22",
    ),
    *("shotgun-12", "firecracker", "m80", "shell-lift", "shell-burst", "backfire"),
}


@pytest.fixture(scope="module")
def block() -> Block:
    return Crossroads().build()


def rng(seed: int = 0) -> np.random.Generator:
    return draw_stream(seed, "schedule")


def by_incident(events) -> dict:
    groups = defaultdict(list)
    for event in events:
        groups[event.incident].append(event)
    return groups


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("schedule", [Showcase(), Rates(300.0, 300.0, 300.0)], ids=["showcase", "rates"])
def test_drawn_events_are_possible(block, schedule, seed):
    events = schedule.draw(block, 60.0, rng(seed))
    check_scene(Scene(block, (Sensor("S", (-20.0, 300.0, 6.0)),), events, 60.0))
    assert {event.kind for event in events} <= KINDS
    times = [event.time_s for event in events]
    assert times == sorted(times)
    assert times[0] >= 3.0, "noise comes first"
    assert times[-1] <= 56.0, "the sound of the last must arrive"
    low = [event.position_m[:2] for event in events if event.kind != "shell-burst"]
    assert wall_distance(block, low).min() >= 1.0
    assert events == schedule.draw(block, 60.0, rng(seed))
    assert events != schedule.draw(block, 60.0, rng(seed + 99))


def test_showcase_has_something_of_everything_all_over_the_block(block):
    events = Showcase().draw(block, 60.0, rng())
    groups = by_incident(events)
    kinds = {event.kind for event in events}
    assert {"shell-lift", "shell-burst", "firecracker", "backfire"} <= kinds
    assert sum(kind.startswith(("pistol", "rifle", "revolver", "shotgun")) for kind in kinds) >= 3
    assert len(groups) == 8
    places = np.array([group[0].position_m[:2] for group in groups.values()])
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + np.diag(np.full(8, np.inf))
    assert apart.min() > 100.0
    assert (np.ptp(places, axis=0) > 400.0).all()


def test_shorter_scenes_show_less(block):
    assert len(by_incident(Showcase().draw(block, 20.0, rng()))) == 2
    with pytest.raises(BadInput, match="duration_s must be at least"):
        Showcase().draw(block, 5.0, rng())


def test_a_burst_in_a_tower_is_moved_out():
    outline = np.array([(-300.0, -300.0), (300.0, -300.0), (300.0, 300.0), (-300.0, 300.0)])
    yard = np.array([(-2.0, -2.0), (-2.0, 2.0), (2.0, 2.0), (2.0, -2.0)])
    tower = Building("tower", outline, 300.0, courtyards=(yard,))
    shaft = Block("shaft", (tower,), (-300.0, -300.0, 300.0, 300.0))
    events = Rates(0.0, 0.0, 0.0, fireworks=12).draw(shaft, 60.0, rng())
    assert any(event.kind == "shell-burst" for event in events)
    assert not is_inside(shaft, [event.position_m for event in events]).any()


def test_what_moves_while_it_sounds_runs_into_no_wall():
    house = Building("h", np.array([[10.0, -20.0], [40.0, -20.0], [40.0, 20.0], [10.0, 20.0]]), 12.0)
    street = Block("test-v1", (house,), (-100.0, -100.0, 100.0, 100.0))
    pop = {"speed_mps": 20.0, "engine_s": 0.3, "azimuth_deg": 180.0}  # the car drives east
    events = (
        Event("a", "a", "backfire", 1.0, (5.0, 0.0, 0.4), pop),
        Event("b", "b", "backfire", 2.0, (-50.0, 0.0, 0.4), pop),
        Event("c", "c", "siren", 3.0, (-5.0, 0.0, 2.0), {"azimuth_deg": 0.0}),
        Event("d", "d", "siren", 4.0, (0.0, 0.0, 2.0), {"speed_mps": 20.0, "azimuth_deg": 0.0}),
    )
    stopped, free, siren, told = (event.traits for event in out_of_walls(street, events))
    assert stopped["speed_mps"] == 0.0
    assert free == pop
    assert siren["azimuth_deg"] == 90.0  # 45 degrees would meet the house
    assert told["speed_mps"] == 20.0  # who says how it moves means it


def test_gunfire_is_regular():
    gaps = np.concatenate(
        [np.diff([b.after_s for b in gunfire("pistol-9mm", 6, rng(s))]) for s in range(200)]
    )
    assert gaps.min() >= 0.1
    assert 0.3 < np.median(gaps) < 0.8
    variation = [
        np.std(g) / np.mean(g)
        for g in (np.diff([b.after_s for b in gunfire("rifle-223", 60, rng(s))]) for s in range(20))
    ]
    assert np.mean(variation) == pytest.approx(0.35, abs=0.05)


def test_a_string_burns_fast():
    act = string(30, rng())
    rate = 29.0 / act[-1].after_s
    assert 5.0 < rate < 30.0
    assert len({bang.offset_m for bang in act}) == 1


def test_shells_burst_30_m_an_inch_up():
    for seed in range(30):
        lift, burst = aerial_shell(rng(seed))
        inch = float(burst.traits["calibre_in"])
        assert 60.0 <= burst.offset_m[2] <= 180.0
        assert burst.offset_m[2] == pytest.approx(30.0 * inch, rel=0.11)
        assert 2.5 <= burst.after_s - lift.after_s <= 5.0
        assert np.hypot(*burst.offset_m[:2]) <= burst.offset_m[2] * np.tan(np.radians(5.01))


def test_backfires_come_at_whole_engine_cycles():
    for seed in range(30):
        act = backfires(4, rng(seed))
        cycle = 120.0 / float(act[0].traits["rpm"])
        cycles = np.array([bang.after_s for bang in act]) / cycle
        assert cycles == pytest.approx(np.round(cycles), abs=1e-6)
        assert (np.diff(cycles) > 0.5).all()


def test_rates_may_draw_nothing(block):
    assert Rates(0.0, 0.0, 0.0).draw(block, 60.0, np.random.default_rng(0)) == ()


def test_rates_are_rates(block):
    rates = Rates(gunshots_per_h=120.0, fireworks_per_h=0.0, backfires_per_h=60.0)
    counts = {"gun": 0, "backfire": 0}
    for seed in range(12):
        for group in by_incident(rates.draw(block, 600.0, rng(seed))).values():
            counts["backfire" if group[0].kind == "backfire" else "gun"] += 1
            assert len({event.kind for event in group}) == 1
            assert len(group) <= 6
    # Two hours: 240 and 120 expected; four standard deviations.
    assert abs(counts["gun"] - 240) < 62
    assert abs(counts["backfire"] - 120) < 44


def test_counts_are_exact(block):
    events = Rates(gunshots=3, fireworks=0, backfires=2, most_rounds=1).draw(block, 60.0, rng())
    groups = by_incident(events)
    assert len(groups) == 5
    assert sum(group[0].kind == "backfire" for group in groups.values()) == 2


def test_rates_out_of_range(block):
    with pytest.raises(BadInput) as caught:
        Rates(gunshots_per_h=-1.0, fireworks=-2, most_rounds=0).draw(block, 60.0, rng())
    assert len(str(caught.value).splitlines()) == 3


def test_quiet(block):
    assert Quiet().draw(block, 60.0, rng()) == ()
    assert set(SCHEDULES) == {"quiet", "list", "file", "rates", "showcase"}


def test_a_list_of_events(block):
    records = (
        {"kind": "m80", "time_s": 9, "position_m": [1, 2, 0]},
        {
            "id": "a",
            "incident": "i",
            "kind": "pistol-9mm",
            "time_s": 4.5,
            "x": 1,
            "y": 2,
            "z": 1.5,
            "azimuth_deg": 90,
        },
    )
    first, second = Listed(records).draw(block, 60.0, rng())
    assert (first.id, first.incident, first.time_s, first.position_m) == ("a", "i", 4.5, (1.0, 2.0, 1.5))
    assert first.traits == {"azimuth_deg": 90}
    assert (second.id, second.incident, second.kind) == ("E01", "E01", "m80")


def test_files_of_events(tmp_path, block):
    truth = tmp_path / "truth.json"
    event = {
        "id": "a",
        "incident": "i",
        "kind": "m80",
        "time_s": 5.0,
        "position_m": [1, 2, 0],
        "traits": {},
        "heard": {},
    }
    truth.write_text(json.dumps({"format": "echoblock-truth/1", "events": [event]}))
    table = tmp_path / "events.csv"
    table.write_text("id,incident,kind,time_s,x,y,z,azimuth_deg\na,i,m80,5.0,1,2,0,\n")
    assert FromFile(str(truth)).draw(block, 60.0, rng()) == FromFile(str(table)).draw(block, 60.0, rng())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("e.json", "[]", "no events"),
        ("e.json", '{"format": "echoblock-truth/1"}', "no list of events"),
        ("e.json", "{", "not JSON"),
        ("e.csv", "id,kind,time_s,x,y,z\n", "no events"),
        (
            "e.csv",
            "id,kind,time_s,x,y,z\na,m80,soon,1,2,0\na,,3,1,2,0\n",
            "event 1: time_s.*\n.*event 2: has no kind",
        ),
        ("e.json", '[{"kind": "m80", "time_s": 1, "position_m": [1, 2]}]', "position_m"),
        ("e.json", '[{"kind": "m80", "time_s": 1, "lon": 6, "lat": 46}]', "lies nowhere"),
        ("e.json", '[{"kind": "m80", "time_s": 1}]', "no place"),
        ("e.json", "[3]", "is int"),
        ("e.txt", "", "neither"),
    ],
)
def test_files_that_are_no_schedules(tmp_path, block, name, text, said):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        FromFile(str(path)).draw(block, 60.0, rng())


def test_a_schedule_file_that_is_not_there(block):
    with pytest.raises(BadInput, match="cannot be read"):
        FromFile("absent.json").draw(block, 60.0, rng())
