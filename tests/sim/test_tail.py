"""What facades scatter: its energy is that of the geometry."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.block import Building
from scenes.material import load_material
from scenes.terrain import Terrain
from sim.bowing import bow_of
from sim.propagation.city import index_block
from sim.tail import field as field_module
from sim.tail.field import links_from, open_field
from sim.tail.tail import draw_tail
from tests.tail_scenes import (
    AIR,
    FACADE,
    RECEIVER,
    SOURCE,
    WALL,
    C,
    block,
    box,
    energy,
    field_of,
    links_of,
    street,
)


def laid_on(built, rise, half=500.0):
    """Lay a flat block on ground that rises to the north by `rise` m a m and is 30 m high at y = 0."""
    heights = np.clip(30.0 + rise * np.array([-half, half]), 0.0, None)[:, None] * np.ones((1, 2))
    terrain = Terrain(-half, -half, (2.0 * half, 2.0 * half), heights)
    houses = tuple(replace(b, base_m=float(terrain.height_at(b.outline).min())) for b in built.buildings)
    return replace(built, buildings=houses, ground=replace(built.ground, terrain=terrain))


@pytest.fixture
def many_walks(monkeypatch):
    monkeypatch.setattr(field_module, "WALKS", 4096)
    monkeypatch.setattr(field_module, "LATTICE", (17711, 10946))
    monkeypatch.setattr(field_module, "LINKS", 16384)


def late_s(links):
    """Return the mean delay of the energy at 500 Hz behind the first of it, s."""
    power = links["power"][:, 3]
    return (power @ links["length"] / power.sum() - links["length"].min()) / C


def test_an_open_field_has_no_tail():
    field = block()
    assert open_field(index_block(field), field, AIR, RECEIVER) is None


def test_one_facade_scatters_what_the_integral_over_it_says(many_walks):
    """Lambert's law: share x cos(in) cos(out) / (pi r_in^2 r_out^2), from source and image under the ground."""
    found = energy(links_of(field_of(WALL))[0])
    x, z = np.meshgrid(np.arange(-299.5, 300.0), np.arange(0.5, 60.0), indexing="ij")
    share = np.array(FACADE.scattering) * (1.0 - np.array(FACADE.absorption))
    ground = 1.0 - np.array(load_material("concrete").absorption)
    expected = np.zeros(8)
    for source_up, source_share in ((1.0, np.ones(8)), (-1.0, ground)):
        for receiver_up, receiver_share in ((1.0, np.ones(8)), (-1.0, ground)):
            near = x**2 + 30.0**2 + (z - source_up * 1.5) ** 2
            far = (x - 60.0) ** 2 + 30.0**2 + (z - receiver_up * 5.0) ** 2
            expected += (
                share * source_share * receiver_share * (30.0**2 / (np.pi * near**1.5 * far**1.5)).sum()
            )
    assert 10.0 * np.log10(found / expected) == pytest.approx(0.0, abs=0.5)


def town():
    """Six rows of houses, streets of 16 m between."""
    return block(*(box(f"row {k}", -200, 28 * k - 78, 200, 28 * k - 66, 9) for k in range(6)))


def test_on_a_terrace_the_streets_ring_as_at_the_datum():
    built, up = street(), np.array([0.0, 0.0, 30.0])
    flat, high = (
        links_of(field_of(b, RECEIVER + lift), SOURCE + lift)[0]
        for b, lift in ((built, 0.0 * up), (laid_on(built, 0.0), up))
    )
    assert energy(high) == pytest.approx(energy(flat), rel=1e-6)
    assert high["length"] == pytest.approx(flat["length"])


def test_a_hillside_town_rings_as_the_flat_town_does(many_walks):
    """Rows on a slope of 1 in 20, each 1.4 m above the one below: no street is deeper for lying higher."""
    built = town()
    tilted = laid_on(built, 0.05)
    places = np.array([[0.0, 0.0, 1.5], [60.0, 0.0, 5.0]])
    stood = places + np.array([0.0, 0.0, 1.0]) * tilted.ground.height_at(places)[:, None]
    flat = energy(links_of(field_of(built, places[1:]), places[0])[0])
    hilly = energy(links_of(field_of(tilted, stood[1:]), stood[0])[0])
    assert 10.0 * np.log10(hilly / flat) == pytest.approx(0.0, abs=0.3)


