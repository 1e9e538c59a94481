"""Shock and blast told apart: `python -m tests.bench shock`.

Shots at random azimuths in open fields and in streets, heard at 48 kHz by microphones of several kinds. Printed: the
weights that the tuning seeds give beside those shipped; on other seeds, how many direct shocks and blasts, and other
bangs, are named rightly; and places and alerts with the names, without them, and when each station's first pulse of a
shot is taken for the blast, as a detector that knows of no shocks would.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.detect import detect
from detector.incident import Incident
from detector.locate import LocationOptions, locate
from detector.n_wave import WEIGHTS
from detector.pulse import Pulses
from tests.bench.shock_scenes import (
    BLAST,
    NEITHER,
    OTHERS,
    RIFLES,
    SHOCK,
    SUBSONIC,
    SUPERSONIC,
    Volley,
    blast_times,
    draw_field,
    draw_streets,
    hear,
    without_names,
)

TUNING, TABLE = 700, 760
RIDGE = 1.0
APART_S = 20e-3  # a blast closer behind its shock than this is one pulse with it
HEARD_S = 1.2
LOCATED_M, SOON_S = 25.0, 0.5


@dataclass(frozen=True, eq=False)
class Lesson:
    """Shapes (n, f) and whether they are shocks (n,)."""

    shape: npt.NDArray[np.float64]
    shock: npt.NDArray[np.bool_]


def volleys(seed: int) -> dict[str, Volley]:
    """Render all scenes of a seed."""
    scenes = {
        "rifles, grass": draw_field(seed + 1, RIFLES, "grass"),
        "supersonic, asphalt": draw_field(seed + 2, SUPERSONIC, "asphalt"),
        "rifles, streets": draw_streets(seed + 3, RIFLES),
        "subsonic, streets": draw_streets(seed + 4, SUBSONIC),
        "other bangs, asphalt": draw_field(seed + 5, OTHERS, "asphalt"),
    }
    return {name: hear(scene) for name, scene in scenes.items()}


def apart(volley: Volley) -> npt.NDArray[np.bool_]:
    """Mark the direct shocks (n,) whose blast is due so much later that it can be a pulse of its own."""
    marked = volley.truth == SHOCK
    for p in np.flatnonzero(marked):
        blast_s = blast_times(volley.scene, volley.scene.events[volley.shot[p]])[volley.pulses.station[p]]
        marked[p] = blast_s - volley.pulses.time_s[p] > APART_S
    return marked


def lesson_of(volley: Volley) -> Lesson:
    """What a scene teaches: shocks apart from their blasts, blasts, and where no bullet is supersonic all the rest."""
    shock = apart(volley)
    other = volley.truth == BLAST
    if not (volley.truth == SHOCK).any():
        other |= volley.truth == NEITHER
    known = (shock | other) & np.isfinite(volley.shape).all(axis=1)
    return Lesson(volley.shape[known], shock[known])


def fit(lesson: Lesson) -> npt.NDArray[np.float64]:
    """Logistic regression with a ridge, both kinds alike in weight: Newton steps."""
    share = lesson.shock.mean()
    weight = np.where(lesson.shock, 0.5 / share, 0.5 / (1.0 - share))
    ridge = np.append(np.full(lesson.shape.shape[1] - 1, RIDGE), 1e-6)
    value = np.zeros(lesson.shape.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-lesson.shape @ value))
        gradient = lesson.shape.T @ (weight * (lesson.shock - p)) - ridge * value
        curvature = (lesson.shape * (weight * p * (1.0 - p))[:, None]).T @ lesson.shape + np.diag(ridge)
        value = value + np.linalg.solve(curvature, gradient)
    return value


def print_names(name: str, volley: Volley) -> None:
    """Print how many direct shocks and blasts, and other pulses, are named rightly."""
    called = volley.pulses.p_shock > 0.5
    groups = {
        "shocks named so": (apart(volley), called),
        "blasts not named shocks": (volley.truth == BLAST, ~called),
        "others not named shocks": (volley.truth == NEITHER, ~called),
    }
    cells = [f"{words} {right[of].sum()} of {of.sum()}" for words, (of, right) in groups.items()]
    both = named_stations(volley)
    print(f"{name:22s} {'; '.join(cells)}; pairs with both right {both.sum()} of {len(both)}", flush=True)


def named_stations(volley: Volley) -> npt.NDArray[np.bool_]:
    """Whether shock and blast are named rightly, a value for each station and shot that gave a pulse of each."""
    called = volley.pulses.p_shock > 0.5
    right = []
    for p in np.flatnonzero(apart(volley)):
        mate = np.flatnonzero(
            (volley.truth == BLAST)
            & (volley.shot == volley.shot[p])
            & (volley.pulses.station == volley.pulses.station[p])
        )
        if len(mate):
            right.append(bool(called[p] and not called[mate[0]]))
    return np.array(right, bool)


def first_pulses(volley: Volley, pulses: Pulses) -> npt.NDArray[np.float64]:
    """Errors (shots,), m, of places from each station's first pulse of a shot that is no shock; infinite without."""
    errors = []
    for event in volley.scene.events:
        late = pulses.time_s - event.time_s
        mine = np.flatnonzero((late > 0.0) & (late < HEARD_S) & (pulses.p_shock < 0.5))
        _, first = np.unique(pulses.station[mine], return_index=True)
        pulse = np.sort(mine[first])
        errors.append(np.inf)
        if len(pulse) >= 3:
            start = volley.site.positions_m[pulses.station[pulse[0]], :2]
            incident = Incident(start, np.array([event.time_s]), pulse, np.zeros(len(pulse), np.int64), 0.0)
            fix = locate(volley.site, pulses, incident, LocationOptions())
            errors[-1] = float(np.hypot(*np.subtract(fix.position_m, event.position_m[:2])))
    return np.array(errors)


