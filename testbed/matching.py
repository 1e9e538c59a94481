"""Who is who: one bipartite matching of alert rounds to events, and the rows that every metric is computed from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import linear_sum_assignment

from testbed.alert_file import JudgedAlert
from testbed.labels import label_of
from testbed.regions import holds, mahalanobis2
from testbed.truth import TruthEvent

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Pairs = dict[int, int]

ROW_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "event": pl.String,
    "incident": pl.String,
    "kind": pl.String,
    "alert": pl.String,
    "error_m": pl.Float64,
    "dt_s": pl.Float64,
    "outcome": pl.String,
    "cause": pl.String,
    "mahalanobis2": pl.Float64,
    "in_region95": pl.Boolean,
    "p_true_label": pl.Float64,
    "distance_nearest_m": pl.Float64,
    "sensors": pl.Int64,
}


@dataclass(frozen=True)
class Gates:
    """How near an alert round must come to an event.

    Attributes
    ----------
    match_m, match_s : float
        Farther apart than this, horizontally or in time, the two are never one.
    located_m, located_s : float
        A matched round within both is located, else mislocated.
    """

    match_m: float = 250.0
    match_s: float = 1.0
    located_m: float = 25.0
    located_s: float = 1.0


def match_alerts(
    events: Sequence[TruthEvent],
    alerts: Sequence[JudgedAlert],
    gates: Gates | None = None,
    sensors_m: Floats | None = None,
    *,
    unlabelled: bool = False,
) -> pl.DataFrame:
    """Match alert rounds to events and return one row a pair, a missed event and an unmatched alert round.

    Of all one-to-one matchings within the gates it takes the one with the most located pairs, then the most pairs,
    then the least sum of (distance / gate)^2 + (time / gate)^2. A round is never given to an event that it cannot be,
    and a wrong round beside a missed one cannot push its neighbours along.

    Parameters
    ----------
    events : sequence of TruthEvent
    alerts : sequence of JudgedAlert
    gates : Gates, optional
    sensors_m : ndarray, shape (n, 3), optional
        True positions, for `distance_nearest_m`.
    unlabelled : bool
        Unmatched alert rounds are "unlabelled" (the truth is known to be incomplete), not "false".

    Returns
    -------
    polars.DataFrame
        `ROW_SCHEMA`. `error_m` is horizontal; `dt_s` is alert minus event; `sensors` counts those of the alert;
        `distance_nearest_m` goes from the event to the nearest sensor. Missed events have no alert, false rounds no
        event. Events come first, in time order. `cause` is left empty: see `testbed.cause`.
    """
    limits = gates or Gates()
    events = sorted(events, key=lambda e: (e.time_s, e.id))
    rounds = sorted((t, alert.id, i) for i, alert in enumerate(alerts) for t in alert.round_times_s)
    owner = [alerts[i] for _, _, i in rounds]
    event_at = np.array([(e.time_s, *e.position_m[:2]) for e in events], dtype=np.float64).reshape(-1, 3)
    round_at = np.array(
        [(t, *alert.position_m) for (t, _, _), alert in zip(rounds, owner, strict=True)], dtype=np.float64
    ).reshape(-1, 3)
    pairs = _match(event_at, round_at, limits)
    rows = []
    for i, event in enumerate(events):
        row = _event_row(event, sensors_m)
        if i in pairs:
            j = pairs[i]
            error = float(np.hypot(*(round_at[j, 1:] - event_at[i, 1:])))
            dt = float(round_at[j, 0] - event_at[i, 0])
            row |= _pair_fields(event, owner[j], error, dt, limits)
        rows.append(row)
    taken = set(pairs.values())
    outcome = "unlabelled" if unlabelled else "false"
    rows += [
        {"alert": alert.id, "outcome": outcome, "sensors": _count(alert)}
        for j, alert in enumerate(owner)
        if j not in taken
    ]
    return pl.DataFrame(rows, schema=dict(ROW_SCHEMA))


def _event_row(event: TruthEvent, sensors_m: Floats | None) -> dict[str, object]:
    nearest = None
    if sensors_m is not None and len(sensors_m):
        nearest = float(np.linalg.norm(sensors_m - np.array(event.position_m), axis=1).min())
    return {
        "event": event.id,
        "incident": event.incident,
        "kind": event.kind,
        "outcome": "missed",
        "distance_nearest_m": nearest,
    }


def _pair_fields(
    event: TruthEvent, alert: JudgedAlert, error: float, dt: float, gates: Gates
) -> dict[str, object]:
    located = error <= gates.located_m and abs(dt) <= gates.located_s
    offset = (event.position_m[0] - alert.position_m[0], event.position_m[1] - alert.position_m[1])
    label = label_of(event.kind, event.traits)
    return {
        "alert": alert.id,
        "error_m": error,
        "dt_s": dt,
        "outcome": "located" if located else "mislocated",
        "mahalanobis2": None if alert.covariance_m2 is None else mahalanobis2(offset, alert.covariance_m2),
        "in_region95": in_region(alert, "95", event),
        "p_true_label": None if alert.belief is None or label is None else alert.belief[label],
        "sensors": _count(alert),
    }


def in_region(alert: JudgedAlert, probability: str, event: TruthEvent) -> bool | None:
    """Tell whether the alert's region ("50", "80", "95") holds the event; None where there is no such region."""
    if alert.regions is None or probability not in alert.regions:
        return None
    return holds(alert.regions[probability], event.position_m)


def _count(alert: JudgedAlert) -> int | None:
    return None if alert.sensors is None else len(alert.sensors)


def _match(event_at: Floats, round_at: Floats, gates: Gates) -> Pairs:
    """Return event index -> round index; both arrays (n, 3) hold time s, x m, y m in time order."""
    pairs: Pairs = {}
    for of_events, of_rounds in _bunches(event_at[:, 0], round_at[:, 0], gates.match_s):
        if not len(of_events) or not len(of_rounds):
            continue
        gain = _gain(event_at[of_events], round_at[of_rounds], gates)
        chosen = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
        pairs |= {int(of_events[i]): int(of_rounds[j]) for i, j in chosen if gain[i, j] > 0.0}
    return pairs


def _gain(event_at: Floats, round_at: Floats, gates: Gates) -> Floats:
    """Worth of each pair: one located pair outweighs any number of merely matched ones, a match any nearness."""
    dt = np.abs(event_at[:, None, 0] - round_at[None, :, 0])
    error = np.hypot(*(event_at[:, None, 1:] - round_at[None, :, 1:]).transpose(2, 0, 1))
    cost = (error / gates.match_m) ** 2 + (dt / gates.match_s) ** 2
    count = min(cost.shape)
    match = 2.0 * count + 1.0
    located = (error <= gates.located_m) & (dt <= gates.located_s)
    worth = match + located * match * (count + 1.0) - cost
    return np.where((error <= gates.match_m) & (dt <= gates.match_s), worth, 0.0)


def _bunches(events_s: Floats, rounds_s: Floats, gap_s: float) -> Iterator[tuple[Indices, Indices]]:
    """Split both at silences longer than the gate: no pair crosses one, so each bunch is matched alone."""
    times = np.concatenate([events_s, rounds_s])
    order = np.argsort(times, kind="stable")
    cuts = np.flatnonzero(np.diff(times[order]) > gap_s) + 1
    for bunch in np.split(order, cuts):
        yield bunch[bunch < len(events_s)], bunch[bunch >= len(events_s)] - len(events_s)
