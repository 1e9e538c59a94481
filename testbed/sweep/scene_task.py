"""One scene of a sweep: simulated, heard and judged in a folder that is gone afterwards; what stays is a record."""

import errno
import hashlib
import os
import platform
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from detector.alert import write_alerts
from detector.delay_table import read_delay_table
from detector.detect import DetectionResult, listen_recording
from detector.recording import open_recording
from scenes.scene import Scene
from testbed.alert_file import read_alerts
from testbed.command_detector import CommandDetector
from testbed.config import RunSettings
from testbed.delay_map import map_delays, write_delays
from testbed.error_budget import measure_budget
from testbed.full_disk import is_disk_full
from testbed.sweep.record import Record, Task, failure_of, head_of, numbers_of
from testbed.truth import Truth
from testbed.verbs.listen import listen_with_command
from testbed.verbs.render import render
from testbed.verdict import judge
from testbed.workings import workings_of


def measure_scene(task: Task[RunSettings], work: str | None = None) -> Record:
    """Simulate, hear and judge a scene.

    Parameters
    ----------
    task : Task of RunSettings
    work : str, optional
        Folder for what is deleted at the end; that of the system by default.

    Returns
    -------
    dict
        A scene that cannot be computed is a record too, of status "failed", with its traceback.

    Raises
    ------
    OSError
        When the disk is full: that is no failure of the scene.
    """
    began, began_cpu = time.perf_counter(), time.process_time()
    try:
        with tempfile.TemporaryDirectory(prefix="scene-", dir=work, ignore_cleanup_errors=True) as name:
            record = {"status": "ok", **_measure(task.settings, Path(name))}
    except Exception as error:
        if is_disk_full(error, Path(work or tempfile.gettempdir())):
            # Whatever the library that could not write calls it.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        record = failure_of(error)
    return {
        **head_of(task),
        **record,
        "wall_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - began_cpu,
        "host": platform.node(),
    }


def _measure(settings: RunSettings, folder: Path) -> Record:
    scene, truth = render(settings, folder, tell=False)
    result = _listen(settings, scene, folder)
    verdict = judge(
        truth,
        read_alerts(folder / "alerts.jsonl"),
        None if result is None else workings_of(result.site, result),
    )
    return {
        "world": digest_world(folder),
        "sensors": len(scene.sensors),
        "score": numbers_of(verdict.score),
        "rounds": verdict.rows.to_dicts(),
        "incidents": verdict.incidents.to_dicts(),
        "budget": [] if result is None else _budget(settings, scene, truth, result),
    }


def _listen(settings: RunSettings, scene: Scene, folder: Path) -> DetectionResult | None:
    """Write the alerts; return what the detector held beyond them, None for an own program."""
    if isinstance(settings.detector, CommandDetector):
        listen_with_command(folder / "recording", settings.detector, folder)
        return None
    heard = open_recording(folder / "recording")
    if settings.map_help:
        write_delays(map_delays(scene.block, heard.site, settings.map_step_m), folder / "delays.parquet")
        detours = read_delay_table(folder / "delays.parquet", heard.site)
        heard = replace(heard, site=replace(heard.site, detours=detours))
    result = listen_recording(heard, settings.detector)
    write_alerts(result.alerts, folder / "alerts.jsonl")
    return result


def _budget(settings: RunSettings, scene: Scene, truth: Truth, result: DetectionResult) -> list[Record]:
    if not settings.error_budget:
        return []
    clocks = {sensor.id: sensor.clock for sensor in scene.sensors}
    stages = measure_budget(result, truth, clocks, settings.detector)
    return [{"perfect": stage.perfect, **numbers_of(stage.score)} for stage in stages]


def digest_world(folder: Path) -> str:
    """Return a digest of what happened and of every byte that was delivered of it."""
    sha = hashlib.blake2b((folder / "truth.json").read_bytes(), digest_size=12)
    for path in sorted((folder / "recording").rglob("*")):
        if path.is_file():
            sha.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()
