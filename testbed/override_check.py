"""Finds every mistake in a command line of overrides, where Hydra stops at the first."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import compose
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from testbed.complaints import nearest

_OWN_SWEEPER = "basic"
# Options that packages of their own bring, and the extra that installs these.
_EXTRAS = {"hydra/sweeper=optuna": "optuna", "hydra/launcher=submitit": "cluster"}


def check_overrides(verb: str, arguments: Sequence[str]) -> Iterator[str]:
    """Yield one line for each override that does not compose.

    Every override is tried alone, on the config that the valid choices of groups give, so that one mistake
    hides no other.

    Parameters
    ----------
    verb : str
        Name of the primary config.
    arguments : sequence of str
        The command line after the verb.
    """
    parsed = get_args_parser().parse_args(list(arguments))
    with composer(verb, parsed) as loader:
        overrides: list[Override] = []
        parser = OverridesParser.create(config_loader=loader)
        for text in parsed.overrides:
            try:
                overrides.append(parser.parse_override(text))
            except HydraException as error:
                yield f"{text}: {first_line(error)}"
        yield from _check_sweeps(parsed, overrides)
        groups: list[str] = []
        values: list[Override] = []
        for override in overrides:
            options = _options(override.key_or_group)
            if not options:
                values.append(override)
            elif wrong := [c for c in _choices(override) if c not in {*options, "null"}]:
                yield from (_no_option(override.key_or_group, choice, options) for choice in wrong)
            else:
                groups.append(f"{_key(override)}={_choices(override)[0]}")
        yield from _check_values(verb, groups, values)


@contextmanager
def composer(verb: str, parsed: argparse.Namespace) -> Iterator[ConfigLoader]:
    """Stand in for Hydra's main: the same search path, `--config-dir` included; yield its config loader."""
    search_path = create_config_search_path("pkg://conf")
    if parsed.config_dir:
        folder = f"file://{Path(parsed.config_dir).resolve()}"
        search_path.prepend("command-line", folder, anchor=SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    try:
        yield Hydra.create_main_hydra2(verb, search_path).config_loader
    finally:
        GlobalHydra.instance().clear()


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _check_sweeps(parsed: argparse.Namespace, overrides: Sequence[Override]) -> Iterator[str]:
    """Yield one line for each override of several values that nobody there is to go through."""
    sweeper = next((_choices(o)[0] for o in overrides if o.key_or_group == "hydra/sweeper"), _OWN_SWEEPER)
    for override in overrides:
        if not override.is_sweep_override():
            continue
        if not override.is_discrete_sweep() and not (parsed.multirun and sweeper != _OWN_SWEEPER):
            yield (
                f"{override.input_line}: an interval wants an optimiser (-m hydra/sweeper=optuna), or a random design"
                " (echoblock sweep samples=N cells=...)"
            )
        elif not parsed.multirun:
            yield f"{override.input_line}: several values are a sweep, which wants -m; one list is [a,b]"


def _check_values(verb: str, base: list[str], values: list[Override]) -> Iterator[str]:
    if fault := _fault(verb, base):
        yield first_line(fault)
        return
    names = list(_keys(compose(config_name=verb, overrides=base)))
    for override in values:
        for choice in _choices(override):
            text = f"{_key(override)}={choice}"
            if (fault := _fault(verb, [*base, text])) is None:
                continue
            key = _key(override).lstrip("+~")
            if key in names or key.startswith("hydra."):
                yield f"{text}: {first_line(fault.__cause__ or fault)}"
            else:
                yield f"there is no key {key!r}{nearest(key, names)}"


def _fault(verb: str, overrides: list[str]) -> Exception | None:
    try:
        compose(config_name=verb, overrides=overrides)
    except (HydraException, OmegaConfBaseException) as error:
        return error
    return None


def _options(group: str) -> list[str]:
    return [] if "." in group else GlobalHydra.instance().config_loader().get_group_options(group)


def _no_option(group: str, choice: str, options: list[str]) -> str:
    extra = next(
        (
            f"; pip install 'echoblock[{_EXTRAS[name]}]'"
            for name in _EXTRAS
            if f"{group}={choice}".startswith(name)
        ),
        "",
    )
    return f"{group}={choice}: no such option{nearest(choice, options)}; {group} is one of {', '.join(options)}{extra}"


def _key(override: Override) -> str:
    return (override.input_line or override.get_key_element()).split("=", 1)[0]


def _choices(override: Override) -> list[str]:
    """Return the values of an override, one of each job in a sweep; of an interval its ends."""
    if override.is_sweep_override() and override.is_discrete_sweep():
        return list(override.sweep_string_iterator())
    if isinstance(span := override.value(), IntervalSweep):
        return [f"{end:g}" for end in (span.start, span.end) if end is not None]
    return [override.get_value_element_as_str()]


def _keys(config: DictConfig, prefix: str = "") -> Iterator[str]:
    """Yield all dotted keys of a composed config, inner nodes included."""
    for key in config:
        yield f"{prefix}{key}"
        if isinstance(node := config._get_node(key), DictConfig) and not node._is_none():  # noqa: SLF001
            yield from _keys(node, f"{prefix}{key}.")
