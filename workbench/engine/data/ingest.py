"""Bringing a source into a project: once, whole or not at all, and mended where somebody asked for it."""

import contextlib
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Generator, Iterable, Sequence

# The repairs register themselves.
import workbench.engine.data.repairs.answers
import workbench.engine.data.repairs.leave_out
import workbench.engine.data.repairs.off_palette  # noqa: F401
from workbench.engine import events as ev
from workbench.engine.data.arrow import write_arrow
from workbench.engine.data.importing import open_source, signature
from workbench.engine.data.repairs import REPAIRS, in_order, repaired
from workbench.engine.data.source import Problem
from workbench.engine.data.unknowns import with_unknowns
from workbench.engine.errors import UserError
from workbench.engine.files import new_folder
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.waiting import waiting


def import_dataset(
    project: Project,
    target: str,
    *,
    preferences: Preferences,
    repairs: Sequence[str] = (),
    unknowns: Sequence[str] = (),
) -> Generator[ev.Event, None, DatasetRow]:
    """Import ``target`` (a path or an identifier), or find it imported already, with the same repairs and unknowns.

    Args:
        repairs: Names in ``REPAIRS`` of what to mend on the way.
        unknowns: Further sources of images, whose items join without a label; see
            :mod:`workbench.engine.data.unknowns`.

    Yields:
        Progress while it copies, messages about what was mended and left out, then one ``Imported``.

    Raises:
        UserError: The target is missing, not understood, or broken in a way that no chosen repair mends; or a repair is
            unknown or for other data. The project is then unchanged.
    """
    chosen = in_order(repairs)
    mark = _mark(signature(target), chosen, [signature(source) for source in unknowns])
    known = project.find_dataset(mark)
    if known:
        yield _imported(known, reused=True)
        return known
    project.remove_leftovers()
    id = uuid.uuid4().hex[:12]
    folder = project.dataset_file(id).parent
    with contextlib.ExitStack() as stack:
        sources = [open_source(one, cache=preferences.cache) for one in (target, *unknowns)]
        first, *others = yield from waiting(lambda: [stack.enter_context(one) for one in sources], stage="opening")
        listing, joined = with_unknowns(first, others)
        mended, tally = repaired(listing, chosen, limit_pixels=preferences.limit_pixels)
        _refuse_problems(mended.problems)
        for note in listing.notes:
            yield ev.Message(text=note)
        if told := _sentences(problem for problem in mended.problems if problem.severity != "info"):
            yield ev.Message(text=f"{' '.join(told)} See the checks.", level="warning")
        with new_folder(folder) as temporary:
            summary = yield from write_arrow(joined.counted(mended), temporary)
        left_out = (problem for problem in listing.problems if any(REPAIRS[name].takes(problem) for name in chosen))
        sentences = (*_sentences(left_out), *tally.sentences())
        for sentence in sentences:
            yield ev.Message(text=sentence)
        for beginning, count in joined.counts.items():
            yield ev.Message(text=f"{count:,} items of {beginning} joined without a label.")
        row = project.add_dataset(
            listing.name,
            id=id,
            kind=listing.kind,
            origin=target,
            signature=mark,
            fingerprint=summary.fingerprint,
            items=summary.items,
            label_sets=summary.label_sets,
            splits=summary.splits,
            content=listing.content,
            palette=listing.palette.classes if listing.palette else (),
            repairs=sentences,
            unknowns=joined.counts,
        )
    yield _imported(row, reused=False)
    return row


def find_or_import(project: Project, source: str, *, preferences: Preferences) -> Generator[ev.Event, None, DatasetRow]:
    """The dataset that ``source`` names in the project, else whatever it names outside, imported."""
    if not source:
        raise UserError("no data is named", remedy="give --data PATH or NAME, or set data.source in the job file")
    for row in project.datasets():
        if source in (row.name, row.id):
            return row
    return (yield from import_dataset(project, source, preferences=preferences))


def _mark(signature: str, repairs: Sequence[str], unknowns: Sequence[str]) -> str:
    """The signature of a source mended in this way and with these sources of unknown items, not that of it as it is."""
    if not repairs and not unknowns:
        return signature
    parts = [signature, *repairs] + ([{"unknowns": list(unknowns)}] if unknowns else [])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _refuse_problems(problems: Sequence[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors:
        return
    first = errors[0]
    more = sum(problem.count for problem in errors if problem.code == first.code) - 1
    repairs = [name for name in REPAIRS if REPAIRS[name].takes(first)]
    remedies = [first.remedy] if first.remedy else []
    remedies += [f"import with the repair {' or '.join(repairs)}"] if repairs else []
    what = f"{first.what} ({more:,} more like it)" if more else first.what
    raise UserError(what, where=first.where, remedy=", or ".join(remedies))


def _sentences(problems: Iterable[Problem]) -> list[str]:
    """One sentence a kind of problem whose parts are not among the items."""
    first: dict[str, Problem] = {}
    counts = Counter[str]()
    for problem in problems:
        first.setdefault(problem.code, problem)
        counts[problem.code] += problem.count
    return [
        f"{counts[code]:,} {'parts' if counts[code] > 1 else 'part'} of the source left out: {problem.what} "
        f"({problem.where}{f', and {counts[code] - 1:,} more like it' if counts[code] > 1 else ''})."
        for code, problem in first.items()
    ]


def _imported(row: DatasetRow, *, reused: bool) -> ev.Imported:
    classes = next(iter(row.label_sets.values()), row.palette)
    return ev.Imported(name=row.name, items=row.items, classes=classes, splits=row.splits, reused=reused)
