"""The test that matters: the shipped detectors on simulated and on real recordings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from detector.choices import DETECTORS
from testbed.field import FieldOptions, run_field
from testbed.progress import Progress


def score_detectors(
    real: Path, simulated: Path, positions: Sequence[str], out: Path, workers: int, progress: Progress | None
) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Run every detector with its defaults on the clips of both sets, as `field source=audio` does.

    Returns
    -------
    dict
        Detector -> "real" and "simulated" -> score; alerts and rows lie in `out/<detector>-<set>`.
    """
    scores: dict[str, dict[str, Mapping[str, Any]]] = {}
    done = 0
    for name, options in DETECTORS.items():
        scores[name] = {}
        for side, data in (("real", real), ("simulated", simulated)):
            asked = FieldOptions(data, "audio", tuple(positions), detector=options())
            scores[name][side] = run_field(asked, out / f"{name}-{side}", workers).score
            done += 1
            if progress is not None:
                progress(done, 2 * len(DETECTORS))
    return scores


def format_detectors(scores: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Return the table: located rounds with 95 % intervals, false ones, median error, and whether the order holds."""
    lines = [("detector", "recordings", "located within 25 m", "95 %", "of rounds", "false", "p50 m")]
    for name, sides in scores.items():
        for side, score in sides.items():
            rate = [score[f"rounds_located_25m_rate{end}"] for end in ("", "_low", "_high")]
            error = score["error_p50_m"]
            lines.append(
                (
                    name,
                    side,
                    "-" if rate[0] is None else f"{rate[0]:.2f}",
                    "-" if rate[1] is None else f"{rate[1]:.2f} to {rate[2]:.2f}",
                    f"{score['rounds_located_25m']}/{score['rounds']}",
                    str(score["rounds_false"]),
                    "-" if error is None else f"{error:.1f}",
                )
            )
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    orders = [order_of(scores, side) for side in ("real", "simulated")]
    told = "the same" if orders[0] == orders[1] else "not the same"
    return "\n".join([*text, f"order by rounds located: {told} ({' > '.join(orders[0])} on real ones)"])


def order_of(scores: Mapping[str, Mapping[str, Mapping[str, Any]]], side: str) -> list[str]:
    """Return the detectors, the one that located the most rounds first."""
    return sorted(scores, key=lambda name: (-int(scores[name][side]["rounds_located_25m"]), name))
