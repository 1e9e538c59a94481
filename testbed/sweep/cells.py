"""The cells of a sweep as they run: composed, checked and named, every one before the first scene starts."""

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from scenes.errors import BadInput
from testbed.complaints import explain
from testbed.config import RunSettings, SweepSettings, read_settings
from testbed.override_check import composer
from testbed.override_words import imply_files, key_of
from testbed.run_check import check_run
from testbed.sweep.code_version import code_version
from testbed.sweep.design import Words, read_cells
from testbed.sweep.record import Task, name_task
from testbed.world import build_scene

VERB = "sweep"
# Keys that decide no row of a scene.
OF_THE_SWEEP = (
    "name", "question", "cells", "seeds", "samples", "retry", "compute", "experiment", "seed", "workers", "out",
    "objective",
)  # fmt: skip
_FILE_KEYS = {"file", "buildings", "terrain", "model"}


@dataclass(frozen=True, eq=False)
class Cell:
    """One config of a sweep.

    Attributes
    ----------
    number : int
    words : tuple of str
        Its own overrides.
    settings : RunSettings
        All of it, checked; the seed comes with the scene.
    config : mapping
        The same as plain values, resolved; for the record.
    digest : str
        Of the config, of the files that it names and of the code.
    """

    number: int
    words: Words
    settings: RunSettings
    config: Mapping[str, Any]
    digest: str

    @property
    def name(self) -> str:
        """The overrides as people write them."""
        return " ".join(self.words) or "(as configured)"

    def task(self, seed: int) -> Task[RunSettings]:
        """Return the scene of this cell with a seed."""
        return Task(name_task(self.digest, seed), self.number, replace(self.settings, seed=seed))


def tasks_of(cells: Sequence[Cell], seeds: Sequence[int]) -> Iterator[Task[RunSettings]]:
    """Yield all scenes; each seed in all cells before the next, so that an unfinished sweep can be compared too."""
    for seed in seeds:
        for cell in cells:
            yield cell.task(seed)


def compose_cells(settings: SweepSettings, seeds: Sequence[int]) -> tuple[Cell, ...]:
    """Compose and check every cell of the running sweep; equal ones become one.

    Parameters
    ----------
    settings : SweepSettings
        `cells` and `samples` say which cells there are.
    seeds : sequence of int
        The first decides the scene that is laid out to see whether it can be.

    Raises
    ------
    BadInput
        One line a mistake and cell.
    """
    words = [imply_files(cell) for cell in read_cells(settings.cells, settings.samples)]
    base = list(HydraConfig.get().overrides.task)
    parsed = argparse.Namespace(config_dir=_config_dir())
    configs: list[DictConfig | Exception] = []
    with _kept_hydra(), composer(VERB, parsed) as loader:
        compose_one = _composer_of(loader, base)
        for cell in words:
            try:
                configs.append(compose_one(cell))
            except (HydraException, OmegaConfBaseException) as error:
                configs.append(error)
    mistakes: dict[str, list[str]] = defaultdict(list)
    cells: dict[str, Cell] = {}
    for cell, config in zip(words, configs, strict=True):
        try:
            if isinstance(config, Exception):
                raise BadInput("\n".join(_explain(config, [*_without(base, cell), *cell])))
            made = _check(len(cells), cell, config, seeds[0])
            cells.setdefault(made.digest, made)
        except BadInput as error:
            for line in str(error).splitlines():
                mistakes[line].append(" ".join(cell))
    if mistakes:
        raise BadInput("\n".join(f"{line}{_where(names)}" for line, names in mistakes.items()))
    return tuple(cells.values())


def _explain(error: Exception, words: list[str]) -> list[str]:
    with _kept_hydra():
        return explain(error, VERB, words) or [str(error)]


def _where(names: Sequence[str]) -> str:
    if not any(names):
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f" (in the cell {names[0]}{more})"


def _check(number: int, words: Words, config: DictConfig, seed: int) -> Cell:
    settings = read_settings(config, SweepSettings)
    check_run(settings)
    build_scene(replace(settings, seed=seed))
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # pyright: ignore[reportAssignmentType] - keys are strings
    kept = {key: value for key, value in plain.items() if key not in OF_THE_SWEEP}
    # What goes with every scene is small, however many cells there are.
    alone = replace(settings, cells=(), seeds=1, workers=1)
    return Cell(number, words, alone, kept, _digest(kept))


def _digest(config: Mapping[str, Any]) -> str:
    sha = hashlib.sha256(code_version().digest.encode())
    sha.update(json.dumps(config, sort_keys=True).encode())
    for path in _files(config):
        sha.update(path.read_bytes())
    return sha.hexdigest()[:24]


def _files(config: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the files that a config names: another content is another cell."""
    for key, value in sorted(config.items()):
        if isinstance(value, Mapping):
            yield from _files(value)
        elif key in _FILE_KEYS and isinstance(value, str) and Path(value).is_file():
            yield Path(value)


def _composer_of(loader: ConfigLoader, base: Sequence[str]) -> Callable[[Words], DictConfig]:
    """Return a function from the overrides of a cell to its config.

    Composing takes 0.1 s, setting a value of a composed config next to nothing: cells that choose the same options of
    the groups are composed once.
    """
    parser = OverridesParser.create(config_loader=loader)
    composed: dict[tuple[str, ...], DictConfig] = {}

    def compose_one(words: Words) -> DictConfig:
        plain = [word for word in words if _is_value(word, loader)]
        rest = _without(base, words) + [word for word in words if word not in plain]
        # Values that the command line gives stand behind those of the cell.
        key = tuple(rest)
        if key not in composed:
            composed[key] = compose(VERB, overrides=rest)
        config = composed[key].copy()
        for override in parser.parse_overrides(plain):
            OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
        return config

    return compose_one


def _is_value(word: str, loader: ConfigLoader) -> bool:
    key = word.split("=", 1)[0]
    return (
        key[:1] not in {"+", "~"}
        and "@" not in key
        and not ("." not in key and loader.get_group_options(key))
    )


def _without(base: Sequence[str], words: Words) -> list[str]:
    """Return the words of the command line that a cell does not say otherwise."""
    said = {key_of(word) for word in words}
    return [word for word in base if key_of(word) not in said]


def _config_dir() -> str | None:
    sources = HydraConfig.get().runtime.config_sources
    found = [source.path for source in sources if source.provider == "command-line"]
    return found[0] if found else None


@contextmanager
def _kept_hydra() -> Iterator[None]:
    """Give the running job its Hydra back after another stood in for it."""
    before = GlobalHydra.instance().hydra
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = before
