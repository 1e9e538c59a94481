"""The rehearsal does what a run does after its paths are found, and a run asks for it only where it can help."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from testbed import compile_ahead as ahead
from testbed.rehearsal import SENSORS_M, SHOT_M, rehearse


def test_rehearsal_hears_its_shot_at_every_sensor_and_places_it(tmp_path: Path) -> None:
    result = rehearse(tmp_path)
    assert len(result.alerts) == 1
    assert len(result.alerts[0].sensors) == len(SENSORS_M)
    miss_m = np.hypot(*(np.array(result.alerts[0].position_m[:2]) - SHOT_M[:2]))
    assert miss_m < 10.0
    assert (tmp_path / "alerts.jsonl").read_text(encoding="utf-8").count("\n") == 1


def test_kernels_that_are_on_disk_are_not_compiled_again(tmp_path: Path) -> None:
    rehearse(tmp_path)
    assert ahead.is_compiled()


@pytest.mark.parametrize(("workers", "compiled"), [(1, False), (2, True)])
def test_no_second_process_without_need_or_leave(
    workers: int, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a second process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(ahead, "is_compiled", lambda: compiled)
    with ahead.compile_ahead(workers) as helper:
        helper.wait()


def test_second_process_does_not_outlive_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def sleep(*_: object, **settings: object) -> "subprocess.Popen[bytes]":
        started.append(popen(["sleep", "600"]))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", sleep)
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    monkeypatch.setattr(ahead, "_cores", lambda: 2)
    with pytest.raises(KeyboardInterrupt), ahead.compile_ahead(2):
        raise KeyboardInterrupt
    assert started[0].poll() is not None
