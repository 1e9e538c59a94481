"""Why an event was missed, misplaced or misnamed: the first stage that failed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from testbed.alert_file import JudgedAlert
from testbed.labels import UNCERTAIN, label_of
from testbed.matching import Gates
from testbed.truth import Hearing, TruthEvent

CAUSES = ("inaudible", "no pulse", "not associated", "mislocated", "misnamed", "below threshold")

# A place on a plane and a time are three unknowns.
LEAST_SENSORS = 3
# The highest of the independent samples of 0.1 s of street noise stands about this far above its rms (4 sigma).
AUDIBLE_DB = 12.0
# Pulses are stamped by the sensors' own clocks, and an onset that noise or a corner blurs comes late.
PULSE_TOLERANCE_S = 0.05


@dataclass(frozen=True, eq=False)
class Workings:
    """What the detector held between ear and alert, as plain arrays.

    Attributes
    ----------
    pulse_station : sequence of str, length n
        Station of each pulse.
    pulse_time_s : ndarray, shape (n,)
        Its time, s.
    round_time_s : ndarray, shape (m,)
        Emission times of the rounds of all associated incidents, s.
    round_position_m : ndarray, shape (m, 2)
        Where each incident was placed, m.
    """

    pulse_station: Sequence[str]
    pulse_time_s: npt.NDArray[np.float64]
    round_time_s: npt.NDArray[np.float64]
    round_position_m: npt.NDArray[np.float64]


def diagnose(
    rows: pl.DataFrame,
    events: Sequence[TruthEvent],
    alerts: Sequence[JudgedAlert],
    workings: Workings | None = None,
    noise_db_rms: float | None = None,
    gates: Gates | None = None,
) -> pl.DataFrame:
    """Fill the column `cause` of round rows.

    Parameters
    ----------
    rows : polars.DataFrame
        From `testbed.matching.match_alerts`.
    events, alerts : sequences
        What was matched.
    workings : Workings, optional
        Without it a missed event is either inaudible or of unknown cause.
    noise_db_rms : float, optional
        Level of the street noise, dB re 20 uPa rms; without it every arrival counts as audible.
    gates : Gates, optional
        Those of the matching.

    Returns
    -------
    polars.DataFrame
        The rows. A mislocated event is "mislocated". A located one has no cause, unless its alert calls it something
        else ("misnamed") or will not say ("below threshold"). A missed one is "inaudible" (fewer than three sensors
        get an arrival above the noise), "no pulse" (fewer than three of those report one there), "not associated"
        (no incident within the gates) or "below threshold" (an incident, but no alert).
    """
    event_of = {event.id: event for event in events}
    call_of = {alert.id: alert.call for alert in alerts}
    limits = gates or Gates()
    causes: list[str | None] = []
    for name, alert, outcome in rows.select("event", "alert", "outcome").iter_rows():
        if outcome == "missed":
            causes.append(_why_missed(event_of[name], workings, noise_db_rms, limits))
        elif outcome == "mislocated":
            causes.append("mislocated")
        elif outcome == "located":
            causes.append(_why_misnamed(event_of[name], call_of[alert]))
        else:
            causes.append(None)
    return rows.with_columns(pl.Series("cause", causes, dtype=pl.String))


def _why_misnamed(event: TruthEvent, call: str | None) -> str | None:
    if call == UNCERTAIN:
        return "below threshold"
    return None if call is None or call == label_of(event.kind, event.traits) else "misnamed"


def _why_missed(
    event: TruthEvent, workings: Workings | None, noise_db_rms: float | None, gates: Gates
) -> str | None:
    if event.heard is not None:
        audible = _audible(event.heard, noise_db_rms)
        if len(audible) < LEAST_SENSORS:
            return "inaudible"
        if workings is not None and _pulses_heard(audible, workings) < LEAST_SENSORS:
            return "no pulse"
    if workings is None:
        return None
    dt = np.abs(workings.round_time_s - event.time_s)
    error = np.linalg.norm(workings.round_position_m - np.array(event.position_m[:2]), axis=1)
    associated = bool(np.any((dt <= gates.match_s) & (error <= gates.match_m)))
    return "below threshold" if associated else "not associated"


def _audible(heard: Mapping[str, Hearing], noise_db_rms: float | None) -> dict[str, float]:
    """Return the true arrival time per sensor at which the event stands out, s."""
    floor = -np.inf if noise_db_rms is None else noise_db_rms + AUDIBLE_DB
    return {sensor: arrival.time_s for sensor, arrival in heard.items() if arrival.level_db >= floor}


def _pulses_heard(audible: Mapping[str, float], workings: Workings) -> int:
    """Count the sensors that report a pulse where the event arrived."""
    stations = np.asarray(workings.pulse_station, dtype=np.str_)
    return sum(
        bool(np.any((stations == sensor) & (np.abs(workings.pulse_time_s - time) <= PULSE_TOLERANCE_S)))
        for sensor, time in audible.items()
    )
