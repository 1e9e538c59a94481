"""The command line: finds the verb, hands the rest to its Hydra app, turns outcomes into exit codes.

This module imports nothing heavy, so that the list of verbs comes at once.
"""

import difflib
import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence

from testbed import complaints
from testbed.closed_pipe import outlive_readers
from testbed.override_words import imply_files

DONE, BAD_INPUT, INTERNAL_ERROR, INTERRUPTED = 0, 2, 70, 130

VERBS = {
    "run": "scene -> recording -> alerts -> score -> report; -m sweeps",
    "render": "scene -> recording and truth, no detection",
    "listen": "recording folder or pulse table -> alerts; the detector alone",
    "score": "alerts of any detector + truth -> score",
    "sweep": "a design of configs x seeds -> rows, summary, report; resumable",
    "collect": "the rows of a sweep -> tables, summary, report",
    "report": "one HTML page from the results folder of a run or a sweep",
    "gate": "CI: this detector against a baseline or another commit",
    "field": "score the detector on the public live-fire set",
    "realism": "statistics of simulated recordings beside those of the live-fire set",
    "train": "simulated scenes -> classifier, as plain numbers",
    "paths": "draw the propagation paths of one source-sensor pair",
    "replay": "compute an alert again from its evidence, and say what differs",
    "accountability": "months of a district: alerts, misses, false alerts, evidence",
    "verify-log": "check a log of verdicts for changes",
    "plan": "where to put sensors: map, placement, comparison, acceptance, verification",
}

# Sentences, command lines, names of commits: what stands in them is text to Hydra's grammar, braces, commas and ~ too.
_TEXT_KEYS = {"detector.command", "reason", "question", "against"}
# Texts, or lists of them.
_LINE_KEYS = {"cells", "seeds"}
# In `paths`, `sensor=` names the one sensor of the pair; elsewhere it chooses the kind of microphone.
_SHORT_KEYS = {"paths": {"sensor": "sensor_id"}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Parameters
    ----------
    arguments : sequence of str, optional
        Verb and Hydra arguments; `sys.argv[1:]` by default.

    Returns
    -------
    int
        0 done, 2 bad input, 70 internal error, 130 interrupted.
    """
    with outlive_readers():
        return _answer(list(sys.argv[1:] if arguments is None else arguments))


def _answer(arguments: list[str]) -> int:
    if arguments and arguments[0] in {"-sc", "--shell-completion"}:
        return _complete(arguments)
    if not arguments or arguments[0] in {"-h", "--help"}:
        sys.stdout.write(_usage())
        return DONE
    verb, *rest = arguments
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        sys.stderr.write(f"echoblock: there is no verb {verb!r}; {hint}verbs: {', '.join(VERBS)}\n")
        return BAD_INPUT
    return _run_verb(verb, list(imply_files(_spell_out(verb, rest))))


def _usage() -> str:
    width = max(map(len, VERBS))
    verbs = "".join(f"  {name:<{width}}  {does}\n" for name, does in VERBS.items())
    return (
        "usage: echoblock VERB [key=value ...]\n\n"
        f"{verbs}\n"
        "Every option is a Hydra override (layout.count=20, weather=winter-night, seed=7).\n"
        "  echoblock VERB --help     the options of a verb and their defaults\n"
        "  echoblock VERB --cfg job  the resolved config, nothing run\n"
        "  echoblock VERB -m k=1,2   a sweep\n"
        '  eval "$(echoblock -sc install=bash)"   tab completion\n'
    )


def _run_verb(verb: str, arguments: list[str]) -> int:
    """Run the Hydra app of one verb and return the exit code of its outcome."""
    # Hydra then raises instead of printing and exiting with 1: the codes and the lines are ours to choose.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    program = sys.argv[0]
    sys.argv = [program, *arguments]
    name = verb.replace("-", "_")  # of its module and its config
    try:
        module = importlib.import_module(f"testbed.verbs.{name}")
        if {"-m", "--multirun"} & set(arguments):
            importlib.import_module("testbed.sweep_check").check_cells(name, module.SETTINGS, arguments)
        module.main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else BAD_INPUT if stop.code else DONE
    except KeyboardInterrupt:
        sys.stderr.write("echoblock: interrupted\n")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost frame: every outcome becomes an exit code
        lines = complaints.explain(error, name, arguments)
        if lines is None:
            traceback.print_exception(error)
            sys.stderr.write("echoblock: internal error, a bug; please report the lines above\n")
            return INTERNAL_ERROR
        complaints.tell(lines)
        return BAD_INPUT
    finally:
        sys.argv = [program, *sys.argv[1:]]
    return DONE


def _spell_out(verb: str, arguments: list[str]) -> list[str]:
    short = _SHORT_KEYS.get(verb, {})
    pairs = [argument.partition("=") for argument in arguments]
    return [short.get(key, key) + equals + _as_text(key, value) for key, equals, value in pairs]


def _as_text(key: str, value: str) -> str:
    """Quote what is text by its key; a user who has quoted it for Hydra keeps his quotes."""
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    is_text = key.lstrip("+") in _TEXT_KEYS or (key in _LINE_KEYS and not value.startswith("["))
    if not is_text or not value or is_quoted:
        return value
    # Hydra's grammar: backslashes count only before a quote.
    return "'" + re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + m[2].replace("'", "\\'"), value) + "'"


def _complete(arguments: list[str]) -> int:
    """Answer the shell: verbs first, then Hydra's own completion for the verb on the line."""
    words = os.environ.get("COMP_LINE", "").split(" ")
    if "query=" in " ".join(arguments) and len(words) <= 2:
        sys.stdout.write(" ".join(verb for verb in VERBS if verb.startswith(words[-1])) + "\n")
        return DONE
    verb = words[1] if len(words) > 2 and words[1] in VERBS else "run"
    os.environ["COMP_LINE"] = " ".join([words[0], *words[2:]])
    return _run_verb(verb, arguments)
