"""Checks of a dataset: from the facts about its items to findings, worst first.

One small function a check, in modules by what they look at; each registers itself in :data:`CHECKS`. A check looks at
facts only, never at a file, so that all of them together take a second or two for a hundred thousand items.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# The checks register themselves; of these imports only the parts' is used.
import workbench.engine.data.lint.checks.classes
import workbench.engine.data.lint.checks.duplicates
import workbench.engine.data.lint.checks.files
import workbench.engine.data.lint.checks.looks
import workbench.engine.data.lint.checks.masks
import workbench.engine.data.lint.checks.naming
import workbench.engine.data.lint.checks.questions  # noqa: F401
from workbench.engine.data.lint.checks.parts import parts
from workbench.engine.data.lint.checks.subject import CHECKS, Subject
from workbench.engine.data.lint.facts import Facts
from workbench.engine.data.lint.finding import Finding, Items
from workbench.engine.data.source import UNKNOWN, Palette, Problem

__all__ = ["CHECKS", "SEVERITIES", "findings"]

SEVERITIES = ("error", "warning", "info")


def findings(
    facts: Facts,
    *,
    names: Sequence[str],
    labels: Mapping[str, Items],
    label_sets: Mapping[str, tuple[str, ...]],
    splits: NDArray[np.str_],
    groups: NDArray[np.str_],
    palette: Palette | None,
    problems: Sequence[Problem] = (),
) -> tuple[Finding, ...]:
    """Everything that is wrong or remarkable: errors, then warnings, then what is only worth knowing.

    Args:
        facts: About N items.
        names, labels, splits, groups: N each; ``labels`` by label set, -1 where unknown.
        label_sets: Label set to its classes.
        palette: The masks' classes; ``None`` without masks.
        problems: What the source could not read.
    """
    beyond = {key: (values < UNKNOWN) | (values >= len(label_sets[key])) for key, values in labels.items()}
    subject = Subject(
        facts=facts,
        names=names,
        labels={key: np.where(beyond[key], UNKNOWN, values) for key, values in labels.items()},
        beyond=np.flatnonzero(np.any([np.zeros(len(facts), bool), *beyond.values()], axis=0)),
        label_sets=label_sets,
        splits=np.asarray(splits, np.str_),
        groups=np.asarray(groups, np.str_),
        palette=palette,
        problems=problems,
    )
    all_of_them = [*parts(subject)]
    if len(facts):
        all_of_them += [finding for name in CHECKS for finding in CHECKS[name](subject)]
    return tuple(sorted(all_of_them, key=lambda finding: SEVERITIES.index(finding.severity)))
