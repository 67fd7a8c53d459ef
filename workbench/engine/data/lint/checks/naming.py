"""Checks of the items' names, by which a person finds them again."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from workbench.engine.data.lint.checks.subject import CHECKS, Subject, found
from workbench.engine.data.lint.finding import Finding


@CHECKS.register("same-name")
def same_name(subject: Subject) -> Iterator[Finding]:
    """Names that are not unique; such a source is not imported."""
    counts = Counter(subject.names)
    items = [item for item, name in enumerate(subject.names) if counts[name] > 1] if len(counts) < len(subject) else []
    questions = subject.facts.content == "questions"
    return found(
        "same-name",
        "Questions with the id of another one" if questions else "Images with the name of another one",
        "error",
        items=np.array(items, np.int64),
        unit=subject.unit,
        words=lambda item: f"{counts[subject.names[item]]:,} items are called {subject.names[item]}",
        remedy="Give each a name of its own.",
    )
