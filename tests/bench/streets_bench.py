"""Regions against what they promise in simulated streets: `python -m tests.bench streets`.

Scenes drawn as the gate's are, from a series of their own: blocks with roofs, sensors on them, several incidents within
44 s. What was tuned saw series 77,001; this prints series 88,002. About 100 CPU s for 40 scenes;
`python -m tests.bench.streets_bench 20 77001` takes another number, or the other series.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.alert import write_alerts
from detector.detect import DetectionResult, listen_recording
from detector.errors import BadInput
from detector.influence import keep_pulses
from detector.locate import LocationOptions, locate
from detector.recording import open_recording
from detector.region import region_area_m2
from scenes.scene import Scene
from sim.clock import sensor_time
from sim.simulate import Heard, simulate
from testbed.alert_file import read_alerts
from testbed.gate.suites import draw_scene
from testbed.intervals import binomial_interval
from testbed.matching import in_region, match_alerts
from testbed.regions import holds
from testbed.truth_of import truth_of
from testbed.wire import write_recording
from testbed.world import build_scene

SCENES, SCORING = 40, 88_002
OWN_S, LATE_S = 0.005, 0.06  # a pulse so near its first arrival is that; so much later it is another path's
FOREIGN_SHARE, LATE_SHARE = 0.1, 1.0 / 3.0
LEVELS = ("50", "80", "95")
SENSORS = ((3, 5), (6, 8), (9, 99))


@dataclass(frozen=True)
class Place:
    """One alert beside the incident that it was matched to.

    `foreign` and `late` are shares of its pulses: nobody's of that incident, and another path's of it. `alone` tells
    whether the region would hold the truth if only the pulses that are its first arrivals were kept; None where those
    fix no place, or where the region holds it as it is.
    """

    error_m: float
    held: tuple[bool, ...]
    area_m2: float
    sensors: int
    foreign: float
    late: float
    alone: bool | None = None


def hear_places(number: int, series: int) -> tuple[list[Place], int, int]:
    """Simulate a scene; return its located incidents, how many rounds are false, how many are missed."""
    settings = draw_scene(number, series).settings
    scene, _ = build_scene(settings)
    simulation = simulate(scene, settings.propagation)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_recording(
            folder / "recording", scene, simulation.captures, settings.survey, settings.clock.sigma_s
        )
        result = listen_recording(open_recording(folder / "recording"))
        write_alerts(result.alerts, folder / "alerts.jsonl")
        alerts = {alert.id: alert for alert in read_alerts(folder / "alerts.jsonl")}
    truth = truth_of(scene, simulation.heard)
    matches = match_alerts(truth.events, list(alerts.values()))
    index = {alert.id: i for i, alert in enumerate(result.alerts)}
    event_of = {event.id: event for event in truth.events}
    places: dict[str, Place] = {}
    for row in matches.drop_nulls(["event", "alert"]).iter_rows(named=True):
        if row["alert"] in places:
            continue
        event, i = event_of[row["event"]], index[row["alert"]]
        lag = lags_of(result, i, event.incident, scene, simulation.heard)
        tardy = (lag >= OWN_S) & (lag < LATE_S)
        foreign, late = float(np.mean(~tardy & (np.abs(lag) >= OWN_S))), float(np.mean(tardy))
        held = tuple(bool(in_region(alerts[row["alert"]], level, event)) for level in LEVELS)
        area = region_area_m2(result.fixes[i].regions["95"])
        places[row["alert"]] = Place(row["error_m"], held, area, row["sensors"], foreign, late)
        if not held[-1]:
            alone = holds_alone(result, i, np.abs(lag) < OWN_S, event.position_m)
            places[row["alert"]] = replace(places[row["alert"]], alone=alone)
    outcomes = matches["outcome"].to_list()
    return list(places.values()), outcomes.count("false"), outcomes.count("missed")


def lags_of(
    result: DetectionResult, number: int, incident: str, scene: Scene, heard: Sequence[Heard]
) -> npt.NDArray[np.float64]:
    """Return how long after the nearest first arrival of an incident each of an alert's pulses (m,) came, s."""
    own = {event.id for event in scene.events if event.incident == incident}
    clock = {sensor.id: sensor.clock for sensor in scene.sensors}
    first: dict[str, list[float]] = {}
    for one in heard:
        if one.event in own:
            at = float(sensor_time(clock[one.sensor], one.time_s))
            first.setdefault(one.sensor, []).append(at)
    behind = []
    for pulse in result.incidents[number].pulse:
        sensor = result.site.stations[result.pulses.station[pulse]].id
        lags = result.pulses.time_s[pulse] - np.array(first.get(sensor, [np.inf]))
        behind.append(lags[np.argmin(np.abs(lags))])
    return np.array(behind)


