"""The books of some months: events, alerts, what was confirmed, what was false, what nobody can say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from testbed.accountability.district import Acts, District
from testbed.accountability.response import Answers
from testbed.labels import LABELS

NEAR_M = 50.0
DISTANCES_M = (0.0, 50.0, 100.0, 200.0, 300.0, 500.0, 10_000.0)
FOUND = ("located", "mislocated")


@dataclass(frozen=True, eq=False)
class Books:
    """One row an incident (`rows`), and the alerts beyond the first that acts set off (`extras`, `extras_sent`)."""

    rows: pl.DataFrame
    extras: int
    extras_sent: int
    months: int


def keep_books(
    district: District,
    months: int,
    acts: Acts,
    answers: Answers,
    table: pl.DataFrame,
    rng: np.random.Generator,
) -> Books:
    """Join acts with what became of them; draw evidence and dismissals at the district's UNKNOWN rates.

    Returns
    -------
    Books
        Columns of `rows`: label, kind, place, month, hour, holiday, noise_db, wind_mps, rain, nearest_m,
        nearest_any_m, outage, suppressed, alerted, sent, belief, error_m, cause, outside, disposition. An alert is sent
        when its call is gunshot, or its belief in gunfire reaches `call_least`. `outage` marks acts whose nearest
        sensor was out.
    """
    held = table[answers.row.astype(np.uint32)]
    alerted = np.isin(held["outcome"].to_numpy(), FOUND)
    belief = held["p_gunshot"].fill_null(0.0).to_numpy()
    called = held["call"].fill_null("").to_numpy() == "gunshot"
    sent = alerted & (called if district.call_least == 0.0 else belief >= district.call_least)
    gun = acts.label == 0
    chance = rng.uniform(size=len(acts))
    confirmed = sent & gun & (chance < district.recovery_rate)
    dismissed = sent & ~gun & (chance < district.dismissal_rate)
    disposition = np.where(
        confirmed, "confirmed", np.where(dismissed, "false", np.where(sent, "undetermined", ""))
    )
    rows = pl.DataFrame(
        {
            "label": np.array(LABELS)[acts.label],
            "kind": held["kind"],
            "place": np.where(acts.doorway, "doorway", np.where(acts.car, "car", "open")),
            "month": acts.month,
            "hour": acts.hour,
            "holiday": acts.holiday,
            "noise_db": acts.noise_db,
            "wind_mps": acts.wind_mps,
            "rain": acts.rain,
            "nearest_m": acts.nearest_m,
            "nearest_any_m": acts.nearest_any_m,
            "outage": acts.nearest_any_m < acts.nearest_m,
            "suppressed": acts.suppressed,
            "clipped": held["clipped_share"] > 0.0,
            "shadowed": held["direct_share"] <= 0.0,
            "alerted": alerted,
            "located": held["outcome"] == "located",
            "sent": sent,
            "belief": belief,
            "error_m": held["error_m"],
            "cause": held["cause"],
            "outside": answers.outside,
            "disposition": disposition,
        }
    )
    extras = held["extra_alerts"].sum()
    return Books(rows, int(extras), int(held["extra_gunshots"].sum()), months)


def summarise(books: Books, intervals: Mapping[str, tuple[float, float] | None]) -> list[tuple[str, str]]:
    """Return the lines of the table that ends `accountability`, as (what, value).

    `intervals` of "precision", "recall" and "contract" are those of the measured table
    (`testbed.accountability.uncertainty`); counts of simulated acts alone would make them far too narrow.
    """
    rows = books.rows
    gun, sent = rows.filter(pl.col("label") == "gunshot"), rows.filter("sent")
    right = int((sent["label"] == "gunshot").sum())
    counts = dict(sent["disposition"].value_counts().iter_rows())
    detectable = gun.filter(~pl.col("suppressed"))
    accurate = int((detectable["sent"] & detectable["located"]).sum())
    heard = int(rows["alerted"].sum())
    return [
        ("months", str(books.months)),
        ("incidents", " + ".join(f"{int((rows['label'] == name).sum())} {name}" for name in LABELS)),
        ("heard and placed by the network", f"{heard} ({_share(heard, rows.height)})"),
        ("alerts sent as gunfire", f"{sent.height}, {sent.height / books.months:.1f} a month"),
        ("  of them gunfire (precision at the true base rate)", _told(right, sent.height, intervals["precision"])),
        ("gunfire that led to an alert (recall)", _told(int(gun["sent"].sum()), gun.height, intervals["recall"])),
        ("confirmed: gunfire, evidence found", f"{counts.get('confirmed', 0)}"),
        ("false: something else, and shown to be", f"{counts.get('false', 0)}"),
        ("undetermined: neither shown", f"{counts.get('undetermined', 0)}"),
        ("second alerts to one act, of them as gunfire", f"{books.extras}, {books.extras_sent}"),
        ("contract rate (unsuppressed, within 25 m)", _told(accurate, detectable.height, intervals["contract"])),
        ("acts unlike all that was measured", _share(int(rows["outside"].sum()), rows.height)),
    ]  # fmt: skip


def misses_by(books: Books, factor: str) -> list[tuple[str, int, int]]:
    """Return (value, missed, all) of gunfire by a factor: distance, noise, wind, or a column of `Books.rows`."""
    gun = books.rows.filter(pl.col("label") == "gunshot")
    if factor == "distance":
        edges = DISTANCES_M
        names = [f"{a:.0f} to {b:.0f} m" for a, b in pairwise(edges)]
        names[-1] = f"over {edges[-2]:.0f} m"
        value = np.digitize(gun["nearest_any_m"].to_numpy(), edges[1:-1])
        return _count(names, value, gun)
    if factor == "noise":
        value = np.clip((gun["noise_db"].to_numpy() // 4.0).astype(int), 0, 3)
        return _count(["to 4 dB", "4 to 8 dB", "8 to 12 dB", "over 12 dB"], value, gun)
    if factor == "wind":
        value = np.clip((gun["wind_mps"].to_numpy() // 2.0).astype(int), 0, 3)
        return _count(["to 2 m/s", "2 to 4 m/s", "4 to 6 m/s", "over 6 m/s"], value, gun)
    values = sorted(set(gun[factor]))  # hours by number, not by letter
    value = np.array([values.index(v) for v in gun[factor]], dtype=int)
    names = ["yes" if v is True else "no" if v is False else str(v) for v in values]
    return _count(names, value, gun)


def causes_near(books: Books) -> list[tuple[str, int]]:
    """Say why gunfire within 50 m of a sensor led to no alert, first reason that holds first.

    Returns
    -------
    list of (cause, count)
        "outage" (that sensor was out), "doorway or car", "clipping", "roof shadow" (no sensor saw it), then the
        judge's cause for what was heard, and "called otherwise".
    """
    near = books.rows.filter(
        (pl.col("label") == "gunshot") & (pl.col("nearest_any_m") < NEAR_M) & ~pl.col("sent")
    )
    reasons = [
        (near["outage"].to_numpy(), "outage"),
        (near["place"].to_numpy() != "open", "doorway or car"),
        (near["alerted"].to_numpy(), "called otherwise"),
        (near["clipped"].fill_null(value=False).to_numpy(), "clipping"),
        (near["shadowed"].fill_null(value=False).to_numpy(), "roof shadow"),
    ]
    rest = near["cause"].fill_null("not associated").to_numpy()
    named = np.select([r for r, _ in reasons], [n for _, n in reasons], default=rest) if near.height else rest
    values, counts = np.unique(named, return_counts=True)
    return sorted(zip(values.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))


def by_threshold(books: Books, thresholds: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return (k, 3): alerts a month, precision and recall of gunfire when alerts are sent from each belief on."""
    rows = books.rows
    gun = (rows["label"] == "gunshot").to_numpy()
    belief = np.where(rows["alerted"].to_numpy(), rows["belief"].to_numpy(), -1.0)
    result = np.full((len(thresholds), 3), np.nan)
    for k, least in enumerate(thresholds):
        sent = belief >= least
        precision = np.mean(gun[sent]) if sent.any() else np.nan
        result[k] = sent.sum() / books.months, precision, sent[gun].mean() if gun.any() else np.nan
    return result


def _count(
    names: Sequence[str], value: npt.NDArray[np.integer], gun: pl.DataFrame
) -> list[tuple[str, int, int]]:
    missed = ~gun["sent"].to_numpy()
    return [
        (name, int(missed[value == i].sum()), int((value == i).sum()))
        for i, name in enumerate(names)
        if (value == i).any()
    ]


def _share(hits: int, trials: int) -> str:
    return f"{hits / trials:.3f}, {hits} of {trials}" if trials else "-"


def _told(hits: int, trials: int, interval: tuple[float, float] | None) -> str:
    if not trials or interval is None:
        return "-"
    return f"{hits / trials:.3f} [{interval[0]:.3f}, {interval[1]:.3f}], {hits} of {trials}"
