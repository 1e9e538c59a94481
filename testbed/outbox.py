"""Results appear whole or not at all."""

import json
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from scenes.errors import BadInput
from testbed.sweep.code_version import code_version

CODE_FILE = "code.json"
"""In `.hydra/`: which code wrote the results."""


@contextmanager
def outbox(out: Path, products: Collection[str]) -> Iterator[Path]:
    """Yield an empty folder; when the block ends well, its content becomes that of `out`.

    An `out` that exists keeps what is not of this verb; older products of the verb are replaced or removed. When
    the block fails, `out` is as it was.

    Parameters
    ----------
    out : Path
        Where results go; made when there are some.
    products : collection of str
        Names in `out` that belong to the verb.

    Raises
    ------
    BadInput
        When `out` is no folder or cannot be written.
    """
    out = out.resolve()
    home = next(p for p in (out, *out.parents) if p.exists())
    if not home.is_dir():
        raise BadInput(f"out={out}: {home} is a file; a folder is wanted")
    try:
        draft = Path(tempfile.mkdtemp(prefix=".echoblock-", dir=home))
    except OSError as error:
        raise BadInput(f"out={out}: cannot write there: {error.strerror}") from error
    try:
        yield draft
        out.mkdir(parents=True, exist_ok=True)
        for name in products:
            _remove(out / name)
        for item in sorted(draft.iterdir()):
            _remove(out / item.name)
            item.replace(out / item.name)
    finally:
        shutil.rmtree(draft)


def job_folder(out: Path) -> Path:
    """Return where the running Hydra job writes: `out`, or its own folder below the sweep's."""
    hydra = HydraConfig.get()
    return Path(hydra.runtime.output_dir) if hydra.mode == RunMode.MULTIRUN else out


def write_provenance(folder: Path, config: DictConfig) -> None:
    """Write `.hydra/`: the job's config, Hydra's own, and the overrides, as Hydra names them; and the code."""
    # Hydra would write them before the job has looked at its input; a refused job leaves nothing behind.
    target = folder / ".hydra"
    target.mkdir()
    hydra = OmegaConf.create({"hydra": HydraConfig.get()})
    OmegaConf.save(config, target / "config.yaml")
    OmegaConf.save(hydra, target / "hydra.yaml")
    OmegaConf.save(HydraConfig.get().overrides.task, target / "overrides.yaml")
    (target / CODE_FILE).write_text(json.dumps(code_version().to_json(), indent=1) + "\n", encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
