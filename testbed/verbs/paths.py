"""`echoblock paths`: the propagation paths of one source-sensor pair, as a picture, a table and a CSV."""

import dataclasses
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import hydra
from omegaconf import DictConfig
from pydantic import Field

from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.scene_check import check_scene
from scenes.sensor import Sensor
from sim.sources import SOURCES
from testbed.complaints import nearest
from testbed.config import SceneSettings
from testbed.config_groups import register
from testbed.job import perform
from testbed.pair_sound import PairSound, hear_pair
from testbed.path_picture import draw_paths
from testbed.path_table import format_paths, path_rows
from testbed.world import build_scene

PRODUCTS = ("paths.png", "paths.csv")
_NAMED = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class PathsSettings(SceneSettings):
    """The scene keys and a pair.

    `source` is [east, north, up], m; `sensor_id` (on the command line `sensor=ID`) a sensor of the layout; `kind` and
    `traits` those of an event. Without the trait `azimuth_deg` the line of fire is square to the line to the sensor:
    levels of weapons are measured there, and no bullet passes the sensor. `shown` paths are printed and labelled.
    """

    source: tuple[float, ...] | None = None
    sensor_id: str | None = None
    kind: str = "pistol-9mm"
    traits: Mapping[str, float | str] | None = None
    shown: Annotated[int, Field(ge=1, le=1_000)] = 12


SETTINGS = PathsSettings
register(SETTINGS, "paths")


def paths(settings: PathsSettings, folder: Path) -> PairSound:
    """Trace one pair; write `paths.png` and `paths.csv` into an existing folder; print the strongest paths.

    Raises
    ------
    BadInput
        When the scene cannot be, there is no such sensor or kind, or the source is where no source can be.
    """
    _check_request(settings)
    scene, _ = build_scene(settings)
    sensor = _find_sensor(scene, settings.sensor_id)
    event = _bang(settings, sensor)
    check_scene(dataclasses.replace(scene, events=(event,)))
    sound = hear_pair(scene, event, sensor, settings.propagation)
    path_rows(sound.paths).write_csv(folder / "paths.csv", float_precision=6)
    draw_paths(folder / "paths.png", scene, event, sensor, sound, shown=settings.shown)
    distance = math.dist(event.position_m, sensor.position_m)
    sys.stdout.write(
        f"{scene.block.name}: {event.kind} at {list(event.position_m)}, sensor {sensor.id} at"
        f" {[round(c, 2) for c in sensor.position_m]}, {distance:.1f} m apart\n"
        f"{len(sound.paths)} paths, {sound.paths_db:.1f} dB peak together,"
        f" {sound.level_db:.1f} dB with what facades scatter; the strongest:\n"
        f"{format_paths(sound, distance, settings.shown)}\n\n"
    )
    return sound


def _check_request(settings: PathsSettings) -> None:
    mistakes = []
    if settings.source is None or len(settings.source) != 3:
        given = "nothing" if settings.source is None else list(settings.source)
        mistakes.append(f"source=[x,y,z] wants three numbers, east, north and up in m, not {given}")
    if settings.kind not in SOURCES:
        known = ", ".join(SOURCES)
        mistakes.append(
            f"kind={settings.kind}: no such source{nearest(settings.kind, SOURCES)}; one of {known}"
        )
    if mistakes:
        raise BadInput("\n".join(mistakes))


def _find_sensor(scene: Scene, name: str | None) -> Sensor:
    for sensor in scene.sensors:
        if sensor.id == name:
            return sensor
    ids = [sensor.id for sensor in scene.sensors]
    known = ", ".join(ids[:_NAMED]) + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else "")
    if name is None:
        raise BadInput(f"sensor=ID wants one of {known}")
    raise BadInput(f"sensor={name}: no such sensor{nearest(name, ids)}; the layout has {known}")


def _bang(settings: PathsSettings, sensor: Sensor) -> Event:
    x, y, z = (float(c) for c in settings.source or ())
    square = math.degrees(math.atan2(sensor.position_m[1] - y, sensor.position_m[0] - x)) + 90.0
    traits = {"azimuth_deg": square, **(settings.traits or {})}
    return Event("source", "source", settings.kind, 0.0, (x, y, z), traits)


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="paths")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, paths, PRODUCTS)
