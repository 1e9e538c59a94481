"""Heard scenes on disk, so that training again with the same code simulates nothing again: plain arrays, no pickle."""

import ast
import hashlib
import json
import os
import platform
import zipfile
import zlib
from dataclasses import asdict, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station
from testbed.config import SceneSettings
from testbed.training_acts import Act
from testbed.training_scenes import HeardIncident, HeardScene

FORMAT = "echoblock-heard-scene/1"
_HOME = Path(__file__).resolve().parents[1]
_ROOMS = ("scenes", "sim", "detector", "testbed")
_ROOT = "testbed.training_scenes"
_DATA = {".csv", ".json"}
_NO_DATA = ("detector", "testbed")  # models and tables there decide nothing that is heard
_LIBRARIES = ("numpy", "scipy", "numba", "soundfile", "shapely")


def name_scene(settings: SceneSettings) -> str:
    """Return the digest of everything that decides what is heard of a scene: settings, sources, libraries."""
    return hashlib.sha256(f"{digest_code()} {settings!r}".encode()).hexdigest()[:32]


@cache
def digest_code() -> str:
    """Return the digest of the modules that hearing a scene imports, of their data, and of the libraries."""
    libraries = [platform.python_version(), *(f"{name} {version(name)}" for name in _LIBRARIES)]
    sha = hashlib.sha256(repr(libraries).encode())
    data = {
        path
        for room in set(_ROOMS) - set(_NO_DATA)
        for path in (_HOME / room).rglob("*")
        if path.suffix in _DATA
    }
    for path in sorted(_follow_imports(_ROOT) | data):
        sha.update(path.relative_to(_HOME).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


def _follow_imports(root: str) -> set[Path]:
    """Return the files of a module of ours and of all that it imports of ours."""
    found: set[Path] = set()
    waiting = [root]
    while waiting:
        path = _find(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def _find(module: str) -> Path | None:
    if module.split(".", maxsplit=1)[0] not in _ROOMS:
        return None
    path = _HOME.joinpath(*module.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def keep_scene(scene: HeardScene, path: Path) -> None:
    """Write a heard scene; the file appears whole or not at all."""
    head = {
        "format": FORMAT,
        "world": scene.world,
        "ghosts": scene.ghosts,
        "air": asdict(scene.site.air),
        "stations": [
            [s.id, s.position_m, s.position_sigma_m, s.microphones_m.tolist(), s.rate_hz, s.full_scale_pa,
             s.clock_sigma_s]
            for s in scene.site.stations
        ],
        "acts": [asdict(heard.act) for heard in scene.incidents],
        "found": [heard.found for heard in scene.incidents],
    }  # fmt: skip
    arrays = {f"pulses_{f.name}": getattr(scene.pulses, f.name) for f in fields(Pulses)}
    for k, heard in enumerate(scene.incidents):
        i = heard.incident
        arrays |= {
            f"{k}_position_m": i.position_m,
            f"{k}_round_times_s": i.round_times_s,
            f"{k}_pulse": i.pulse,
            f"{k}_round": i.round,
            f"{k}_llr": np.array(i.log_likelihood_ratio),
            f"{k}_real": heard.real,
        }
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    with partial.open("wb") as file:
        np.savez_compressed(file, head=np.array(json.dumps(head)), pulse_label=scene.pulse_label, **arrays)
    partial.replace(path)


def find_scene(path: Path) -> HeardScene | None:
    """Return a kept scene; None where there is none, or the file is no such scene (it is heard again then)."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            return _read({name: held[name] for name in held.files})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _read(held: dict[str, np.ndarray]) -> HeardScene:
    head = json.loads(str(held["head"]))
    if head["format"] != FORMAT:
        raise ValueError(head["format"])
    air = head["air"] | {"wind_mps": tuple(head["air"]["wind_mps"])}
    stations = tuple(
        Station(name, tuple(position), sigma, np.array(microphones), rate, full, clock)
        for name, position, sigma, microphones, rate, full, clock in head["stations"]
    )
    incidents = tuple(
        HeardIncident(
            Incident(
                held[f"{k}_position_m"],
                held[f"{k}_round_times_s"],
                held[f"{k}_pulse"],
                held[f"{k}_round"],
                float(held[f"{k}_llr"]),
            ),
            Act(**act),
            held[f"{k}_real"],
            found,
        )
        for k, (act, found) in enumerate(zip(head["acts"], head["found"], strict=True))
    )
    pulses = Pulses(**{f.name: held[f"pulses_{f.name}"] for f in fields(Pulses)})
    site = Site(stations, AirReading(**air))
    return HeardScene(site, pulses, held["pulse_label"], incidents, head["world"], head["ghosts"])
