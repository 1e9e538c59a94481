"""The decision of the gate: what it calls worse, better, the same, on rows whose truth is known."""

import numpy as np
import polars as pl
import pytest

from testbed.gate.decision import decide, holm
from testbed.gate.pairing import pair_up
from testbed.gate.trial import INCIDENT_SCHEMA, ROUND_SCHEMA

SCENES = [f"g{i:04d}" for i in range(200)]
REPEATS = 15


def draw_world(rng, scenes=SCENES):
    """Draw what both versions share: five incidents a scene of one to three rounds, some of them hard to find."""
    incidents = []
    for scene in scenes:
        ease = rng.normal(2.2, 1.0)
        incidents += [
            (scene, f"I{number}", int(rng.integers(1, 4)), ease + rng.normal(0.0, 1.0)) for number in range(5)
        ]
    return incidents


def hear(world, rng, lose=0.0, off_m=(0.0, 0.0), longer_m=0.0, shrink=1.0):
    """Draw one version's rows: chance on top of what the world makes hard; with whatever harm is asked for.

    Regions are circles that hold 95 % of errors of their own sigma; `shrink` is what is left of their area.
    """
    rounds, incidents = [], []
    for scene, name, number, ease in world:
        sigma = 1.5 * np.exp(0.5 * rng.standard_normal())
        offset = rng.normal(0.0, sigma, 2)
        stretch = (np.hypot(*offset) + longer_m) / np.hypot(*offset)
        offset = offset * stretch + np.array(off_m)
        error = float(np.hypot(*offset))
        # All of it is drawn whatever is found, so that a harm leaves the chance of what follows as it is.
        noise, luck, belief, false = rng.normal(0.0, 0.3), rng.uniform(), rng.beta(8, 3), rng.uniform()
        found = noise < ease and luck >= lose
        head = {"scene": scene, "incident": name}
        for i in range(number):
            row = head | {"event": f"{name}.{i}", "outcome": "located" if found else "missed"}
            if found:
                row |= {"error_m": error, "east_m": float(offset[0]), "north_m": float(offset[1])}
            rounds.append(row)
        row = head | {"label": "gunshot", "outcome": "located" if found else "missed"}
        if found:
            held = error**2 <= 5.991 * sigma**2 * shrink
            row |= {
                "in_region95": held,
                "region95_area_m2": 18.8 * sigma**2 * shrink,
                "p_true": belief,
            }
        incidents.append(row)
        if false < 0.03:
            rounds.append({"scene": scene, "outcome": "false"})
            incidents.append({"scene": scene, "outcome": "false", "call": "uncertain"})
    return pl.DataFrame(rounds, schema=ROUND_SCHEMA), pl.DataFrame(incidents, schema=INCIDENT_SCHEMA)


def verdicts(is_fresh, **harm):
    """Return the verdicts of repeated gates; where chance is fresh, the two versions meet other noise."""
    out = []
    for repeat in range(REPEATS):
        world = draw_world(np.random.default_rng([7, repeat]))
        old = hear(world, np.random.default_rng([8, repeat]))
        new = hear(world, np.random.default_rng([9 if is_fresh else 8, repeat]), **harm)
        out.append(decide(pair_up(SCENES, old, new)).verdict)
    return out


def test_the_same_rows_are_identical():
    for repeat in range(5):
        rng = np.random.default_rng(repeat)
        rows = hear(draw_world(rng), rng)
        decision = decide(pair_up(SCENES, rows, rows))
        assert decision.verdict == "identical"
        assert all(result.harm == 0.0 for result in decision.results)


def test_rounding_is_no_difference_but_a_centimetre_is():
    rng = np.random.default_rng(1)
    rounds, incidents = hear(draw_world(rng), rng)
    for step, verdict in ((5e-4, "identical"), (1e-2, "pass")):
        moved = rounds.with_columns(pl.col("error_m", "east_m") + step)
        assert decide(pair_up(SCENES, (rounds, incidents), (moved, incidents))).verdict == verdict


def test_fresh_chance_passes_and_is_hardly_ever_called_a_regression():
    found = verdicts(is_fresh=True)
    assert found.count("regressed") == 0
    assert found.count("pass") >= REPEATS - 3


@pytest.mark.parametrize(
    "harm",
    [{"off_m": (1.0, 0.0)}, {"longer_m": 1.0}, {"lose": 0.03}, {"shrink": 2.0 / 3.0}],
    ids=["1 m east", "1 m farther", "3 points of incidents", "a third of the region"],
)
def test_harm_on_the_same_recordings_is_flagged(harm):
    assert verdicts(is_fresh=False, **harm).count("regressed") >= REPEATS - 1


def test_a_bias_is_flagged_even_under_fresh_chance():
    assert verdicts(is_fresh=True, off_m=(0.0, -1.0)).count("regressed") >= REPEATS - 1


def test_the_reverse_of_harm_is_an_improvement():
    rng = np.random.default_rng(3)
    world = draw_world(rng)
    old, new = hear(world, np.random.default_rng(4), longer_m=1.0), hear(world, np.random.default_rng(4))
    assert decide(pair_up(SCENES, old, new)).verdict == "improved"
    assert decide(pair_up(SCENES, new, old)).verdict == "regressed"


def test_few_scenes_do_not_pass_what_they_cannot_see():
    scenes = SCENES[:12]
    rng = np.random.default_rng(5)
    world = draw_world(rng, scenes)
    assert decide(pair_up(scenes, hear(world, rng), hear(world, rng))).verdict == "inconclusive"


def test_a_version_that_gives_no_regions_any_more_is_worse():
    rng = np.random.default_rng(6)
    rounds, incidents = hear(draw_world(rng), rng)
    nothing = {"in_region95": pl.Boolean, "region95_area_m2": pl.Float32}
    bare = incidents.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in nothing.items())
    decision = decide(pair_up(SCENES, (rounds, incidents), (rounds, bare)))
    assert decision.verdict == "regressed"
    foreign = decide(pair_up(SCENES, (rounds, bare), (rounds.with_columns(pl.col("error_m") + 0.01), bare)))
    assert foreign.verdict == "pass"
    assert {r.finding for r in foreign.results if r.metric.name.startswith("coverage")} == {"not measured"}


def test_a_suite_in_which_nothing_is_found_still_decides():
    rng = np.random.default_rng(8)
    world = draw_world(rng)
    nothing = hear(world, np.random.default_rng(9), lose=1.0)
    assert decide(pair_up(SCENES, hear(world, np.random.default_rng(9)), nothing)).verdict == "regressed"
    assert decide(pair_up(SCENES, nothing, nothing)).verdict == "identical"


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
