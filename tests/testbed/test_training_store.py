"""Heard scenes on disk: the same when they come back, and heard once."""

from dataclasses import replace

import numpy as np
import pytest
from joblib import parallel_config

from testbed import training
from testbed.training import TrainingOptions, count_kept, hear_worlds
from testbed.training_acts import Act
from testbed.training_scenes import HeardScene
from testbed.training_store import find_scene, keep_scene, name_scene
from testbed.training_worlds import draw_settings
from tests.testbed.test_training import make_scene

FEW = TrainingOptions(scenes=3, scenes_scored=2, scenes_sensor=1)


def flat(scene: HeardScene) -> list[object]:
    return [
        *(column.tolist() for column in vars(scene.pulses).values()),
        scene.pulse_label.tolist(),
        scene.site.positions_m.tolist(),
        scene.site.air,
        *(
            (h.act, h.found, h.real.tolist(), h.incident.pulse.tolist(), h.incident.round_times_s.tolist())
            for h in scene.incidents
        ),
        scene.world,
        scene.ghosts,
    ]


def test_a_scene_comes_back_as_it_was(tmp_path):
    scene = make_scene(3, 1.0)
    # a stranger is nowhere: its distance is infinite
    lost = replace(scene.incidents[0], act=Act("other", "stranger", 0, 1, False, float("inf")), found=False)
    scene = replace(scene, incidents=(lost, *scene.incidents[1:]), ghosts=2)
    keep_scene(scene, tmp_path / "scene.npz")
    back = find_scene(tmp_path / "scene.npz")
    assert back is not None
    assert np.array_equal(np.isnan(back.pulses.azimuth_rad), np.isnan(scene.pulses.azimuth_rad))
    # bearings are unknown, and what is unknown equals nothing
    assert str(flat(back)) == str(flat(scene))
    assert [p.name for p in tmp_path.iterdir()] == ["scene.npz"]


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_scene_is_heard_again(tmp_path, damage):
    path = tmp_path / "scene.npz"
    keep_scene(make_scene(3, 1.0), path)
    path.write_bytes(path.read_bytes()[:-400] if damage is None else damage)
    assert find_scene(path) is None
    assert find_scene(tmp_path / "none.npz") is None


def test_names_follow_the_settings():
    settings = draw_settings(0, 0)
    assert name_scene(settings) == name_scene(draw_settings(0, 0))
    assert name_scene(settings) != name_scene(replace(settings, rate_hz=8_000))


def test_training_that_was_interrupted_goes_on_and_workers_change_nothing(tmp_path, monkeypatch):
    heard = []

    def hear(settings):
        if len(heard) == 4 and not (tmp_path / "again").exists():
            (tmp_path / "again").touch()
            raise KeyboardInterrupt
        heard.append(settings.seed)
        return make_scene(settings.seed, 1.0, count=1)

    monkeypatch.setattr(training, "hear_scene", hear)
    store = tmp_path / "store"
    with pytest.raises(KeyboardInterrupt):
        hear_worlds(0, FEW, store)
    assert count_kept(0, FEW, store) == 4
    whole = hear_worlds(0, FEW, store)
    assert len(heard) == len(set(heard)) == 6
    assert [len(part) for part in (whole.learned, whole.scored, whole.sensor)] == [3, 2, 1]
    with parallel_config(backend="threading"):
        by_two = hear_worlds(0, FEW, tmp_path / "other", workers=2)
    for name in ("learned", "scored", "sensor"):
        pairs = zip(getattr(whole, name), getattr(by_two, name), strict=True)
        assert all(str(flat(one)) == str(flat(other)) for one, other in pairs)
