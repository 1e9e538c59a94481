"""What happened and what was heard, laid out for the fit of the detector's priors (`testbed.prior_fit`)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from detector.associate import AssociationOptions
from detector.climb import FREE
from detector.clutter import estimate_clutter
from detector.ears import fill_delays, lay_out, site_centre
from detector.noise import prior_noise
from detector.pulse import Pulses, first_of_each
from detector.site import Site

BEFORE_S, AFTER_S = 0.1, 0.5  # pulses this far from where a round is expected may be it

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lesson:
    """One recording whose rounds are known.

    Attributes
    ----------
    site : Site
    pulses : Pulses
    places_m : ndarray, shape (k, 3)
        Where each round was fired, m.
    times_s : ndarray, shape (k,)
        When, s.
    listened_s : float
        How long each station listened, s.
    place : str
        Lessons of one place share the error of its survey and of the paths to it.
    """

    site: Site
    pulses: Pulses
    places_m: Floats
    times_s: Floats
    listened_s: float
    place: str


@dataclass(frozen=True, eq=False)
class Material:
    """All lessons as columns.

    There are h pairs of a round and a station, and m pairs of such a pair and a pulse that may be its direct sound.

    Attributes
    ----------
    distance_m : ndarray, shape (h,)
    slope : ndarray, shape (h, FREE)
        Of the delay: `detector.ears.fill_delays`.
    round, place : ndarray of int64, shape (h,)
        Number of the round over all lessons; number of the place.
    share : ndarray, shape (h,)
        One over the number of lessons of the same place, whose paths repeat: together they count as one.
    ear : ndarray of int64, shape (m,)
        Which of the h.
    late_s : ndarray, shape (m,)
        How much later the pulse came than expected, s.
    sigma_s, level_db, clutter : ndarray, shape (m,)
        As in `detector.ears.Ears`.
    clipped : ndarray of bool, shape (m,)
    """

    distance_m: Floats
    slope: Floats
    round: Indices
    place: Indices
    share: Floats
    ear: Indices
    late_s: Floats
    sigma_s: Floats
    level_db: Floats
    clutter: Floats
    clipped: npt.NDArray[np.bool_]


def lay_out_lessons(lessons: Sequence[Lesson], options: AssociationOptions) -> Material:
    """Lay out lessons, with the clutter that the detector expects before it knows of any incident."""
    places = sorted({lesson.place for lesson in lessons})
    counts = Counter(lesson.place for lesson in lessons)
    parts: list[Material] = []
    ears = rounds = 0
    for lesson in lessons:
        part = _columns(lesson, options)
        pairs = len(part.distance_m)
        parts.append(
            replace(
                part,
                ear=part.ear + ears,
                round=part.round + rounds,
                place=np.full(pairs, places.index(lesson.place)),
                share=np.full(pairs, 1.0 / counts[lesson.place]),
            )
        )
        ears, rounds = ears + pairs, rounds + len(lesson.times_s)
    return Material(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Material)})


def _columns(lesson: Lesson, options: AssociationOptions) -> Material:
    noise = prior_noise(lesson.site.air, options.noise)
    kept = first_of_each(lesson.pulses, options.duplicate_s)
    ears = lay_out(lesson.site, lesson.pulses, noise.sound_speed_mps, kept)
    nobody = np.zeros(len(ears.time))
    marks = (ears.level, ears.snr, ears.clipped)
    clutter = estimate_clutter(ears.first, ears.time, *marks, nobody, lesson.listened_s, options.clutter)
    count = len(ears.xyz)
    delay, chance, slope = np.empty(count), np.empty(count), np.empty((count, FREE))
    away, slopes, ear, pulse, late = [], [], [], [], []
    for k, (place, time) in enumerate(zip(lesson.places_m, lesson.times_s, strict=True)):
        there = place - site_centre(lesson.site)
        fill_delays(np.array([*there, 0.0, 0.0, 0.0]), ears, noise, delay, chance, slope)
        residual = ears.time - time - delay[ears.station]
        near = np.flatnonzero((residual > -BEFORE_S) & (residual < AFTER_S))
        away.append(np.linalg.norm(ears.xyz - there, axis=1))
        slopes.append(slope.copy())
        ear.append(k * count + ears.station[near])
        pulse.append(near)
        late.append(residual[near])
    near, ear, late = _nearest_round(np.concatenate(pulse), np.concatenate(ear), np.concatenate(late))
    rounds = np.repeat(np.arange(len(lesson.times_s)), count)
    return Material(
        distance_m=np.concatenate(away),
        slope=np.concatenate(slopes),
        round=rounds,
        place=np.zeros(len(rounds), np.int64),
        share=np.ones(len(rounds)),
        ear=ear,
        late_s=late,
        sigma_s=ears.sigma[near],
        level_db=ears.level[near],
        clutter=clutter[near],
        clipped=ears.clipped[near],
    )


def _nearest_round(pulse: Indices, ear: Indices, late_s: Floats) -> tuple[Indices, Indices, Floats]:
    """Leave each pulse to the round that it fits best: the next round's direct sound is no late one of this round."""
    order = np.lexsort((np.abs(late_s), pulse))
    first = order[np.unique(pulse[order], return_index=True)[1]]
    return pulse[first], ear[first], late_s[first]