def alerts_of(volley: Volley, pulses: Pulses) -> tuple[npt.NDArray[np.float64], int, int]:
    """Return the errors (shots,), m, of alert rounds nearest in time to each shot, rounds beyond these, shocks used."""
    result = detect(volley.site, pulses)
    rounds = [(t, a.position_m[:2]) for a in result.alerts for t in a.round_times_s]
    errors = []
    for event in volley.scene.events:
        near = [r for r in rounds if abs(r[0] - event.time_s) < SOON_S]
        away = [float(np.hypot(*np.subtract(p, event.position_m[:2]))) for _, p in near]
        errors.append(min(away, default=np.inf))
    used = [p for i in result.incidents for p in i.pulse]
    matched = int(np.sum(np.array(errors) <= LOCATED_M))
    return np.array(errors), len(rounds) - matched, int(np.sum(apart(volley)[used]))


def main() -> None:
    """Print the tables."""
    lessons = [lesson_of(v) for v in volleys(TUNING).values()]
    both = Lesson(np.concatenate([x.shape for x in lessons]), np.concatenate([x.shock for x in lessons]))
    print(f"tuning seeds: {both.shock.sum()} shocks, {(~both.shock).sum()} others; weights")
    print(f"  fitted  {np.round(fit(both), 3).tolist()}\n  shipped {WEIGHTS.tolist()}")
    heard = volleys(TABLE)
    for name, volley in heard.items():
        print_names(name, volley)
    print("places, m p50/p90, and rounds within 25 m; alerts: and other rounds, shocks taken for blasts")
    for name in ("rifles, grass", "supersonic, asphalt", "rifles, streets"):
        volley = heard[name]
        for words, pulses in (("named", volley.pulses), ("not named", without_names(volley.pulses))):
            errors, false, used = alerts_of(volley, pulses)
            first = first_pulses(volley, pulses)
            print(
                f"{name:22s} {words:10s} alerts {_percentiles(errors)} of {len(errors)}, {false} other, {used} shocks;"
                f" first pulses {_percentiles(first)}",
                flush=True,
            )


def _percentiles(errors: npt.NDArray[np.float64]) -> str:
    p50, p90 = np.quantile(errors, [0.5, 0.9], method="higher")
    return f"{p50:.1f}/{p90:.1f}, {np.sum(errors <= LOCATED_M)}"


if __name__ == "__main__":
    main()
