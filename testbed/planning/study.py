"""What every question about a neighbourhood starts from: its map, its mounts, its street, the levels between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from scenes.block import Block
from scenes.errors import BadInput
from scenes.import_account import ImportAccount
from scenes.layouts.mount import POLE, ROOF
from scenes.streams import draw_stream
from testbed.config import FromGroup
from testbed.footprint_file import FootprintFile
from testbed.planning.forecast import Question
from testbed.planning.gunfire import SHARES
from testbed.planning.hearing import Hearing, noise_db
from testbed.planning.level_cache import cache_folder
from testbed.planning.levels import Levels, find_levels
from testbed.planning.location import LocationErrors
from testbed.planning.mount_table import MountTable, join_mounts, propose_mounts, read_mount_table
from testbed.planning.refusal import check_or_tell
from testbed.planning.street_cells import StreetCells, forbid, lay_cells
from testbed.progress import progress_bar


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """A neighbourhood, a question about it, and where the answer goes.

    Attributes
    ----------
    action : str
        "map", "optimise", "compare", "accept", "verify" or "backtest".
    scene, ambient, weather, clock, sensor, survey, propagation, detector, planner
        Config groups, as of `run`; `planner` chooses the mounts.
    mounts : path, optional
        Places where a sensor could be or is. Without a file they are proposed.
    propose : tuple of str
        "pole" (lamp posts), "roof" (roof edges): proposed where no file names mounts, or beside it with `propose_more`.
    propose_count, propose_spacing_m, mount_height_m
        How many at most, how far apart along a street, and the height of a mount that names none.
    streets, weights, zones, forbidden : path, optional
        Lines where shots happen; a GeoTIFF of how much they do; polygons for tables; polygons without sensors.
    layout_a, layout_b : path, optional
        Files of sensors to compare; without them the installed sensors, or the planner's choice.
    remove : tuple of str
        Sensors to take away (compare: B is A without them).
    count, budget : int, float
        How many sensors, or what they may cost, installed ones included; with both, neither is exceeded.
    next_count : int
        For how many further sensors the question "where do the next go" is answered.
    sensors_needed : int
        k.
    cell_m, cells_most
        Side of a street cell; without it the finest with at most so many cells.
    hearing, errors, shares
        See `testbed.planning.hearing`, `location`, `gunfire`.
    shots, points, confidence
        Of acceptance and verification: shots a point, points, confidence of the verdict.
    check_points, check_shots
        Of the full simulation that every map is set beside; 0 points leave it out.
    source, sensor_id : the path to draw in profile (compare).
    data : path, optional
        Live-fire set of a backtest; `draws` subsets of each number of sensors.
    units : "si" or "us"
    cache : bool
        Whether levels are kept under `~/.cache/echoblock`.
    """

    action: Literal["map", "optimise", "compare", "accept", "verify", "backtest"] = "map"
    scene: Annotated[Any, FromGroup("scene")]
    ambient: Annotated[Any, FromGroup("ambient")]
    weather: Annotated[Any, FromGroup("weather")]
    clock: Annotated[Any, FromGroup("clock")]
    sensor: Annotated[Any, FromGroup("sensor")]
    survey: Annotated[Any, FromGroup("survey")]
    propagation: Annotated[Any, FromGroup("propagation")]
    detector: Annotated[Any, FromGroup("detector")]
    planner: Annotated[Any, FromGroup("planner")]
    mounts: Path | None = None
    propose: tuple[Literal["pole", "roof"], ...] = (POLE, ROOF)
    propose_more: bool = False
    propose_count: Annotated[int, Field(ge=1, le=5_000)] = 300
    propose_spacing_m: Annotated[float, Field(ge=5.0)] = 40.0
    mount_height_m: Annotated[float, Field(ge=0.5, le=500.0)] = 6.0
    streets: Path | None = None
    weights: Path | None = None
    zones: Path | None = None
    forbidden: Path | None = None
    layout_a: Path | None = None
    layout_b: Path | None = None
    remove: tuple[str, ...] = ()
    count: Annotated[int | None, Field(ge=1, le=1_000)] = None
    budget: Annotated[float | None, Field(ge=0.0)] = None
    next_count: Annotated[int, Field(ge=0, le=50)] = 3
    sensors_needed: Annotated[int, Field(ge=3, le=10)] = 4
    cell_m: Annotated[float | None, Field(ge=1.0, le=500.0)] = None
    cells_most: Annotated[int, Field(ge=10, le=50_000)] = 2_500
    hearing: Hearing = field(default_factory=Hearing)
    errors: LocationErrors = field(default_factory=LocationErrors)
    shares: Mapping[str, float] = field(default_factory=lambda: dict(SHARES))
    shots: Annotated[int, Field(ge=1, le=10_000)] = 30
    points: Annotated[int, Field(ge=3, le=300)] = 9
    check_points: Annotated[int, Field(ge=0, le=300)] = 6
    check_shots: Annotated[int, Field(ge=1, le=1_000)] = 10
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    source: tuple[float, ...] | None = None
    sensor_id: str | None = None
    data: Path | None = None
    draws: Annotated[int, Field(ge=1, le=10_000)] = 4
    units: Literal["si", "us"] = "si"
    cache: bool = True
    rate_hz: Annotated[int, Field(ge=6_000, le=200_000)] = 12_000
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


@dataclass(frozen=True, eq=False)
class Study:
    """A neighbourhood ready for questions.

    Attributes
    ----------
    block : Block
    account : ImportAccount or None
        Of the footprints, where they came from a file.
    mounts : MountTable
        All that may hold a sensor or do.
    cells : StreetCells
    levels : Levels
        From every cell to every mount.
    question : Question
    notes : tuple of (id, what was mended or left out of the files and why)
    """

    block: Block
    account: ImportAccount | None
    mounts: MountTable
    cells: StreetCells
    levels: Levels
    question: Question
    notes: tuple[tuple[str, str], ...]


def open_study(
    settings: PlanSettings,
    extra: MountTable | None = None,
    check: Callable[[MountTable], None] | None = None,
) -> Study:
    """Read the map and the files, lay cells, find levels.

    Parameters
    ----------
    settings : PlanSettings
    extra : MountTable, optional
        Further mounts, whose ids differ from all others'.
    check : callable, optional
        Looks at the mounts and raises BadInput before the levels are found, which takes long.

    Raises
    ------
    BadInput
        One line a mistake.
    """
    block, account = read_block(settings)
    notes: list[tuple[str, str]] = []
    mounts = _find_mounts(settings, block, notes)
    if extra is not None:
        new = ~np.isin(extra.ids, mounts.ids)
        mounts = join_mounts([mounts, extra.take(new)])
    check_or_tell(mounts, notes, check)
    cells, more = lay_cells(
        block, settings.cell_m, settings.cells_most, settings.streets, settings.weights, settings.zones
    )
    notes += more
    with progress_bar("levels", "cell") as progress:
        levels = find_levels(
            block,
            settings.weather,
            cells.position_m,
            mounts.position_m,
            settings.workers,
            cache_folder() if settings.cache else None,
            progress,
        )
    return Study(block, account, mounts, cells, levels, question_of(settings), tuple(notes))


def read_block(settings: PlanSettings) -> tuple[Block, ImportAccount | None]:
    """Return the block, and the account of its import where it came from a file."""
    if isinstance(settings.scene, FootprintFile):
        return settings.scene.read()
    return settings.scene.build(), None


def question_of(settings: PlanSettings) -> Question:
    """Return what is asked, in numbers."""
    microphone = settings.sensor.draw(settings.rate_hz, draw_stream(settings.seed, "microphone", "planning"))
    return Question(
        settings.sensors_needed,
        noise_db(settings.ambient, microphone),
        settings.weather.sound_speed_mps,
        settings.hearing,
        settings.errors,
        settings.shares,
        seed=settings.seed,
    )


def _find_mounts(settings: PlanSettings, block: Block, notes: list[tuple[str, str]]) -> MountTable:
    parts = []
    if settings.mounts is not None:
        table, told = read_mount_table(
            settings.mounts, block, settings.mount_height_m, feet=settings.units == "us"
        )
        parts.append(table)
        notes += told
    if settings.mounts is None or settings.propose_more:
        parts.append(
            propose_mounts(
                block,
                settings.propose_count,
                settings.propose_spacing_m,
                settings.mount_height_m,
                settings.propose,
            )
        )
    mounts = join_mounts(parts)
    if settings.forbidden is not None:
        held, told = forbid(block, settings.forbidden, mounts.position_m)
        notes += told
        barred = (held != "") & ~mounts.installed & mounts.allowed
        notes += [
            (str(i), f"may hold no sensor: in the forbidden area {area!r}")
            for i, area in zip(mounts.ids[barred], held[barred], strict=True)
        ]
        mounts = MountTable(**{**vars(mounts), "allowed": mounts.allowed & ~barred})
    if not len(mounts):
        raise BadInput("no place for a sensor: mounts=FILE names none and none could be proposed")
    return mounts


def chosen_ids(study: Study, chosen: npt.ArrayLike) -> tuple[str, ...]:
    """Return the names of mounts by their index."""
    return tuple(str(name) for name in study.mounts.ids[np.asarray(chosen, dtype=np.intp)])
