"""Examples to learn from and to score on: pulses, and incidents seen by all their stations or by some."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import numpy.typing as npt

from detector.class_evidence import gather_evidence, weigh_pulses
from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site
from scenes.streams import draw_stream
from testbed.training_colour import CLIPS_SHARE, colour, deliver_clips
from testbed.training_scenes import HeardIncident, HeardScene

LEAST_STATIONS = 3
THIN_SHARE = 0.7  # of the further views are by fewer stations
THINNED = 3  # further views of each incident to learn from, otherwise heard
LEVEL_SIGMA_DB = 3.0  # of what another make takes a level for
COLOURED = 2  # further views of each pulse, by other makes of sensor
PULSES_A_LABEL = 60  # of one scene: a single show would drown all else


Scorer = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class PulseExamples:
    """n pulses with known labels: features (n, f), label (n,), scene (n,)."""

    features: npt.NDArray[np.float64]
    label: npt.NDArray[np.str_]
    scene: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class View:
    """An incident as some stations heard it.

    Attributes
    ----------
    evidence : ndarray, shape (len(EVIDENCE),)
    single : ndarray, shape (4,)
        What the clearest of its pulses says alone: log-probability of each label.
    label, kind : str
    scene : str
        Name of its scene.
    found : bool
        Whether the detector found it (`testbed.training_scenes.HeardIncident`).
    stations : int
    nearest_m, median_m : float
        Distance of the nearest working station to the true place; of those that heard it to the place told, m.
    clipped : bool
        Whether the nearest station that heard it clipped.
    """

    evidence: npt.NDArray[np.float64]
    single: npt.NDArray[np.float64]
    label: str
    kind: str
    scene: str
    found: bool
    stations: int
    nearest_m: float
    median_m: float
    clipped: bool


def take_pulses(scenes: Sequence[HeardScene], seed: int) -> PulseExamples:
    """Return pulses with known labels, at most `PULSES_A_LABEL` of each label and scene, as they are and coloured."""
    features, label, number = [], [], []
    for k, scene in enumerate(scenes):
        rng = draw_stream(seed, "training pulses", str(k))
        for name in sorted(set(scene.pulse_label.tolist()) - {""}):
            mine = np.flatnonzero(scene.pulse_label == name)
            mine = np.sort(rng.permutation(mine)[:PULSES_A_LABEL])
            heard = scene.pulses.features[mine]
            features += [heard, *(colour(heard, rng) for _ in range(COLOURED))]
            label += [name] * len(mine) * (1 + COLOURED)
            number += [k] * len(mine) * (1 + COLOURED)
    return PulseExamples(np.concatenate(features), np.array(label), np.array(number))


def view_incidents(scene: HeardScene, score: Scorer, seed: int, thinned: int = 0) -> list[View]:
    """Return the incidents of a scene, each as all its stations heard it, then `thinned` times otherwise.

    Parameters
    ----------
    scene : HeardScene
    score : callable
        The tier of single pulses: log-probability of each label, shape (n, 4), of features (n, f).
    seed : int
    thinned : int
        Views by fewer stations and other makes of sensor, half of them as clips.
    """
    rng = draw_stream(seed, "training views", _name(scene))
    views = []
    for heard in scene.incidents:
        first = _look(scene, heard, scene.site, scene.pulses, heard.incident, score)
        others = [_look_otherwise(scene, heard, score, rng) for _ in range(thinned)]
        views += [view for view in (first, *others) if view is not None]
    return views


def _look_otherwise(
    scene: HeardScene, heard: HeardIncident, score: Scorer, rng: np.random.Generator
) -> View | None:
    """Return an incident as another network would have heard it: fewer stations, another make, perhaps clips."""
    site, pulses, incident = scene.site, scene.pulses, heard.incident
    if rng.uniform() < THIN_SHARE:
        incident = _thin(incident, pulses, rng) or incident
    if rng.uniform() < CLIPS_SHARE:
        site, pulses, incident = deliver_clips(site, pulses, incident)
    level_db = pulses.level_db + LEVEL_SIGMA_DB * rng.standard_normal()
    pulses = replace(pulses, features=colour(pulses.features, rng), level_db=level_db)
    return _look(scene, heard, site, pulses, incident, score)


def _name(scene: HeardScene) -> str:
    """Name a scene by what was heard: two of one world must not have their incidents changed in the same ways."""
    return f"{scene.world}/{len(scene.pulses)}/{crc32(scene.pulses.level_db.tobytes()):08x}"


def _look(
    scene: HeardScene, heard: HeardIncident, site: Site, pulses: Pulses, incident: Incident, score: Scorer
) -> View | None:
    index = incident.pulse
    scores = score(pulses.features[index])
    evidence = gather_evidence(site, pulses, incident, incident.position_m, scores)
    if evidence is None:
        return None
    clearest = int(np.argmax(weigh_pulses(pulses)[index]))
    stations = np.unique(pulses.station[index])
    away_m = np.linalg.norm(site.positions_m[:, :2] - incident.position_m, axis=1)
    nearest = stations[np.argmin(away_m[stations])]
    clipped = bool(pulses.clipped[index[pulses.station[index] == nearest]].any())
    return View(
        evidence,
        scores[clearest],
        heard.act.label,
        heard.act.kind,
        _name(scene),
        heard.found,
        len(stations),
        heard.act.nearest_m,
        float(np.median(away_m[stations])),
        clipped,
    )


def _thin(incident: Incident, pulses: Pulses, rng: np.random.Generator) -> Incident | None:
    """Leave stations out at random, and pulses of those that stay; None where too little is left."""
    station = pulses.station[incident.pulse]
    everyone = np.unique(station)
    if len(everyone) <= LEAST_STATIONS:
        return None
    count = int(rng.integers(LEAST_STATIONS, len(everyone)))
    stay = np.isin(station, rng.choice(everyone, count, replace=False)) & (
        rng.uniform(size=len(station)) > rng.choice([0.0, 0.1, 0.3])
    )
    counts = np.bincount(incident.round[stay], minlength=len(incident.round_times_s))
    kept = np.flatnonzero(counts >= min(2, counts.max(initial=0)))
    stay &= np.isin(incident.round, kept)
    if len(np.unique(station[stay])) < LEAST_STATIONS:
        return None
    return replace(
        incident,
        round_times_s=incident.round_times_s[kept],
        pulse=incident.pulse[stay],
        round=np.searchsorted(kept, incident.round[stay]),
    )
