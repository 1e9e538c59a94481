"""The books of a district: counts that a reader can check on a table whose answers are known."""

import dataclasses
import json
from importlib.resources import files

import numpy as np
import polars as pl
import pytest
import yaml

from scenes.ambient import Ambient
from scenes.errors import BadInput
from testbed.accountability.check import compare
from testbed.accountability.dispositions import fit_pairs
from testbed.accountability.district import District, draw_acts
from testbed.accountability.ledger import by_threshold, causes_near, keep_books, misses_by, summarise
from testbed.accountability.measure import draw_measured_scene
from testbed.accountability.response import SCHEMA, draw_answers, read_response
from testbed.accountability.uncertainty import resample_rates
from testbed.accountability.weather import GUSTS_DB, RAIN_DB, Conditions, make_ambient
from testbed.cli import main
from testbed.labels import LABELS

DISTRICT = District()
SURE = dict.fromkeys(("precision", "recall", "contract"), (0.0, 1.0))


def make_table(near_found=True, far_found=False, called="gunshot"):
    """Gunfire found only near, or only far; everything else found and called by its own name."""
    rows = []
    for label in LABELS:
        for away, found in ((30.0, near_found), (250.0, far_found)):
            rows += [
                {
                    "label": label,
                    "kind": "pistol-9mm" if label == "gunshot" else label,
                    "place": "open",
                    "nearest_m": away,
                    "fourth_m": 300.0,
                    "noise_db": noise,
                    "wind_mps": wind,
                    "rain": rain,
                    "clipped_share": 0.2,
                    "direct_share": 0.5,
                    "outcome": "located" if found else "missed",
                    "cause": None if found else "not associated",
                    "call": (called if label == "gunshot" else label) if found else None,
                    "p_gunshot": (0.9 if label == "gunshot" else 0.1) if found else None,
                    "error_m": 5.0 if found else None,
                    "extra_alerts": 0,
                    "extra_gunshots": 0,
                }
                for noise, wind, rain in ((0.0, 1.0, False), (5.0, 5.0, True), (10.0, 3.0, False))
            ]
    return pl.DataFrame(rows, schema=SCHEMA)


def books_of(district, table, months=12, seed=0):
    rng = np.random.default_rng(seed)
    acts = draw_acts(district, months, rng)
    return acts, keep_books(district, months, acts, draw_answers(table, acts, rng), table, rng)


def test_incidents_come_at_the_rates_asked_for():
    acts = draw_acts(DISTRICT, 120, np.random.default_rng(0))
    for i, label in enumerate(LABELS):
        plain = (acts.label == i) & ~acts.holiday
        expected = 10.0 * DISTRICT.per_year[label]
        # the shape of the year sums to 12.0 within a per cent
        assert plain.sum() == pytest.approx(expected, rel=0.05)
    assert pytest.approx(np.mean(acts.label[~acts.holiday] == 0), abs=0.01) == 0.12


def test_holidays_are_evenings_of_fireworks():
    acts = draw_acts(DISTRICT, 12, np.random.default_rng(1))
    assert (acts.label[acts.holiday] == LABELS.index("firework")).all()
    assert set(acts.month[acts.holiday]) == {6, 11}
    assert set(acts.hour[acts.holiday]) == {18, 19, 20, 21, 22, 23, 0, 1}
    a_day = DISTRICT.per_year["firework"] / 365.0
    assert acts.holiday.sum() == pytest.approx(3 * DISTRICT.holiday_factor * a_day, rel=0.1)


def test_sensors_that_are_out_are_further_away():
    all_up = draw_acts(dataclasses.replace(DISTRICT, outage_share=0.0), 24, np.random.default_rng(2))
    half = draw_acts(dataclasses.replace(DISTRICT, outage_share=0.5), 24, np.random.default_rng(2))
    assert (all_up.nearest_m == all_up.nearest_any_m).all()
    assert np.mean(half.nearest_m > half.nearest_any_m) == pytest.approx(0.5, abs=0.03)
    assert np.median(half.fourth_m) > 1.2 * np.median(all_up.fourth_m)


def test_a_network_that_hears_all_and_names_all_has_perfect_books():
    _, books = books_of(dataclasses.replace(DISTRICT, recovery_rate=1.0), make_table(far_found=True))
    table = dict(summarise(books, SURE))
    guns = books.rows.filter(pl.col("label") == "gunshot").height
    assert table["alerts sent as gunfire"].startswith(f"{guns}, ")
    assert table["  of them gunfire (precision at the true base rate)"].startswith("1.000 ")
    assert table["gunfire that led to an alert (recall)"].startswith("1.000 ")
    assert table["confirmed: gunfire, evidence found"] == str(guns)
    assert table["undetermined: neither shown"] == "0"


