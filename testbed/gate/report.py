"""What a gate tells: `gate.json`, a Markdown summary, JUnit XML."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from testbed.gate.decision import Decision, MetricResult
from testbed.gate.worst import WorstScene

EXIT_CODES: Mapping[str, int] = {
    "identical": 0,
    "pass": 0,
    "improved": 0,
    "regressed": 1,
    "invalid": 2,
    "inconclusive": 3,
}
_SAYS: Mapping[str, str] = {
    "identical": "every round and every alert is the same",
    "pass": "no metric is worse by more than its margin",
    "improved": "a metric is better by more than its margin and none is worse; consider a new baseline",
    "regressed": "a metric is worse by more than its margin, and not by chance",
    "invalid": "there is nothing to compare",
    "inconclusive": "a metric may be worse by more than its margin: a larger suite can tell",
}


@dataclass(frozen=True)
class GateReport:
    """All that is told.

    Attributes
    ----------
    verdict : str
        One of `EXIT_CODES`.
    suite : str
    against : str
        What was compared with, in words.
    scenes : int
    invalid : tuple of str
        Why there is nothing to compare, one line each.
    decision : Decision or None
        None where the gate is invalid.
    worst : tuple of WorstScene
        Scenes that lost most, the worst first.
    notes : tuple of str
        What a reader should know besides.
    """

    verdict: str
    suite: str
    against: str
    scenes: int
    invalid: tuple[str, ...] = ()
    decision: Decision | None = None
    worst: tuple[WorstScene, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, 1, 2 or 3."""
        return EXIT_CODES[self.verdict]

    @property
    def results(self) -> Sequence[MetricResult]:
        """One for each metric; none where the gate is invalid."""
        return () if self.decision is None else self.decision.results


def to_json(report: GateReport) -> dict[str, Any]:
    """Return the report as `gate.json` holds it: null where nothing was measured."""
    return {
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "suite": report.suite,
        "against": report.against,
        "scenes": report.scenes,
        "invalid": list(report.invalid),
        "notes": list(report.notes),
        "metrics": {
            r.metric.name: {
                "finding": r.finding,
                **{
                    key: _plain(getattr(r, key))
                    for key in ("old", "new", "harm", "low", "high", "p_worse", "p_better")
                },
                "margin": r.metric.margin,
                "limit": r.metric.limit,
            }
            for r in report.results
        },
        "worst_scenes": [vars(scene) for scene in report.worst],
    }


def to_markdown(report: GateReport) -> str:
    """Return the summary as Markdown, for a CI's page."""
    lines = [
        f"# {report.suite}: {report.verdict}",
        "",
        f"{report.scenes} scenes against {_cell(report.against)}: {_SAYS[report.verdict]}.",
        "",
    ]
    lines += [f"- {_cell(line)}" for line in (*report.invalid, *report.notes)]
    if report.results:
        lines += [
            "",
            "| metric | old | new | harm | at most (95 %) | margin | adjusted p | finding |",
            "|---|--:|--:|--:|--:|--:|--:|---|",
            *(_line(result) for result in report.results),
        ]
    if report.worst:
        lines += [
            "",
            "| worst scenes | rounds lost | false rounds more | error more, m | what they are |",
            "|---|--:|--:|--:|---|",
            *(
                f"| {w.scene} | {w.rounds_lost} | {w.false_more} | {w.error_more_m:.1f} | {_cell(w.about)} |"
                for w in report.worst
            ),
        ]
    return "\n".join(lines).rstrip() + "\n"


def to_junit(report: GateReport) -> str:
    """Return the report as JUnit XML: a test case for each metric, one for the comparison itself."""
    valid = _case("scenes can be compared", "", [])
    if report.invalid:
        valid = _case(
            "scenes can be compared", "", [f"<error message={quoteattr(_clean(report.invalid[0]))}/>"]
        )
    cases = [valid, *(_metric_case(result) for result in report.results)]
    failures = sum(result.finding == "worse" for result in report.results)
    skipped = sum(result.finding in ("in doubt", "not measured") for result in report.results)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="echoblock gate">\n'
        f'<testsuite name={quoteattr(report.suite)} tests="{len(cases)}" failures="{failures}" '
        f'errors="{int(bool(report.invalid))}" skipped="{skipped}">\n' + "\n".join(cases) + "\n"
        f"<system-out>{escape(_clean(to_markdown(report)))}</system-out>\n</testsuite>\n</testsuites>\n"
    )


def format_report(report: GateReport) -> str:
    """Return the table that ends the verb."""
    lines = [f"{report.suite}, {report.scenes} scenes, against {report.against}", *report.notes, ""]
    if report.results:
        lines.append(f"{'':22s} {'old':>9s} {'new':>9s} {'harm':>9s} {'at most':>9s} {'margin':>9s}")
        for r in report.results:
            cells = (r.old, r.new, r.harm, r.high, r.metric.margin)
            numbers = " ".join(f"{_show(value, r.metric.digits):>9s}" for value in cells)
            lines.append(f"{r.metric.name:22s} {numbers}  {r.finding}")
        lines.append("")
    lines += [
        f"{w.scene}: {w.rounds_lost} rounds lost, {w.false_more} more false, {w.error_more_m:.1f} m more ({w.about})"
        for w in report.worst[:5]
    ]
    return "\n".join([*lines, f"{report.verdict}: {_SAYS[report.verdict]}"])


def _metric_case(result: MetricResult) -> str:
    digits = result.metric.digits
    said = (
        f"{_show(result.old, digits)} to {_show(result.new, digits)}, harm {_show(result.harm, digits)}"
        f" (at most {_show(result.high, digits)} at 95 %), margin {_show(result.metric.margin, digits)},"
        f" adjusted p {_show(result.p_worse, 4)}"
    )
    inside = {
        "worse": [f"<failure message={quoteattr(said)}/>"],
        "in doubt": [f"<skipped message={quoteattr('in doubt: ' + said)}/>"],
        "not measured": ['<skipped message="not measured"/>'],
    }.get(result.finding, [])
    return _case(result.metric.name, said, inside)


def _case(name: str, said: str, inside: Sequence[str]) -> str:
    out = [f"<system-out>{escape(said)}</system-out>"] if said else []
    return f'<testcase classname="gate" name={quoteattr(name)}>{"".join([*inside, *out])}</testcase>'


def _line(r: MetricResult) -> str:
    cells = [_show(value, r.metric.digits) for value in (r.old, r.new, r.harm, r.high, r.metric.margin)]
    unit = f" ({r.metric.unit})" if r.metric.unit else ""
    bold = "**" if r.finding in ("worse", "in doubt") else ""
    return (
        f"| {r.metric.name}{unit} | {' | '.join(cells)} | {_show(r.p_worse, 4)} | {bold}{r.finding}{bold} |"
    )


def _show(value: float, digits: int) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.{digits}f}" if math.isfinite(value) else "all"


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _clean(text: str) -> str:
    """Drop what XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())
