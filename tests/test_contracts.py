"""The import contracts hold, and each is seen to catch its breach."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("scenes", "sim", "detector", "testbed")

# Contract -> (module, the import that breaks it). A breach of one may well breach others.
BREACHES = {
    "testbed above sim and detector above scenes; sim and detector are strangers": [
        ("scenes/air.py", "import sim.capture"),
        ("sim/capture.py", "import detector.site"),
        ("sim/capture.py", "import testbed.score"),
    ],
    "the detector cannot see the truth": [
        ("detector/pulse.py", "from scenes import event"),
        ("detector/site.py", "import sim.capture"),
        ("detector/fix.py", "import testbed.truth"),
    ],
    "configuration and plotting stay under the roof": [
        ("scenes/block.py", "import hydra"),
        ("sim/capture.py", "import matplotlib.pyplot"),
        ("detector/pulse.py", "from omegaconf import OmegaConf"),
        ("testbed/score.py", "import bokeh"),
    ],
    "the judge sees neither side's workings": [
        ("testbed/score.py", "import detector.incident"),
        ("testbed/matching.py", "import sim.capture"),
        ("testbed/truth.py", "import testbed.workings"),
    ],
    "sim's sources, propagation and microphones are strangers; simulate joins them": [
        ("sim/propagation/paths.py", "import sim.sources.emission"),
        ("sim/sources/emission.py", "import sim.propagation.paths"),
    ],
    "plug-ins never import each other": [
        ("scenes/blocks/grid.py", "import scenes.blocks.crossroads"),
        ("sim/sources/shell.py", "import sim.sources.gunshot"),
    ],
}


def lint(folder):
    """Return import-linter's exit code and report on the packages in a folder."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [command, "--no-cache"], check=False, cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def contract_names():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in config["tool"]["importlinter"]["contracts"]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.nb*")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_house_stands():
    code, report = lint(ROOT)
    assert code == 0, report


def test_every_plug_in_is_under_contract():
    """A module that a registry of plug-ins imports is listed, the registries being the `__init__` of each kind."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = next(
        c["modules"] for c in config["tool"]["importlinter"]["contracts"] if c["name"].startswith("plug-ins")
    )
    for kind in ("scenes.blocks", "scenes.layouts", "scenes.schedules"):
        registry = (ROOT / kind.replace(".", "/") / "__init__.py").read_text()
        imported = set(re.findall(rf"^from ({re.escape(kind)}\.\w+) import", registry, re.MULTILINE))
        assert imported <= set(listed), kind


def test_every_contract_has_a_breach_here():
    assert sorted(contract_names()) == sorted(BREACHES)


@pytest.mark.parametrize(("contract", "breaches"), BREACHES.items())
def test_every_breach_is_caught(copy, contract, breaches):
    originals = {module: (copy / module).read_text() for module, _ in breaches}
    try:
        for module, line in breaches:
            (copy / module).write_text(f"{(copy / module).read_text()}\n{line}\n")
        code, report = lint(copy)
    finally:
        for module, text in originals.items():
            (copy / module).write_text(text)
    assert code == 1, report
    assert f"{contract} BROKEN" in report
    about = report.split("Broken contracts", 1)[1].split(contract, 1)[1]
    for module, line in breaches:
        importer = module.removesuffix(".py").replace("/", ".")
        imported = re.match(r"(?:from|import) (\w+)", line).group(1)
        assert re.search(rf"{re.escape(importer)} ->\s+{imported}", about), f"{importer}: {line}\n{report}"
