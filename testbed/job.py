"""One job of a verb: settings in, results whole or nothing, mistakes told."""

import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from scenes.errors import BadInput
from testbed.complaints import BAD_INPUT, tell
from testbed.config import read_settings
from testbed.full_disk import is_disk_full
from testbed.outbox import job_folder, outbox, write_provenance

S = TypeVar("S")
T = TypeVar("T")


def perform(
    config: DictConfig, settings: type[S], task: Callable[[S, Path], T], products: Collection[str]
) -> T:
    """Check the config, run the task, deliver its results and say where they are.

    Parameters
    ----------
    config : DictConfig
        As composed by Hydra; goes no further.
    settings : type
        The verb's settings, with a field `out`.
    task : callable
        Takes the settings and an empty folder to write into.
    products : collection of str
        Names that the verb may write.

    Raises
    ------
    SystemExit
        With code 2 and one line a mistake on standard error when the input is bad. In a sweep the exception goes on,
        so that Hydra says which job it was.
    """
    with tell_mistakes():
        wanted = read_settings(config, settings)
        out = job_folder(wanted.out)  # pyright: ignore[reportAttributeAccessIssue] - every settings type has it
        with outbox(out, [*products, ".hydra"]) as draft, _told_when_full(out, draft):
            result = task(wanted, draft)
            write_provenance(draft, config)
    _list(out, products)
    return result


def perform_in_place(
    config: DictConfig, settings: type[S], task: Callable[[S, Path], T], products: Collection[str]
) -> T:
    """Check the config and run a task that keeps its own folder whole, and may be resumed there.

    Parameters
    ----------
    config, settings, products
        As in `perform`.
    task : callable
        Takes the settings and the folder, which it makes once its input is known to be good.

    Raises
    ------
    SystemExit
        As in `perform`.
    """
    with tell_mistakes():
        wanted = read_settings(config, settings)
        out = job_folder(wanted.out)  # pyright: ignore[reportAttributeAccessIssue] - every settings type has it
        result = task(wanted, out)
        shutil.rmtree(out / ".hydra", ignore_errors=True)
        write_provenance(out, config)
    _list(out, products)
    return result


def _list(out: Path, products: Collection[str]) -> None:
    sys.stdout.write("wrote\n")
    for name in products:
        if (out / name).exists():
            sys.stdout.write(f"  {out / name}{'/' if (out / name).is_dir() else ''}\n")


@contextmanager
def _told_when_full(out: Path, draft: Path) -> Iterator[None]:
    """Turn what a full disk brings about into a line; asked while the draft still takes its room."""
    try:
        yield
    except BAD_INPUT:
        raise
    except Exception as error:
        if is_disk_full(error, draft):
            raise BadInput(f"out={out}: the disk is full; nothing was written") from error
        raise


@contextmanager
def tell_mistakes() -> Iterator[None]:
    """Turn the user's mistakes into lines on standard error and exit code 2; in a sweep they go on to Hydra."""
    try:
        yield
    except BAD_INPUT as error:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise
        tell(str(error).splitlines())
        raise SystemExit(2) from error