def test_a_deaf_network_sends_nothing_and_measures_no_precision():
    _, books = books_of(DISTRICT, make_table(near_found=False))
    table = dict(summarise(books, SURE))
    assert table["alerts sent as gunfire"].startswith("0, ")
    assert table["  of them gunfire (precision at the true base rate)"] == "-"


def test_without_evidence_an_alert_to_gunfire_is_undetermined_not_false():
    _, books = books_of(
        dataclasses.replace(DISTRICT, recovery_rate=0.0, dismissal_rate=1.0), make_table(far_found=True)
    )
    sent = books.rows.filter("sent")
    assert set(sent.filter(pl.col("label") == "gunshot")["disposition"]) == {"undetermined"}


def test_misses_grow_with_the_distance_where_only_near_acts_are_found():
    _, books = books_of(DISTRICT, make_table(), months=60)
    share = {name: missed / total for name, missed, total in misses_by(books, "distance")}
    assert share["0 to 50 m"] < 0.2
    assert share["200 to 300 m"] > 0.9


def test_misses_are_listed_by_the_clock_and_in_words():
    _, books = books_of(DISTRICT, make_table(), months=60)
    hours = [int(name) for name, _, _ in misses_by(books, "hour")]
    assert hours == sorted(hours)
    assert 1 in hours
    assert {name for name, _, _ in misses_by(books, "outage")} <= {"yes", "no"}


def test_misses_near_a_sensor_are_told_by_their_first_cause():
    district = dataclasses.replace(DISTRICT, outage_share=0.3, doorway_share=0.2)
    _, books = books_of(district, make_table(called="firework"), months=60)
    causes = dict(causes_near(books))
    near = books.rows.filter(
        (pl.col("label") == "gunshot") & (pl.col("nearest_any_m") < 50.0) & ~pl.col("sent")
    )
    assert sum(causes.values()) == near.height
    assert causes["outage"] == int(near["outage"].sum())
    assert set(causes) >= {"outage", "doorway or car", "called otherwise"}


def test_a_higher_threshold_sends_fewer_alerts_of_which_more_are_gunfire():
    _, books = books_of(DISTRICT, make_table(far_found=True))
    low, high = by_threshold(books, [0.05, 0.5])
    assert high[0] < low[0]
    assert high[1] == pytest.approx(1.0)
    assert low[1] == pytest.approx(books.rows.select(pl.col("label") == "gunshot").to_numpy().mean())


def test_only_the_product_of_precision_and_recovery_is_known():
    pairs = fit_pairs()
    assert pairs.precision * pairs.recovery == pytest.approx(4556 / 41830)
    assert (pairs.low < pairs.recovery).all()
    assert (pairs.recovery < pairs.high).all()
    assert (pairs.precision * pairs.high)[0] == pytest.approx((4556 + 8346) / 50176)


def test_the_table_holds_against_scenes_drawn_like_it_and_not_against_others():
    rng = np.random.default_rng(3)
    table = pl.concat([make_table(), make_table(near_found=False)] * 5)
    fresh = table.sample(80, with_replacement=True, seed=1)
    assert all(c.holds for c in compare(table, fresh, rng))
    assert not all(c.holds for c in compare(table, pl.concat([make_table(far_found=True)] * 5), rng))


def test_intervals_are_those_of_the_measured_rows():
    acts = draw_acts(DISTRICT, 12, np.random.default_rng(0))
    mixed = pl.concat([make_table(), make_table(near_found=False, far_found=True)])

    def widths(table):
        rates = resample_rates(DISTRICT, 12, acts, table, np.random.default_rng(1))
        return rates["recall"][1] - rates["recall"][0], rates["precision"]

    few, precise = widths(mixed)
    many, sure = widths(pl.concat([mixed] * 16))
    # Nothing else is ever called gunfire in this table, but few rows do not say that nothing ever is.
    assert precise[0] < 0.7 < sure[0]
    assert precise[1] == sure[1] == 1.0
    assert 2.0 < few / many < 8.0  # sixteen times the rows: four times as sure


def test_measured_scenes_follow_from_seed_and_number():
    assert draw_measured_scene(1, 2) == draw_measured_scene(1, 2)
    assert draw_measured_scene(1, 2)[0].seed != draw_measured_scene(1, 3)[0].seed


