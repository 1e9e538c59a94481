"""Acts beyond single shooters: what a reader can count and time."""

import numpy as np
import pytest

from scenes.blocks.crossroads import Crossroads
from scenes.errors import BadInput
from scenes.scene import Scene
from scenes.scene_check import check_scene
from scenes.schedules.confusers import CONFUSERS
from scenes.schedules.fireworks import FIREWORKS, show
from scenes.schedules.incidents import backfires, gunfire
from scenes.schedules.rates import Rates
from scenes.schedules.shootings import automatic, from_doorway, on_the_move, two_shooters
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from scenes.weapons import WEAPONS
from testbed.labels import LABELS, label_of


def rng(seed=0):
    return draw_stream(seed, "acts")


def gaps(act):
    return np.diff([bang.after_s for bang in act])


def test_a_switched_pistol_fires_1200_a_minute():
    assert 60.0 / gaps(automatic("pistol-9mm", 20, rng())).mean() == pytest.approx(1200.0, rel=0.02)
    assert WEAPONS["rifle-223"].auto_s == pytest.approx(60.0 / 800.0)


def test_bursts_are_three_rounds_and_a_pause():
    between = gaps(automatic("rifle-223", 9, rng(), burst=3))
    pauses = np.flatnonzero(between > 0.3)
    assert pauses.tolist() == [2, 5]


def test_a_weapon_without_a_switch_fires_no_bursts():
    with pytest.raises(ValueError, match="fires no bursts"):
        automatic("pistol-45", 3, rng())


def test_two_shooters_stand_apart_and_their_rounds_are_in_order():
    act = two_shooters(gunfire("pistol-9mm", 4, rng(1)), gunfire("rifle-762", 3, rng(2)), rng(3))
    assert len(act) == 7
    assert (gaps(act) >= 0.0).all()
    places = {bang.kind: bang.offset_m[:2] for bang in act}
    assert 5.0 <= np.hypot(*places["rifle-762"]) <= 30.0


@pytest.mark.parametrize(("by_car", "least", "most"), [(False, 1.0, 3.0), (True, 4.0, 12.0)])
def test_who_moves_moves_as_fast_as_people_and_cars_do(by_car, least, most):
    act = on_the_move(gunfire("pistol-9mm", 5, rng(1)), rng(2), by_car=by_car)
    ways = np.linalg.norm(np.diff([bang.offset_m[:2] for bang in act], axis=0), axis=1)
    speeds = ways / gaps(act)
    assert ((speeds >= least) & (speeds <= most)).all()
    assert all(("from" in bang.traits) == by_car for bang in act)


def test_who_stands_in_a_doorway_says_so():
    assert all(bang.traits["from"] == "doorway" for bang in from_doorway(gunfire("pistol-45", 3, rng())))


def test_a_moving_car_pops_along_its_way():
    act = backfires(4, rng(5), moving=True)
    azimuth, speed = np.radians(act[0].traits["azimuth_deg"]), act[0].traits["speed_mps"]
    step = np.subtract(act[-1].offset_m, act[0].offset_m)[:2]
    assert step == pytest.approx(-speed * act[-1].after_s * np.array([np.cos(azimuth), np.sin(azimuth)]))


def test_a_show_has_bangs_as_often_as_shows_do():
    for seed in range(20):
        act = show(rng(seed))
        times = np.array([bang.after_s for bang in act])
        assert times[0] == 0.0
        assert (np.diff(times) >= 0.0).all()
        assert sum(bang.kind == "shell-lift" for bang in act) * 2 == len(act)
        assert 0.1 < len(act) / (times[-1] + 1.0) < 8.0


@pytest.mark.parametrize("name", [*FIREWORKS, *CONFUSERS])
def test_every_act_is_in_order_starts_at_once_and_is_labelled(name):
    act = {**FIREWORKS, **CONFUSERS}[name](rng(4))
    assert act[0].after_s == 0.0
    assert (gaps(act) >= 0.0).all()
    assert {label_of(bang.kind) for bang in act} == {"firework" if name in FIREWORKS else "other"}
    assert act == {**FIREWORKS, **CONFUSERS}[name](rng(4))


def test_own_recordings_are_what_they_say():
    assert label_of("file") == "other"
    assert all(label_of("file", {"label": label}) == label for label in LABELS)
    assert label_of("pistol-9mm", {"label": "firework"}) == "gunshot"


def test_rates_can_draw_everything_and_all_of_it_is_possible():
    block = Crossroads().build()
    everything = Rates(
        gunshots=12,
        fireworks=8,
        backfires=4,
        confusers=16,
        weapons=dict.fromkeys(WEAPONS, 1.0),
        firework_kinds=dict.fromkeys(FIREWORKS, 1.0),
        automatic_share=0.7,
        two_shooters_share=0.5,
        moving_share=0.5,
        doorway_share=0.5,
        driving_share=1.0,
    )
    kinds = set()
    for seed in range(4):
        events = everything.draw(block, 120.0, rng(seed))
        check_scene(Scene(block, (Sensor("S", (-20.0, 300.0, 6.0)),), events, 120.0))
        kinds |= {event.kind for event in events}
    assert len(kinds) > 30
    assert {"rocket-whistle", "helicopter", "thunder", "jackhammer"} <= kinds


def test_weights_and_shares_that_cannot_be_are_named_line_by_line():
    wrong = Rates(weapons={"cannon": 1.0}, confuser_kinds={"dog": -1.0}, moving_share=2.0)
    with pytest.raises(BadInput) as refused:
        wrong.draw(Crossroads().build(), 60.0, rng())
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("schedule: weapons: 'cannon' is none of pistol-9mm")
