"""From options dataclasses to Hydra's structured configs and back; numbers live once, in the dataclasses."""

import dataclasses
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Union

from omegaconf import MISSING
from pydantic import BaseModel, ConfigDict, create_model

KIND = "kind"
"""The key that says which options dataclass a group's node is."""


def schema_of(options: object, kind: str | None = None) -> Any:
    """Return a structured config (an instance of a new dataclass) with the fields and defaults of `options`.

    Parameters
    ----------
    options : dataclass type or instance
        Fields may be numbers, strings, booleans, paths, enums, literals, nested dataclasses, and tuples, lists
        and mappings of them, each optional.
    kind : str, optional
        Name of the options in their registry, kept in the node as `kind`.
    """
    cls = options if isinstance(options, type) else type(options)
    hints = typing.get_type_hints(cls)
    fields: list[Any] = []
    if kind is not None:
        fields.append((KIND, str, dataclasses.field(default=kind)))
    for f in dataclasses.fields(cls):  # pyright: ignore[reportArgumentType] - a dataclass by contract
        if not f.init:
            continue
        if hints[f.name] is Any:  # filled by a group, whatever its default for who builds the object by hand
            default = MISSING
        elif isinstance(options, type):
            default = f.default if f.default is not dataclasses.MISSING else _made(f)
        else:
            default = getattr(options, f.name)
        fields.append((f.name, _schema_type(hints[f.name], default), _schema_field(default)))
    return dataclasses.make_dataclass(f"{cls.__name__}Schema", fields)()


class Checked(BaseModel):
    """A checked node; knows the options dataclass that it becomes."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)
    options_type: ClassVar[type]


def model_of(
    options: type, ranges: Mapping[str, Any], prefix: str = "", leave_out: Collection[str] = ()
) -> type[Checked]:
    """Return the pydantic model that checks a node of these options; unknown keys are mistakes.

    Parameters
    ----------
    options : dataclass type
    ranges : mapping
        "group.field" -> annotation that narrows the field's type (`pydantic.Field(gt=0)`).
    prefix : str
        The node's key with a dot, as in `ranges`.
    leave_out : collection of str
        Fields that are checked elsewhere.
    """
    hints = typing.get_type_hints(options, include_extras=True)
    fields: dict[str, Any] = {}
    for f in dataclasses.fields(options):
        if not f.init or f.name in leave_out:
            continue
        hint = _model_type(hints[f.name], ranges, f"{prefix}{f.name}.")
        if (narrow := ranges.get(f"{prefix}{f.name}")) is not None:
            hint = typing.Annotated[hint, narrow]
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        fields[f.name] = (hint, ... if required else None)
    model = create_model(options.__name__, __base__=Checked, **fields)
    model.options_type = options
    return model


def build(checked: Checked) -> Any:
    """Return the frozen options that a checked node describes."""
    return checked.options_type(**given(checked))


def given(checked: Checked) -> dict[str, Any]:
    """Return the values that a checked node names, options in place of nodes."""
    return {name: _built(getattr(checked, name)) for name in checked.model_fields_set}


def _built(value: Any) -> Any:
    if isinstance(value, Checked):
        return build(value)
    if isinstance(value, tuple | list):
        return type(value)(_built(inner) for inner in value)
    if isinstance(value, dict):
        return {key: _built(inner) for key, inner in value.items()}
    return value


def _model_type(hint: Any, ranges: Mapping[str, Any], prefix: str) -> Any:
    """Replace dataclasses inside an annotation by their models, so that their unknown keys are mistakes too."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return model_of(hint, ranges, prefix)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {tuple, list, dict, Union, types.UnionType}:
        inner = tuple(_model_type(a, ranges, prefix) for a in arguments)
        return Union[inner] if origin in {Union, types.UnionType} else origin[inner]  # noqa: UP007 # pyright: ignore[reportOptionalSubscript] - built at run time
    return hint


def _made(f: dataclasses.Field[Any]) -> Any:
    return MISSING if f.default_factory is dataclasses.MISSING else f.default_factory()


def _schema_type(hint: Any, default: object) -> Any:
    """Map an annotation to what OmegaConf can hold; what it cannot check, pydantic checks later."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _schema_type(arguments[0], default)
    if origin in {Union, types.UnionType}:
        inner = [a for a in arguments if a is not type(None)]
        if len(inner) == 1:
            mapped = _schema_type(inner[0], default)
            return mapped if mapped is Any else Union[mapped, None]  # noqa: UP007 - mapped may be a generic alias
        return Any
    if origin is typing.Literal:
        return type(arguments[0])
    if hint is Path:
        return str
    if hint in {int, float, str, bool} or (isinstance(hint, type) and issubclass(hint, Enum)):
        return hint
    return Any


def _schema_field(default: object) -> Any:
    plain = _plain(default)
    if isinstance(plain, list | dict) or dataclasses.is_dataclass(plain):
        return dataclasses.field(default_factory=lambda: plain)
    return dataclasses.field(default=plain)


def _plain(value: Any) -> Any:
    """Return a default as OmegaConf can hold it: tuples as lists, paths as strings, dataclasses as schemas."""
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value):
        return schema_of(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value
