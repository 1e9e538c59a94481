"""What a verb is asked to do, as typed frozen objects; the config object goes no further than this module."""

import dataclasses
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, ValidationError

from detector.cap import CapOptions
from scenes.errors import BadInput
from testbed.complaints import nearest
from testbed.config_groups import groups
from testbed.config_ranges import RANGES
from testbed.config_schema import KIND, build, given, model_of
from testbed.faults import NO_FAULTS

S = TypeVar("S")


@dataclasses.dataclass(frozen=True)
class FromGroup:
    """Marks a field that a config group fills."""

    name: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class SceneSettings:
    """The scene keys: what `render` needs, and `run` too.

    `height_factor` multiplies the heights of all buildings. `rate_hz` is the sampling rate of all sensors; `workers`
    changes the time a run takes, never a byte of it.
    """

    scene: Annotated[Any, FromGroup("scene")]
    schedule: Annotated[Any, FromGroup("schedule")]
    layout: Annotated[Any, FromGroup("layout")]
    ambient: Annotated[Any, FromGroup("ambient")]
    weather: Annotated[Any, FromGroup("weather")]
    clock: Annotated[Any, FromGroup("clock")]
    sensor: Annotated[Any, FromGroup("sensor")]
    survey: Annotated[Any, FromGroup("survey")]
    propagation: Annotated[Any, FromGroup("propagation")]
    faults: Annotated[Any, FromGroup("faults")] = NO_FAULTS
    height_factor: Annotated[float, Field(ge=0.1, le=10.0)] = 1.0
    duration_s: Annotated[float, Field(ge=1.0, le=86_400.0)] = 60.0
    # What the detector takes as a recording (`detector.recording.RATES_HZ`).
    rate_hz: Annotated[int, Field(ge=6_000, le=200_000)] = 48_000
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings(SceneSettings):
    """The scene keys, the detector, the score that a sweeper optimises; two questions on top.

    `error_budget` asks what each stage costs. `map_help` gives the detector the first-arrival delays that the block's
    footprints imply, on a grid of `map_step_m`, m.
    """

    detector: Annotated[Any, FromGroup("detector")]
    objective: str = "rounds_f1"
    error_budget: bool = False
    map_help: bool = False
    map_step_m: Annotated[float, Field(ge=2.0, le=200.0)] = 15.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class SweepSettings(RunSettings):
    """The keys of `run`, and which cells (`testbed.sweep.design`), seeds and machines.

    `name` names the folder; `question` is what the sweep answers, for the report. `samples` draws so many cells from
    `cells` instead of crossing all values. `retry` computes failed scenes anew. `seed` is that of the random design;
    scenes have those of `seeds`. `workers` counts processes.
    """

    name: Annotated[str, Field(pattern=r"^\w[\w.+-]*$", max_length=100)] = "sweep"
    question: str = ""
    cells: str | tuple[str, ...] = ()
    seeds: int | str | tuple[int, ...] = 10
    samples: Annotated[int, Field(ge=0)] = 0
    retry: bool = False
    compute: Annotated[Any, FromGroup("compute")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CollectSettings:
    """`results` is the folder of a sweep (of a run, for `report`); everything is written into it.

    `objective` is the metric that ranks.
    """

    results: Path | None = None
    objective: str = "incidents_recall"
    out: Path = Path("results")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListenSettings:
    """What the detector hears: `recording` (a folder), or `pulses` (a table) with `site` (its site.json).

    `delays` (a table) is what a map says of first arrivals, on top of either; `cap` is what CAP messages say of their
    sender.
    """

    detector: Annotated[Any, FromGroup("detector")]
    recording: Path | None = None
    pulses: Path | None = None
    site: Path | None = None
    delays: Path | None = None
    cap: CapOptions = dataclasses.field(default_factory=CapOptions)
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """Two files, both required; area and duration override what the truth says was watched."""

    alerts: Path | None = None
    truth: Path | None = None
    area_km2: Annotated[float | None, Field(gt=0.0)] = None
    duration_s: Annotated[float | None, Field(gt=0.0)] = None
    out: Path = Path("results")


def read_settings(config: DictConfig, settings: type[S]) -> S:
    """Check a composed config and return it as a frozen object.

    Raises
    ------
    BadInput
        One line a mistake, all mistakes: unknown keys, wrong types, numbers out of range.
    """
    try:
        plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)  # pyright: ignore[reportAssignmentType] - keys are strings
    except OmegaConfBaseException as error:
        raise BadInput(str(error).splitlines()[0]) from error
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    marks = _group_marks(settings)
    for name, group in marks.items():
        try:
            values[name] = _read_group(group, plain.pop(name, None))
        except BadInput as error:
            mistakes.append(str(error))
    model = model_of(settings, RANGES, leave_out=marks.keys())
    try:
        values |= given(model.model_validate(plain))
    except ValidationError as error:
        mistakes.extend(_lines(error, "", model.model_fields))
    except ValueError as error:
        mistakes.extend(str(error).splitlines())
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return settings(**values)


def _group_marks(settings: type) -> dict[str, str]:
    hints = typing.get_type_hints(settings, include_extras=True)
    marks = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {name: m.name for name, found in marks.items() for m in found if isinstance(m, FromGroup)}


def _read_group(name: str, node: object) -> Any:
    """Return the frozen options that a group's node describes."""
    group = groups()[name]
    if not isinstance(node, dict):
        raise BadInput(f"{name}: nothing chosen; {name} is one of {', '.join(group.options)}")
    if group.is_mixed:
        kind = node.pop(KIND, None)
        if kind not in group.options:
            known = ", ".join(group.options)
            raise BadInput(
                f"{name}.{KIND}: {kind!r} is not known{nearest(str(kind), group.options)}; one of {known}"
            )
        chosen = group.options[kind]
    else:
        chosen = next(iter(group.options.values()))
    options = chosen if isinstance(chosen, type) else type(chosen)
    model = model_of(options, RANGES, f"{name}.")
    try:
        return build(model.model_validate(node))
    except ValidationError as error:
        raise BadInput("\n".join(_lines(error, f"{name}.", model.model_fields))) from error
    except ValueError as error:
        raise BadInput("\n".join(f"{name}: {line}" for line in str(error).splitlines())) from error


def _lines(error: ValidationError, prefix: str, names: Iterable[str]) -> list[str]:
    lines = []
    for one in error.errors():
        key = prefix + ".".join(str(part) for part in one["loc"])
        if one["type"] == "extra_forbidden":
            lines.append(f"there is no key {key!r}{nearest(key, [prefix + name for name in names])}")
        else:
            said = one["msg"].removeprefix("Value error, ").removeprefix("Input ")
            lines.append(f"{key}={one['input']}: {said}")
    return lines
