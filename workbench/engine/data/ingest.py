"""Bringing a source into a project: once, whole or not at all."""

import contextlib
import uuid
from collections.abc import Generator

from workbench.engine import events as ev
from workbench.engine.data.arrow import write_arrow
from workbench.engine.data.importing import open_source, signature
from workbench.engine.errors import UserError
from workbench.engine.files import new_folder
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.waiting import waiting


def import_dataset(project: Project, target: str, *, preferences: Preferences) -> Generator[ev.Event, None, DatasetRow]:
    """Import ``target`` (a path or an identifier), or find it imported already.

    Yields:
        Progress while it copies, then one ``Imported``.

    Raises:
        UserError: The target is missing, not understood, or broken; the project is then unchanged.
    """
    mark = signature(target)
    known = project.find_dataset(mark)
    if known:
        yield _imported(known, reused=True)
        return known
    project.remove_leftovers()
    id = uuid.uuid4().hex[:12]
    folder = project.dataset_file(id).parent
    with contextlib.ExitStack() as stack:
        source = open_source(target, cache=preferences.cache)
        listing = yield from waiting(lambda: stack.enter_context(source), stage="opening")
        for note in listing.notes:
            yield ev.Message(text=note)
        with new_folder(folder) as temporary:
            summary = yield from write_arrow(listing, temporary)
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


def _imported(row: DatasetRow, *, reused: bool) -> ev.Imported:
    classes = next(iter(row.label_sets.values()), row.palette)
    return ev.Imported(name=row.name, items=row.items, classes=classes, splits=row.splits, reused=reused)
