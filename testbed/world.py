"""From settings to a scene: everything that is drawn, is drawn here, each from its own stream."""

from collections.abc import Callable
from typing import TypeVar

from scenes.errors import BadInput
from scenes.height_scale import scale_heights
from scenes.import_account import ImportAccount
from scenes.scene import Scene
from scenes.scene_check import check_scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from testbed.config import SceneSettings
from testbed.faults import break_sensors
from testbed.footprint_file import FootprintFile

T = TypeVar("T")


def build_scene(settings: SceneSettings) -> tuple[Scene, ImportAccount | None]:
    """Build the scene that the settings describe.

    Parameters
    ----------
    settings : SceneSettings

    Returns
    -------
    tuple of Scene and ImportAccount or None
        The account where the block came from a file.

    Raises
    ------
    BadInput
        One line a mistake: of the layout and the schedule, or of the scene that they give.
    """
    seed, account = settings.seed, None
    if isinstance(settings.scene, FootprintFile):
        block, account = settings.scene.read()
    else:
        block = settings.scene.build()
    if settings.height_factor != 1.0:
        block = scale_heights(block, settings.height_factor)
    mistakes: list[str] = []
    mounts = _attempt(lambda: settings.layout.place(block, draw_stream(seed, "layout")), mistakes)
    events = _attempt(
        lambda: settings.schedule.draw(block, settings.duration_s, draw_stream(seed, "schedule")), mistakes
    )
    if mounts is None or events is None:
        raise BadInput("\n".join(mistakes))
    sensors = tuple(
        Sensor(
            mount.id,
            mount.position_m,
            settings.clock.draw(draw_stream(seed, "clock", mount.id)),
            settings.sensor.draw(settings.rate_hz, draw_stream(seed, "microphone", mount.id)),
        )
        for mount in mounts
    )
    sensors = break_sensors(sensors, settings.faults, seed)
    scene = Scene(block, sensors, events, settings.duration_s, seed, settings.weather, settings.ambient)
    check_scene(scene)
    return scene, account


def _attempt(stage: Callable[[], T], mistakes: list[str]) -> T | None:
    try:
        return stage()
    except BadInput as error:
        mistakes.extend(str(error).splitlines())
        return None
