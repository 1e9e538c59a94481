import pytest

from scenes.heights import parse_length, read_height


@pytest.mark.parametrize(
    ("said", "metres"),
    [
        (12, 12.0),
        ("12", 12.0),
        ("12.5 m", 12.5),
        ("12,5", 12.5),
        ("~ 9 m", 9.0),
        ("40'", 12.192),
        ("40 ft", 12.192),
        ("10'6\"", 3.2004),
        ("12;14", 14.0),
        ("-3", -3.0),
        ("high", None),
        ("", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        ("9" * 400, None),
    ],
)
def test_lengths_as_people_write_them(said, metres):
    assert parse_length(said) == (None if metres is None else pytest.approx(metres))


@pytest.mark.parametrize(
    ("properties", "metres", "source", "noted"),
    [
        ({"height": 20}, 20.0, "height", False),
        ({"height": 20, "height_source": "default"}, 20.0, "guess", False),
        ({"height": "12;14"}, 14.0, "height", True),
        ({"height": -3, "levels": 4}, 12.8, "levels", True),
        ({"height": 900}, 9.6, "guess", True),
        ({"building:levels": "3"}, 9.6, "levels", False),
        ({"building:levels": "many"}, 9.6, "guess", False),
        ({}, 9.6, "guess", False),
    ],
)
def test_heights_and_where_they_come_from(properties, metres, source, noted):
    height = read_height(properties, 3.2, 9.6)
    assert height.metres == pytest.approx(metres)
    assert height.source == source
    assert bool(height.note) == noted
