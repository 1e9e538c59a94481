"""What facades scatter to mounts: sums of the simulator's own tail, carried over between cells."""

from types import SimpleNamespace

import numpy as np
import pytest

from scenes.air import Air
from scenes.blocks import BLOCKS
from sim.propagation.city import index_block
from sim.propagation.trace import medium_of
from sim.tail.energy import sum_scattered
from sim.tail.field import links_from, open_field
from testbed.planning import levels as level_finding
from testbed.planning import sharpen as sharpening
from testbed.planning import tail_levels
from testbed.planning.blast_band import POSITIVE_S, band_weights, longer_blast_db
from testbed.planning.forecast import Question
from testbed.planning.gunfire import share_draws
from testbed.planning.hearing import signal_to_noise_db, total_to_noise_db
from testbed.planning.levels import Levels, find_levels
from testbed.planning.mount_table import propose_mounts
from testbed.planning.sharpen import sharpen
from testbed.planning.street_cells import lay_cells
from testbed.planning.study import Study
from testbed.planning.tail_levels import pick_anchors


@pytest.fixture(scope="module")
def block():
    return BLOCKS["crossroads-v1"]().build()


@pytest.fixture(scope="module")
def places(block):
    cells, _ = lay_cells(block, None, 200)
    return cells.position_m, cells.position_m[::40] + np.array([0.0, 0.0, 4.0])


def test_scattered_energy_is_that_of_the_links_and_far_ways_do_not_count(block, places):
    cells, mounts = places
    air, city = Air(), index_block(block)
    field = open_field(city, block, air, mounts)
    weights, loss = band_weights(), np.array(medium_of(air)["log_power_per_m"])
    far = np.full(len(mounts), np.inf)
    whole = sum_scattered(field, weights, loss, cells[7], far)
    links = links_from(field, cells[7], lambda direction: np.ones(len(direction)))[1]
    by_hand = sum(weights @ (link["power"] * np.exp(loss * link["length"])) for link in links)
    assert whole[1] == pytest.approx(by_hand)
    near = sum_scattered(field, weights, loss, cells[7], np.full(len(mounts), 150.0))
    assert (near <= whole).all()
    assert near.sum() < whole.sum()
    assert not sum_scattered(field, weights, loss, cells[7], np.zeros(len(mounts))).any()


def test_anchors_are_few_and_near_every_cell(places):
    cells, _ = places
    assert list(pick_anchors(cells, len(cells))) == list(range(len(cells)))
    anchors = pick_anchors(cells, 40)
    assert 15 <= len(anchors) <= 40
    step = np.linalg.norm(cells[:, None] - cells[anchors][None], axis=2).min(axis=1)
    side = np.sqrt(np.prod(np.ptp(cells[:, :2], axis=0)) / 40)
    assert step.max() < 2.0 * side


def test_a_tail_that_is_carried_over_is_better_than_none(block, places, monkeypatch):
    cells, mounts = places
    air = Air()

    def levels(pairs: int) -> Levels:  # with the same ways, which go by levels' own copy of the number
        monkeypatch.setattr(tail_levels, "PAIRS_MOST", pairs)
        return find_levels(block, air, cells, mounts)

    followed, carried = levels(10**6), levels(100 * len(mounts))
    heard = followed.gain_db > -100.0
    off = (carried.gain_db - followed.gain_db)[heard]
    without = (carried.way_db - followed.gain_db)[heard]
    assert off.any()
    assert off.std() < without.std()
    assert abs(off.mean()) < 0.5 * abs(without.mean())


def test_a_settled_layout_has_its_tail_from_every_cell(block, monkeypatch):
    cells, _ = lay_cells(block, None, 60)
    mounts = propose_mounts(block, 4, 40.0, 6.0, ("pole",))
    exact = find_levels(block, Air(), cells.position_m, mounts.position_m[[1, 3]])
    for module in (tail_levels, sharpening, level_finding):
        monkeypatch.setattr(module, "PAIRS_MOST", 2 * len(cells))
    coarse = find_levels(block, Air(), cells.position_m, mounts.position_m)
    study = Study(block, None, mounts, cells, coarse, Question(), ())
    settings = SimpleNamespace(weather=Air(), workers=1, cache=False)
    sharp = sharpen(study, settings, (3, 1)).levels
    np.testing.assert_array_equal(sharp.gain_db[:, [1, 3]], exact.gain_db)
    np.testing.assert_array_equal(sharp.gain_db[:, [0, 2]], coarse.gain_db[:, [0, 2]])
    assert not np.array_equal(coarse.gain_db[:, [1, 3]], exact.gain_db)


def test_threads_change_no_byte_and_the_tail_only_adds(block, places):
    cells, mounts = places[0][:20], places[1][:3]
    one, two = (find_levels(block, Air(), cells, mounts, workers) for workers in (1, 2))
    np.testing.assert_array_equal(one.gain_db, two.gain_db)
    assert (one.gain_db >= one.way_db).all()
    seen, more = one.late_m < 1e-3, one.gain_db - one.way_db
    assert more[seen].mean() < 1.0 < more[~seen].mean()


def test_a_longer_blast_has_more_energy_but_less_of_it_in_the_band():
    assert longer_blast_db(POSITIVE_S) == 0.0
    assert 0.0 < longer_blast_db(2.0 * POSITIVE_S) < 10.0 * np.log10(2.0)


def test_the_line_of_fire_moves_the_ways_and_not_the_tail():
    draws = share_draws({"rifle-223": 1.0}, 1, 1)
    front, back = draws.azimuth_rad[0], draws.azimuth_rad[0] + np.pi

    def snr(gain_db: float, way_db: float, bearing: float) -> float:
        return total_to_noise_db(np.array([gain_db]), np.array([way_db]), np.array([bearing]), 40.0, draws)[
            0, 0
        ]

    ways = signal_to_noise_db(np.array([-60.0]), np.array([front]), 40.0, draws)[0, 0]
    assert snr(-60.0, -60.0, front) == pytest.approx(ways)
    assert snr(-60.0, -60.0, front) - snr(-60.0, -60.0, back) > 10.0
    assert snr(-60.0, -300.0, front) == pytest.approx(snr(-60.0, -300.0, back))