def test_measured_scenes_have_the_noise_of_their_weather():
    night = np.array(Ambient().octave_db_rms)

    def louder(wind_mps, rain=False):
        return np.array(make_ambient(Conditions(0.0, wind_mps, rain)).octave_db_rms) - night

    assert louder(0.0) == pytest.approx(np.zeros(8))
    # far over the night's noise it rises by 60 dB for ten times the wind, in the bass
    assert (louder(80.0) - louder(8.0))[0] == pytest.approx(60.0, abs=0.1)
    assert (louder(2.0, rain=True)[4:] > 10.0).all()
    assert (louder(2.0, rain=True) >= louder(2.0)).all()
    drawn = [draw_measured_scene(1, n) for n in range(40)]
    assert {conditions.rain for _, conditions in drawn} == {False, True}
    for settings, conditions in drawn:
        assert np.hypot(*settings.weather.wind_mps) == pytest.approx(conditions.wind_mps)


@pytest.mark.parametrize("name", ["wind", "rain"])
def test_noise_of_weather_is_that_of_the_presets(name):
    preset = yaml.safe_load(files("conf").joinpath(f"ambient/{name}.yaml").read_text())["octave_db_rms"]
    assert preset == list({"wind": GUSTS_DB, "rain": RAIN_DB}[name])


def test_wind_and_rain_come_as_asked_for():
    acts = draw_acts(
        dataclasses.replace(DISTRICT, wind_mps=4.0, rain_share=0.2), 60, np.random.default_rng(5)
    )
    assert np.mean(acts.wind_mps) == pytest.approx(4.0, rel=0.03)
    assert np.mean(acts.rain) == pytest.approx(0.2, abs=0.02)


def test_misses_are_told_by_weather():
    windy = (pl.col("wind_mps") > 3.0) | pl.col("rain")
    table = make_table(far_found=True).with_columns(
        outcome=pl.when(windy).then(pl.lit("missed")).otherwise(pl.col("outcome"))
    )
    _, books = books_of(dataclasses.replace(DISTRICT, rain_share=0.3), table, months=60)
    wind = {name: missed / total for name, missed, total in misses_by(books, "wind")}
    rain = {name: missed / total for name, missed, total in misses_by(books, "rain")}
    assert list(wind) == ["to 2 m/s", "2 to 4 m/s", "4 to 6 m/s", "over 6 m/s"]
    assert wind["to 2 m/s"] < wind["over 6 m/s"]
    assert rain["no"] < rain["yes"]


@pytest.fixture
def response(tmp_path):
    make_table().write_csv(tmp_path / "response.csv")
    return tmp_path / "response.csv"


def test_the_verb_writes_page_numbers_and_rows_the_same_each_time(response, tmp_path, capsys):
    words = ["accountability", f"response={response}", "months=3"]
    assert main([*words, f"out={tmp_path / 'a'}"]) == 0
    assert main([*words, f"out={tmp_path / 'b'}"]) == 0
    for name in ("accountability.html", "accountability.json", "incidents.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "precision at the true base rate" in capsys.readouterr().out
    record = json.loads((tmp_path / "a" / "accountability.json").read_text())
    assert record["months"] == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["district.outage_share=2"], "outage_share is 2; accepted is 0 to 1"),
        (["district.wind_mps=0"], "wind_mps is 0; accepted is above 0"),
        (["district.area_km2=0"], "area_km2 is 0; accepted is above 0"),
        (["district.holidays=[[2,31]]"], "month 2, day 31 is no day"),
        (["response=nowhere.csv"], "cannot be read as CSV"),
        (["district.area_km2=1e9"], "accepted are up to 10 million"),
    ],
)
def test_mistakes_are_one_line(response, tmp_path, capsys, words, told):
    own = [] if words[0].startswith("response") else [f"response={response}"]
    assert main(["accountability", *own, *words, f"out={tmp_path / 'out'}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.drop("call"), "accepted are label, kind"),
        (lambda t: t.filter(pl.col("label") != "other"), "no rows of other"),
        (lambda t: t.with_columns(call=pl.lit("alien")), "unknown calls"),
        (lambda t: t.with_columns(nearest_m=pl.lit(0.0)), "not above 0"),
    ],
)
def test_tables_that_cannot_be_are_refused(tmp_path, change, told):
    change(make_table()).write_csv(tmp_path / "r.csv")
    with pytest.raises(BadInput, match=told):
        read_response(tmp_path / "r.csv")
