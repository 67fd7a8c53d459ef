"""Checks for images that are there more than once, within a split and across splits."""

from collections.abc import Iterator

from workbench.engine.data.lint.checks.subject import CHECKS, Subject, clusters, found_clusters, same_content
from workbench.engine.data.lint.finding import Finding

_ACROSS = "Leave them out of all splits but one; a score on what was learnt from is too good."


@CHECKS.register("duplicates")
def duplicates(subject: Subject) -> Iterator[Finding]:
    """Exactly the same pixels twice in one split."""
    return found_clusters(
        subject,
        "duplicates",
        "Exact copies of images within a split",
        "warning",
        among=clusters(subject.readable, *same_content(subject.facts), subject.split_codes),
        remedy="Leave out all but one of each, unless they are meant to count more.",
    )


@CHECKS.register("duplicates-across")
def duplicates_across(subject: Subject) -> Iterator[Finding]:
    """Exactly the same pixels in two splits."""
    among = subject.divided(subject.copies)
    title = "Exact copies of images in several splits"
    return found_clusters(subject, "duplicates-across", title, subject.leak(among), among=among, remedy=_ACROSS)


@CHECKS.register("near-duplicates")
def near_duplicates(subject: Subject) -> Iterator[Finding]:
    """Images in one split that look the same."""
    across = {int(cluster[0]) for cluster in subject.divided(subject.lookalikes)}
    return found_clusters(
        subject,
        "near-duplicates",
        "Images within a split that look the same",
        "info",
        among=[cluster for cluster in subject.lookalikes if int(cluster[0]) not in across],
        remedy="Look at them; leave out what is the same picture.",
    )


@CHECKS.register("near-duplicates-across")
def near_duplicates_across(subject: Subject) -> Iterator[Finding]:
    """Images in two splits that look the same."""
    return found_clusters(
        subject,
        "near-duplicates-across",
        "Images in several splits that look the same",
        "warning",
        among=subject.divided(subject.lookalikes),
        remedy=f"Look at them. {_ACROSS}",
    )
