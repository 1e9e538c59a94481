"""The whole of `realism`: read the set, simulate its protocol, measure both, judge, draw."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl
from joblib import Parallel, delayed

from scenes.errors import BadInput
from testbed.field import read_set
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.livefire_survey import average_positions
from testbed.progress import Progress
from testbed.realism.compare import Verdict, compare
from testbed.realism.observe import Observed, observe
from testbed.realism.protocol import World, kind_of, lay_out
from testbed.realism.write_set import write_position

SIMULATED = "simulated"
# The field's levels beyond this are clipped, and tell nothing of how its levels differ from ours.
CLIPPED_DB = 91.0


@dataclass(frozen=True, eq=False)
class Realism:
    """Both columns, and what joins them.

    Attributes
    ----------
    real, simulated : mapping
        Rows by firing position.
    verdicts : tuple of Verdict
    least_snr_db : float
        From which pulses of ours are taken for reported, dB.
    level_offset_db : float
        What our levels have over those of the field's sensors, dB: added to the latter.
    """

    real: Mapping[str, Observed]
    simulated: Mapping[str, Observed]
    verdicts: tuple[Verdict, ...]
    least_snr_db: float
    level_offset_db: float


def run_realism(
    data: Path,
    positions: Sequence[str],
    world: World,
    out: Path,
    workers: int = 1,
    progress: Progress | None = None,
) -> Realism:
    """Measure the set in `data` and a simulated one, which is written into `out/simulated`.

    Positions that are there already from the same settings and version are not simulated again.

    Parameters
    ----------
    data : Path
        The live-fire set.
    positions : sequence of str
        Firing positions; empty for all.
    world : World
    out : Path
    workers : int
        Processes for the measurements, threads for the simulation; the results do not depend on it.
    progress : callable, optional
        Called with (positions done, positions): each is measured, simulated and measured again.

    Raises
    ------
    BadInput
        When the data, the scene or the network in it cannot be, before anything is simulated.
    """
    tests = _by_position(read_set(data, positions))
    surveys = {name: average_positions(its) for name, its in tests.items()}
    _check(world, tests, surveys)
    tick = _Ticks(progress, 3 * len(tests))
    heard = _observe_all(tests, surveys, workers, tick)
    least = least_snr(list(heard.values()))
    simulated = out / SIMULATED
    _claim(simulated, _fingerprint(world, tests, least))
    for name, its in tests.items():
        if not (simulated / name).is_dir():
            write_position(world, its, surveys[name], least, simulated, workers)
        tick()
    again = _by_position(read_set(simulated, tuple(tests)))
    ours = _observe_all(again, {name: average_positions(its) for name, its in again.items()}, workers, tick)
    offset = level_offset(list(heard.values()))
    real = {name: _raise_levels(rows, offset) for name, rows in heard.items()}
    return Realism(real, ours, compare(real, ours, world.seed), least, offset)


def least_snr(parts: Sequence[Observed]) -> float:
    """Return the SNR, dB, from which we find as many pulses in clips as the field's sensors reported in them.

    -99 dB, that is none, where we find no more than they.
    """
    ours = np.sort(np.concatenate([rows.pairs["snr_db"].to_numpy() for rows in parts]))[::-1]
    theirs = sum(rows.field_heard for rows in parts)
    return float(ours[theirs - 1]) if 0 < theirs < len(ours) else -99.0


def level_offset(parts: Sequence[Observed]) -> float:
    """Return the median of our level less the field's over the pulses that both have below clipping, dB."""
    pairs = pl.concat([rows.pairs for rows in parts]).drop_nulls().filter(pl.col("field_db") < CLIPPED_DB)
    return float(np.median((pairs["ours_db"] - pairs["field_db"]).to_numpy())) if len(pairs) else 0.0


def _raise_levels(rows: Observed, offset_db: float) -> Observed:
    """Add the offset to the levels of arrivals; those of echoes are relative to them and stay."""
    arrivals = rows.arrivals.with_columns(level_db=pl.col("level_db") + offset_db)
    return Observed(arrivals, rows.others, rows.clips, rows.pairs, rows.field_heard)


def _by_position(tests: Sequence[LiveTest]) -> dict[str, list[LiveTest]]:
    return {name: [t for t in tests if t.position == name] for name in sorted({t.position for t in tests})}


def _check(world: World, tests: Mapping[str, Sequence[LiveTest]], surveys: Mapping[str, Survey]) -> None:
    mistakes = []
    for name, its in tests.items():
        try:
            for test in its:
                kind_of(test.firearm)
            lay_out(world, its, surveys[name])
        except BadInput as error:
            mistakes += [line for line in str(error).splitlines() if line not in mistakes]
    if mistakes:
        raise BadInput("\n".join(mistakes))


def _observe_all(
    tests: Mapping[str, Sequence[LiveTest]], surveys: Mapping[str, Survey], workers: int, tick: "_Ticks"
) -> dict[str, Observed]:
    jobs = (delayed(observe)(its, surveys[name]) for name, its in tests.items())
    rows = []
    for one in Parallel(n_jobs=workers, return_as="generator")(jobs):
        rows.append(one)
        tick()
    return dict(zip(tests, rows, strict=True))


def _fingerprint(world: World, tests: Mapping[str, Sequence[LiveTest]], least_snr_db: float) -> str:
    told = [version("echoblock"), repr(world), f"{least_snr_db:.6f}"]
    told += [f"{name}: {[(t.name, t.firearm, t.rounds_fired) for t in its]}" for name, its in tests.items()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _claim(folder: Path, fingerprint: str) -> None:
    """Make the folder of the simulated set; empty it when it is from other settings."""
    mark = folder / "settings.json"
    if mark.is_file() and json.loads(mark.read_text(encoding="utf-8")).get("sha256") == fingerprint:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.write_text(json.dumps({"sha256": fingerprint}) + "\n", encoding="utf-8")


@dataclass
class _Ticks:
    """Counts steps and tells of them."""

    progress: Progress | None
    total: int
    done: int = 0

    def __call__(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)
