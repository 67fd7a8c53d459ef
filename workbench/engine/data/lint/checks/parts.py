"""What the source itself found wrong with parts of what it read, by kind."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

# The repairs register themselves.
import workbench.engine.data.repairs.answers
import workbench.engine.data.repairs.leave_out
import workbench.engine.data.repairs.off_palette  # noqa: F401
from workbench.engine.data.lint.checks.subject import DETAILED, Subject
from workbench.engine.data.lint.finding import Finding
from workbench.engine.data.repairs import REPAIRS
from workbench.engine.data.source import Content, Problem, Severity

_LINE = re.compile(r":\d+$")
_WORST: tuple[Severity, ...] = ("error", "warning", "info")


def parts(subject: Subject) -> Iterator[Finding]:
    """One finding a kind of problem, in the order in which they were met."""
    yield from problem_findings(subject.problems, content=subject.facts.content)


def problem_findings(problems: Iterable[Problem], *, content: Content) -> Iterator[Finding]:
    """The same of a source whose items nobody has looked at."""
    by_code: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_code[problem.code].append(problem)
    for code, alike in by_code.items():
        yield _finding(code, alike, content)


def _finding(code: str, problems: list[Problem], content: Content) -> Finding:
    first = problems[0]
    single = [problem for problem in problems if problem.count == 1] or problems
    what = {problem.what for problem in single}
    shown = single[:DETAILED]
    words = [problem.where if len(what) == 1 else f"{problem.where}: {problem.what}" for problem in shown]
    count = sum(problem.count for problem in problems)
    rest = count - sum(problem.count for problem in shown)
    severity = min((problem.severity for problem in problems), key=_WORST.index)
    return Finding(
        code=code,
        title=first.what[:1].upper() + first.what[1:] + (" (and the like)" if len(what) > 1 else ""),
        severity=severity,
        count=count,
        unit="lines" if all(_LINE.search(problem.where) for problem in single) else "parts",
        items=np.zeros(0, np.int64),
        details={-1: "; ".join(words) + (f"; and {rest:,} more" if rest > 0 else "")},
        remedy=f"{first.remedy[:1].upper()}{first.remedy[1:]}." if first.remedy else "",
        repairs=tuple(
            name
            for name in REPAIRS
            if REPAIRS[name].takes(first) and content in REPAIRS[name].contents and severity == "error"
        ),
    )
