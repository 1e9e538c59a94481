"""Mistakes of the user, told in one line each, all at once."""

import difflib
import sys
from collections.abc import Iterable, Sequence

from detector.errors import BadInput as DetectorBadInput
from scenes.errors import BadInput as SceneBadInput

BAD_INPUT = (SceneBadInput, DetectorBadInput)


MOST_TOLD = 20
"""A file of the wrong kind is wrong in every line: what matters must not scroll away."""


def tell(lines: Iterable[str]) -> None:
    """Write the mistakes to standard error, one line each, and how many there are beyond the first 20."""
    mistakes = list(lines)
    for line in mistakes[:MOST_TOLD]:
        sys.stderr.write(f"echoblock: {line}\n")
    if len(mistakes) > MOST_TOLD:
        sys.stderr.write(f"echoblock: and {len(mistakes) - MOST_TOLD} more\n")


def explain(error: BaseException, verb: str, arguments: Sequence[str]) -> list[str] | None:
    """Say in lines what was wrong with the user's input, or None when the error is not the user's.

    Parameters
    ----------
    error : BaseException
        What was raised.
    verb : str
        The verb whose config was composed.
    arguments : sequence of str
        Its command line: a mistake in the composition is looked for in every override, not only the first.
    """
    if isinstance(error, BAD_INPUT):
        return str(error).splitlines()
    # Hydra costs a third of a second; the list of verbs does not pay it.
    from hydra.errors import HydraException  # noqa: PLC0415
    from omegaconf.errors import OmegaConfBaseException  # noqa: PLC0415

    from testbed.override_check import check_overrides, first_line  # noqa: PLC0415

    if not isinstance(error, HydraException | OmegaConfBaseException):
        return None
    return list(dict.fromkeys(check_overrides(verb, arguments))) or [first_line(error)]


def nearest(name: str, names: Iterable[str]) -> str:
    """Return " (did you mean x, y?)" for the names that look like `name`, or the empty string."""
    close = difflib.get_close_matches(name, list(names), n=3, cutoff=0.55)
    return f" (did you mean {', '.join(close)}?)" if close else ""