def holds_alone(
    result: DetectionResult, number: int, own: npt.NDArray[np.bool_], place: tuple[float, float, float]
) -> bool | None:
    """Tell whether an incident's region would hold a place if only its own pulses (m,) were known."""
    if not own.any():
        return None
    part = replace(keep_pulses(result.incidents[number], own), rivals=(), noise=None)
    try:
        fix = locate(result.site, result.pulses, part, LocationOptions())
    except BadInput:
        return None
    return bool(holds(fix.regions["95"], place))


def print_row(name: str, places: Sequence[Place]) -> None:
    """Print how often the regions of some places hold the truth, their area, and the errors."""
    if not places:
        return
    cells = []
    for k in range(len(LEVELS)):
        share, low, high = binomial_interval(sum(p.held[k] for p in places), len(places))
        cells.append(f"{share:.2f} ({low:.2f} to {high:.2f})")
    errors = np.percentile([p.error_m for p in places], [50, 90])
    area = np.median([p.area_m2 for p in places])
    print(
        f"{name} | {len(places)} | {', '.join(cells)} | {errors[0]:.1f}/{errors[1]:.0f} | {area:.0f}",
        flush=True,
    )


def main(scenes: int = SCENES, series: int = SCORING) -> None:
    """Print the table."""
    begin = time.process_time()
    places: list[Place] = []
    false, missed = 0, 0
    for number in range(scenes):
        found, its_false, its_missed = hear_places(number, series)
        places += found
        false, missed = false + its_false, missed + its_missed
    print(f"{scenes} scenes of series {series}")
    print("incidents | number | 50, 80, 95 % regions hold (95 % interval) | p50/p90 m | median 95 % area m2")
    print_row("all", places)
    print_row("located (25 m)", [p for p in places if p.error_m <= 25.0])
    for low, high in SENSORS:
        print_row(f"{low} to {high} sensors", [p for p in places if low <= p.sensors <= high])
    causes: dict[str, Callable[[Place], bool]] = {
        "first arrivals": lambda p: p.foreign < FOREIGN_SHARE and p.late <= LATE_SHARE,
        "over a third late picks": lambda p: p.foreign < FOREIGN_SHARE and p.late > LATE_SHARE,
        "10 to 50 % echoes or another incident's": lambda p: FOREIGN_SHARE <= p.foreign < 0.5,
        "over half echoes or another incident's": lambda p: p.foreign >= 0.5,
    }
    for name, is_so in causes.items():
        print_row(f"pulses: {name}", [p for p in places if is_so(p)])
    missed_truth = [p.alone for p in places if not p.held[-1]]
    print(
        f"regions that miss: {len(missed_truth)}; the first arrivals among their pulses alone would hold the truth in "
        f"{missed_truth.count(True)} (wrong pulses), would not in {missed_truth.count(False)} (detours, or too few), "
        f"fix no place in {missed_truth.count(None)} (wrong pulses)"
    )
    print(f"false rounds {false}, missed rounds {missed}; {time.process_time() - begin:.0f} CPU s")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