def test_sound_that_bends_down_scatters_more_over_roofs_and_the_same_within_a_street():
    inversion = replace(AIR, temperature_gradient=0.135)
    lane, over = field_of(street()), field_of(town(), np.array([[60.0, 140.0, 5.0]]))
    straight, bent = (
        [energy(links_of(replace(field, bow=bow_of(air)))[0]) for field in (lane, over)]
        for air in (AIR, inversion)
    )
    assert bent[0] == pytest.approx(straight[0], rel=0.02)
    assert (bent[1] >= straight[1]).all()
    assert bent[1][-1] > 1.1 * straight[1][-1]


def test_twice_the_scattering_gives_twice_the_energy_from_one_facade_and_more_in_a_street():
    share = np.array(FACADE.scattering)
    none, once, twice = (field_of(WALL, scattering=times * share) for times in (0.0, 1.0, 2.0))
    assert energy(links_of(twice)[0]) / energy(links_of(once)[0]) == pytest.approx(2.0)
    assert not len(links_of(none)[0])
    lane, rougher = (field_of(street(), scattering=times * share) for times in (1.0, 2.0))
    assert (energy(links_of(rougher)[0]) > 1.05 * energy(links_of(lane)[0])).all()


def test_facades_that_absorb_more_leave_less_and_let_it_die_sooner(many_walks):
    hard, soft = (links_of(field_of(street(), absorption=[share] * 8))[0] for share in (0.03, 0.4))
    assert (energy(soft) < 0.62 * energy(hard)).all()
    assert late_s(soft) < 0.95 * late_s(hard)


def test_higher_houses_hold_sound_longer(many_walks):
    low, high = (links_of(field_of(street(height_m=h)))[0] for h in (6.0, 40.0))
    assert (energy(high) > 1.5 * energy(low)).all()
    assert late_s(high) > 1.1 * late_s(low)


def test_a_yard_gets_back_all_that_falls_on_its_walls_less_absorption():
    yard = Building(
        "yard",
        np.array([[-40.0, -40], [40, -40], [40, 40], [-40, 40]]),
        5000.0,
        courtyards=(np.array([[-20.0, -20], [-20, 20], [20, 20], [20, -20]]),),
    )
    field = field_of(block(yard), np.array([[1.0, 2.0, 3.0]]))
    patches = field.seen[0]
    first = patches["power"][patches["met"] == 1].sum(axis=0) / (4.0 * np.pi)
    ground = np.array(load_material("concrete").absorption)
    assert first == pytest.approx((1.0 - np.array(FACADE.absorption)) * (1.0 - 0.5 * ground), abs=0.02)


def test_source_and_receiver_may_be_swapped(many_walks):
    built = block(
        box("a", -200, 10, 200, 22, 12), box("b", -200, -22, 200, -10, 9), box("c", -200, 40, 200, 52, 15)
    )
    here, there = np.array([-15.0, 0.0, 1.5]), np.array([20.0, 30.0, 6.0])
    one = energy(links_of(field_of(built, there[None]), here)[0])
    other = energy(links_of(field_of(built, here[None]), there)[0])
    assert 10.0 * np.log10(one / other) == pytest.approx(0.0, abs=1.2)  # what so many walks leave to chance


def test_behind_a_row_of_houses_the_street_still_rings():
    """The houses hide the source, but the facades across both streets look over the roof at each other."""
    built = block(
        box("a", -200, -22, 200, -10, 9), box("row", -200, 10, 200, 22, 9), box("c", -200, 42, 200, 54, 9)
    )
    alone = block(box("row", -200, 10, 200, 22, 9))
    places = np.array([[30.0, 32.0, 3.0]])
    (heard,) = links_of(field_of(built, places))
    (nothing,) = links_of(field_of(alone, places))
    assert len(heard) > 20
    assert energy(heard)[3] > 10.0 * (energy(nothing)[3] if len(nothing) else 0.0)


def test_nothing_is_scattered_sooner_than_straight_sound_would_come():
    for built in (WALL, street()):
        links = links_of(field_of(built))[0]
        assert (links["length"] > np.linalg.norm(RECEIVER[0] - SOURCE)).all()
        tail = draw_tail(links, 2.0, C, np.random.default_rng(0))
        assert tail.time_s.min() >= 2.0 + links["length"].min() / C
        assert np.linalg.norm(tail.direction, axis=-1) == pytest.approx(1.0)


def test_a_source_that_turns_its_back_on_the_wall_lights_it_less():
    field = field_of(WALL)
    away = links_from(field, SOURCE, lambda d: np.where(d[:, 1] > 0.0, 0.1, 1.0))[0]
    assert energy(away) == pytest.approx(0.01 * energy(links_of(field)[0]))
