"""Which cells and seeds a sweep has."""

import pytest

from scenes.errors import BadInput
from testbed.sweep.design import read_cells, read_seeds


def test_one_text_is_a_grid():
    assert read_cells("layout.count=6,10 clock.jitter_s=0.0001,0.001") == [
        ("layout.count=6", "clock.jitter_s=0.0001"),
        ("layout.count=6", "clock.jitter_s=0.001"),
        ("layout.count=10", "clock.jitter_s=0.0001"),
        ("layout.count=10", "clock.jitter_s=0.001"),
    ]


def test_several_texts_are_a_list_and_equal_cells_are_one():
    assert read_cells(["weather=mild", "weather=windy layout.count=6", "weather=mild,windy"]) == [
        ("weather=mild",),
        ("weather=windy", "layout.count=6"),
        ("weather=windy",),
    ]


def test_no_cells_are_the_config_as_it_is():
    assert read_cells("") == read_cells(()) == [()]


def test_values_may_hold_commas_and_spaces():
    assert read_cells("weather.wind_mps=[0, 0],[4, 2]") == [
        ("weather.wind_mps=[0,0]",),
        ("weather.wind_mps=[4,2]",),
    ]


def test_a_random_design_fills_every_slice_of_every_range():
    cells = read_cells(
        "clock.jitter_s=tag(log, interval(1e-5, 1e-1)) layout.count=interval(4, 30)", samples=8
    )
    jitters = sorted(float(c[0].split("=")[1]) for c in cells)
    assert len(cells) == 8
    for slice_number, jitter in enumerate(jitters):
        assert 1e-5 * 10 ** (slice_number / 2) <= jitter <= 1e-5 * 10 ** ((slice_number + 1) / 2)
    assert all(4 <= int(c[1].split("=")[1]) <= 30 for c in cells)
    assert cells == read_cells(
        "clock.jitter_s=tag(log, interval(1e-5, 1e-1)) layout.count=interval(4, 30)", samples=8
    )


def test_a_random_design_takes_listed_values_in_equal_shares():
    cells = read_cells("weather=mild,windy", samples=10)
    assert len(cells) == 2  # equal cells are one
    cells = read_cells("weather=mild,windy layout.height_m=interval(3.0, 9.0)", samples=10)
    assert sum(c[0] == "weather=mild" for c in cells) == 5


@pytest.mark.parametrize(
    ("cells", "samples", "said"),
    [
        ("seed=1,2", 0, "not a factor"),
        ("layout.count=interval(4,8)", 0, "samples=N"),
        ("layout.count=interval(8,4)", 3, "lower to a higher"),
        ("clock.jitter_s=tag(log,interval(0,1))", 3, "above 0"),
        ("layout.count=range(5,1)", 0, "empty"),
        ("a=range(1000) b=range(1000)", 0, "at most 100000"),
        ("layout.count", 0, "layout.count"),
    ],
)
def test_designs_that_cannot_be_are_told(cells, samples, said):
    with pytest.raises(BadInput, match=said):
        read_cells(cells, samples)


@pytest.mark.parametrize(
    ("seeds", "wanted"),
    [
        (3, (0, 1, 2)),
        ("3", (0, 1, 2)),
        ("range(5,8)", (5, 6, 7)),
        ("4,2,4", (4, 2)),
        ((7, 9), (7, 9)),
        ("[7,9]", (7, 9)),
    ],
)
def test_seeds(seeds, wanted):
    assert read_seeds(seeds) == wanted


@pytest.mark.parametrize(
    "seeds", [0, "0", (), "many", "1.5", (-1,), "range(3,1)", "range(0.5,2)", (True,), "[", "1,x"]
)
def test_seeds_that_cannot_be_are_told(seeds):
    with pytest.raises(BadInput, match="number of seeds"):
        read_seeds(seeds)
