"""Options dataclasses become Hydra schemas and come back checked, typed and frozen."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, ValidationError

from testbed.config_schema import build, model_of, schema_of


@dataclass(frozen=True)
class Lens:
    focus_m: float = 1.0


@dataclass(frozen=True)
class Shot:
    time_s: float
    place: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Options:
    count: int = 3
    mode: Literal["pole", "roof"] = "pole"
    file: Path | None = None
    lens: Lens = field(default_factory=Lens)
    shots: tuple[Shot, ...] = ()
    weights: dict[str, float] = field(default_factory=lambda: {"a": 1.0})


def through(*overrides, ranges=None, options=Options):
    config = OmegaConf.merge(
        OmegaConf.structured(schema_of(options)), OmegaConf.from_dotlist(list(overrides))
    )
    return build(model_of(Options, ranges or {}).model_validate(OmegaConf.to_container(config)))


def test_defaults_come_back_unchanged():
    assert through() == Options()


def test_an_instance_gives_its_own_values_as_defaults():
    assert through(options=Options(count=9, lens=Lens(2.0))) == Options(count=9, lens=Lens(2.0))


def test_values_come_back_typed():
    made = through(
        "file=a.csv", "lens.focus_m=2", "mode=roof", "shots=[{time_s: 4, place: [1, 2]}]", "weights={b: 2}"
    )
    assert made.file == Path("a.csv")
    assert made.lens == Lens(2.0)
    assert made.shots == (Shot(4.0, (1.0, 2.0)),)
    assert hash(made.shots)


@pytest.mark.parametrize("override", ["coutn=4", "count=many", "lens.fokus_m=1"])
def test_the_schema_refuses_typos_and_types(override):
    with pytest.raises(OmegaConfBaseException):
        through(override)


@pytest.mark.parametrize(
    "override", ["mode=roofs", "shots=[{time: 4}]", "shots=[{time_s: 4, place: [1]}]", "lens.focus_m=.nan"]
)
def test_the_model_refuses_what_the_schema_cannot_see(override):
    with pytest.raises(ValidationError):
        through(override)


def test_ranges_narrow_nested_fields():
    ranges = {"count": Field(ge=1), "lens.focus_m": Field(gt=0.0)}
    assert through("count=1", ranges=ranges).count == 1
    with pytest.raises(ValidationError) as caught:
        through("count=0", "lens.focus_m=-1", ranges=ranges)
    assert caught.value.error_count() == 2
