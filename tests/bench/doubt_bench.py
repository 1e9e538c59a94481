"""Fits what `detector.doubt` and `location.site_sigma_m` say: `python -m tests.bench doubt`.

Streets of series 77,001 as `streets_bench` draws them, heard by all stations and once more by five to eight of them.
Where the true place lies under the posterior of each incident that was matched is scored by the log of the density
there, of a mixture: the posterior blurred by what all paths share, and the wide density of doubt. Its weight falls with
the evidence of a round. Printed are the best numbers for each blur and scale; the detector's are those of the least
total, rounded. About 300 CPU s for 40 scenes.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from detector.alert import write_alerts
from detector.detect import detect
from detector.incident import Incident
from detector.locate import LocationOptions, read
from detector.options import DetectorOptions
from detector.patches import patch_covariance
from detector.pulse import Pulses
from detector.recording import open_recording
from detector.region import log_mass
from detector.site import Site
from scenes.streams import draw_stream
from sim.simulate import simulate
from testbed.alert_file import read_alerts
from testbed.gate.suites import draw_scene
from testbed.matching import match_alerts
from testbed.truth import TruthEvent
from testbed.truth_of import truth_of
from testbed.wire import write_recording
from testbed.world import build_scene

SCENES, TUNING = 40, 77_001
FEWEST, KINDS = 5, 4  # stations of a thinned network: five to eight
BLURS_M, SCALES_M = (0.5, 0.7, 1.0, 1.5), (3.0, 5.0, 8.0, 15.0)
MIDDLE_NATS, WIDTH_NATS = 60.0, 25.0  # of the evidence, for the search's sake
LEAST = 1e-9  # of a posterior's mass; cells of less count for nothing
SHARP = replace(DetectorOptions(), location=LocationOptions(site_sigma_m=0.0))


@dataclass(frozen=True, eq=False)
class Told:
    """An incident: its evidence a round, nats, and its posterior's cells as seen from the true place.

    `square_m2` (n,) are squared distances of the cells, `mass` (n,) theirs; `offset_m` (2,) leads from the place found
    to the true one, `covariance_m2` (2, 2) is the main mode's.
    """

    evidence: float
    square_m2: npt.NDArray[np.float64]
    mass: npt.NDArray[np.float64]
    offset_m: npt.NDArray[np.float64]
    covariance_m2: npt.NDArray[np.float64]


def thin(site: Site, pulses: Pulses, kept: npt.NDArray[np.int64]) -> tuple[Site, Pulses]:
    """Return what some stations (k,) of a site heard."""
    number = np.full(len(site.stations), -1, np.int32)
    number[kept] = np.arange(len(kept))
    theirs = number[pulses.station] >= 0
    columns = {name: column[theirs] for name, column in vars(pulses).items()}
    columns["station"] = number[columns["station"]]
    return replace(site, stations=tuple(site.stations[i] for i in kept)), Pulses(**columns)


def look(site: Site, pulses: Pulses, incident: Incident, place: npt.NDArray[np.float64]) -> Told:
    """Look at an incident from its true place (2,)."""
    own, rivals, centre = read(site, pulses, incident, SHARP.location)
    main = max(own.patches, key=log_mass)
    patches = [p for r in (own, *rivals) for p in r.patches]
    square = np.concatenate([np.sum((p.places + centre[:2] - place) ** 2, axis=1) for p in patches])
    mass = np.concatenate([p.log_density.ravel() + np.log(p.cell_m2) for p in patches])
    mass = np.exp(mass - np.logaddexp.reduce(mass))
    some = mass > LEAST
    evidence = incident.log_likelihood_ratio / len(incident.round_times_s)
    return Told(evidence, square[some], mass[some], place - centre[:2] - main.centre, patch_covariance(main))


def hear(number: int, series: int, scratch: Path) -> tuple[Site, Pulses, tuple[TruthEvent, ...]]:
    """Simulate a scene; return what is heard, and what happened."""
    settings = draw_scene(number, series).settings
    scene, _ = build_scene(settings)
    simulation = simulate(scene, settings.propagation)
    write_recording(scratch, scene, simulation.captures, settings.survey, settings.clock.sigma_s)
    recording = open_recording(scratch)
    return recording.site, SHARP.hear(recording, 1, None), truth_of(scene, simulation.heard).events


def told_of(site: Site, pulses: Pulses, events: tuple[TruthEvent, ...], scratch: Path) -> Iterator[Told]:
    """Yield each incident that was matched, once."""
    result = detect(site, pulses, SHARP)
    write_alerts(result.alerts, scratch)
    matches = match_alerts(events, list(read_alerts(scratch))).drop_nulls(["event", "alert"])
    place = {event.id: np.array(event.position_m[:2]) for event in events}
    number = {alert.id: i for i, alert in enumerate(result.alerts)}
    for row in matches.unique("alert", keep="first", maintain_order=True).iter_rows(named=True):
        yield look(site, pulses, result.incidents[number[row["alert"]]], place[row["event"]])


def log_blurred(told: Told, blur_m: float) -> float:
    """Log density at the true place of the posterior, blurred."""
    kernel = np.exp(-0.5 * told.square_m2 / blur_m**2) / (2.0 * np.pi * blur_m**2)
    return float(np.log(told.mass @ kernel + 1e-300))


def log_wide(told: Told, scale_m: float) -> float:
    """Log density of doubt at the true place: as `detector.doubt.log_astray`, of another scale."""
    scale = told.covariance_m2 + scale_m**2 * np.eye(2)
    q = told.offset_m @ np.linalg.solve(scale, told.offset_m)
    return float(-2.0 * np.log1p(0.5 * q) - np.log(2.0 * np.pi) - 0.5 * np.linalg.slogdet(scale)[1])


def fit(told: list[Told], blur_m: float, scale_m: float) -> tuple[float, float, float]:
    """Return minus the log score, nats, and the doubt's half and scale, nats."""
    near = np.array([log_blurred(t, blur_m) for t in told])
    wide = np.array([log_wide(t, scale_m) for t in told])
    x = (np.array([t.evidence for t in told]) - MIDDLE_NATS) / WIDTH_NATS

    def lost(free: npt.NDArray[np.float64]) -> float:
        logit = free[0] + free[1] * x
        return -float(np.logaddexp(near - np.logaddexp(0.0, logit), wide - np.logaddexp(0.0, -logit)).sum())

    best = minimize(lost, [-2.0, -1.5], method="Nelder-Mead")
    level, slope = best.x
    return float(best.fun), MIDDLE_NATS - WIDTH_NATS * level / slope, -WIDTH_NATS / slope


def main(scenes: int = SCENES, series: int = TUNING) -> None:
    """Print the fits."""
    told: dict[str, list[Told]] = {"all stations": [], "five to eight": []}
    for number in range(scenes):
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            site, pulses, events = hear(number, series, scratch / "recording")
            told["all stations"] += told_of(site, pulses, events, scratch / "alerts.jsonl")
            few = draw_stream(series, "thinned network", str(number)).choice(
                len(site.stations), FEWEST + number % KINDS, replace=False
            )
            part = thin(site, pulses, np.sort(few))
            told["five to eight"] += told_of(*part, events, scratch / "alerts.jsonl")
    told["both"] = told["all stations"] + told["five to eight"]
    print("stations | incidents | blur m, scale of doubt m | minus log score, half, scale nats")
    for name, some in told.items():
        for blur_m in BLURS_M:
            for scale_m in SCALES_M:
                lost, half, scale = fit(some, blur_m, scale_m)
                print(
                    f"{name} | {len(some)} | {blur_m}, {scale_m} | {lost:.1f}, {half:.1f}, {scale:.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
