"""CSV and TSV tables: a line an image, with a column for its path and, mostly, one for its label.

The delimiter and the columns' uses are found from what is there, and said in a note. A table may be pointed at by
itself, or lie at the top of a folder or an archive beside its images; there may be one for each split there. RFC 4180,
and what spreadsheets make of it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.engine.data.source import SOURCES, Listing, Problem, SourceFormat
from workbench.engine.data.sources.classes import class_names
from workbench.engine.data.sources.columns import Kind, guess_roles, is_image_path, named_split, names_paths
from workbench.engine.data.sources.folder import IMAGE_SUFFIXES, LARGEST_FILE
from workbench.engine.data.sources.places import UTF16_MARKS, Places, missing, top_folder, without_utf16
from workbench.engine.data.sources.rows import Rows, Skipped, listing_of
from workbench.engine.data.tree import FolderTree, Tree
from workbench.engine.errors import UserError

SUFFIXES = (".csv", ".tsv")
HEAD = 1 << 16  # bytes of a table that say whether it is one
_BOM = b"\xef\xbb\xbf"
_NOT_UTF8 = re.compile("[\ud800-\udfff]")
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """One file's cells.

    Attributes:
        header: Column names; made up where the file has no header line.
        rows, lines: Cells, all of one length, and the line on which each row starts.
        problems: Of rows that were left out.
        notes: How the file was read.
    """

    file: str
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def recognise(tree: Tree) -> bool:
    return bool(_tables(tree))


def open_table(tree: Tree) -> Listing:
    names = _tables(tree)
    tables = {name: _parse(tree.read(name), where=tree.locate(name)) for name in names}
    first = next(iter(tables.values()))
    for table in tables.values():
        if table.header != first.header:
            raise UserError(
                f"its columns are not those of {first.file}", where=table.file, remedy="import one of the tables"
            )
    if not any(table.rows for table in tables.values()) and (problems := first.problems):
        raise UserError(problems[0].what, where=problems[0].where, remedy=problems[0].remedy)
    return _listing(tree, tables, names)


def listed_files(tree: FolderTree) -> list[Path]:
    """The files on the disk that a lone table names, as far as it can be read."""
    table = _parse(tree.read(tree.only), where="")
    places = Places(tree, tree.only)
    cells = {cell for row in table.rows for cell in row if is_image_path(cell)}
    found = [places.find(cell) for cell in sorted(cells)]
    beside = [tree.root / f"{column}.classes.txt" for column in table.header if "/" not in column]
    return [*(path for path in found if isinstance(path, Path)), *(path for path in beside if _is_file(path))]


def _tables(tree: Tree) -> dict[str, str]:
    """Table to the split that it is named after: the lone file, or those at the top of a folder or an archive."""
    if isinstance(tree, FolderTree) and tree.only:
        lone = tree.only.lower().endswith(SUFFIXES) and _has_paths(tree, tree.only, there=False)
        return {tree.only: ""} if lone else {}
    top = top_folder(tree)
    names = [name for name in tree.files if name.lower().endswith(SUFFIXES) and name.rpartition("/")[0] == top]
    found = [name for name in names if _has_paths(tree, name, there=True)]
    splits = {name: PurePosixPath(name).stem for name in found if named_split(PurePosixPath(name).stem) is not None}
    if len(splits) > 1 or (splits and len(found) > 1):
        order = ["train", "validation", "test", ""]
        return dict(sorted(splits.items(), key=lambda item: (order.index(named_split(item[1]) or ""), item[0])))
    return {found[0]: splits.get(found[0], "")} if len(found) == 1 else {}


def _has_paths(tree: Tree, name: str, *, there: bool) -> bool:
    """Whether a column of the table's first lines holds paths of images; of some that are ``there``."""
    if not 0 < tree.size(name) <= LARGEST_FILE:
        return False
    head = without_utf16(tree.read(name)[:HEAD])
    if b"\0" in head and not there:
        return False
    places = Places(tree, name)
    try:
        table = _parse(head, where=name)
    except UserError:
        # What is wrong with a table that was pointed at, or that belongs to the images, is said when it is opened.
        return not there or _mentions(head, places)
    if there and not table.rows and table.problems:
        return _mentions(head, places)
    cells = [list(column) for column in zip(*table.rows[:50], strict=True)]
    if there:
        columns = dict(zip(table.header, cells, strict=False))
        if any(places.find(cell) is not None for column in cells for cell in column if cell):
            return True
        ids = [cell for column, values in columns.items() if names_paths(column) for cell in values]
        return 2 * sum(places.find_stem(cell) is not None for cell in ids) > len(ids)
    titled = any(map(names_paths, table.header))
    return titled or any(is_image_path(cell) for column in cells for cell in column)


def _mentions(head: bytes, places: Places) -> bool:
    """Whether a table that cannot be read as one names images that are there all the same."""
    lines = head.decode("utf-8", "replace").splitlines()[:50]
    cells = {cell.strip(' "') for line in lines for cell in re.split(r"[,;\t|]", line)}
    return any(is_image_path(cell) and places.find(cell) is not None for cell in cells)


def _parse(content: bytes, *, where: str) -> _Table:
    """The cells of a table. Lines that are no rows become problems; :class:`UserError` where there is no table."""
    if content.startswith(UTF16_MARKS):
        raise UserError("the table is UTF-16 text", where=where, remedy="save the file as UTF-8")
    notes = ["The byte order mark at the start of the table was passed over."] if content.startswith(_BOM) else []
    # Bytes that are no UTF-8 survive as lone surrogates, by which their rows are found again.
    text = content.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines, problems = [], [], []

    def wrong(code: str, what: str, line: int, remedy: str) -> None:
        problems.append(Problem(code=code, what=what, where=f"{where}:{line}", remedy=remedy))

    header: tuple[str, ...] = ()
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            wrong("table-line", f"the line is no row of a table ({error})", line, "mend its quotes")
            continue
        if row is None:
            break
        if not any(cell.strip() for cell in row):
            continue
        if any(map(_NOT_UTF8.search, row)):
            wrong("not-utf8", "the line is not UTF-8 text", line, "save the file as UTF-8")
        elif any("\0" in cell for cell in row):
            wrong("table-line", "the line holds a null character", line, "save the file as plain CSV")
        elif any("\n" in cell or "\r" in cell for cell in row):
            wrong("table-line", "a quoted field runs over the end of the line", line, "mend its quotes")
        elif not header:
            header = _header(row)
            if not _is_header(row):
                rows.append(row)
                lines.append(line)
                notes.append("The table has no line of column names; its columns were numbered.")
        elif len(row) != len(header):
            what = f"the line has {len(row)} fields and the table {len(header)} columns"
            wrong("ragged-row", what, line, "give every line the same number of fields")
        else:
            rows.append(row)
            lines.append(line)
    if not header:
        first = problems[0] if problems else Problem(code="", what="the table is empty", where=where)
        raise UserError(first.what, where=first.where, remedy=first.remedy)
    return _Table(file=where, header=header, rows=rows, lines=lines, problems=tuple(problems), notes=tuple(notes))


def _delimiter(text: str) -> str:
    """The delimiter that the first lines agree on most; a comma for a single column."""
    lines = [line for line in text[:HEAD].splitlines()[:20] if line.strip()]
    best, score = ",", (0, 0)
    for delimiter in _DELIMITERS:
        counts = [_unquoted(line).count(delimiter) for line in lines]
        agreeing = sum(count == counts[0] for count in counts) if counts and counts[0] else 0
        if agreeing and (agreeing, counts[0]) > score:
            best, score = delimiter, (agreeing, counts[0])
    return best


def _unquoted(line: str) -> str:
    """A line without what stands in quotes."""
    return "".join(line.split('"')[::2])


def _is_header(row: Sequence[str]) -> bool:
    return not any(is_image_path(cell) for cell in row) and len(set(row)) == len(row)


def _header(row: Sequence[str]) -> tuple[str, ...]:
    return tuple(row) if _is_header(row) else tuple(f"column {number}" for number in range(1, len(row) + 1))


def _listing(tree: Tree, tables: dict[str, _Table], splits: dict[str, str]) -> Listing:
    name, first = next(iter(tables.items()))
    files = [file for file, table in tables.items() for _ in table.rows]
    cells = [row for table in tables.values() for row in table.rows]
    wheres = [f"{table.file}:{line}" for table in tables.values() for line in table.lines]
    columns = {column: [row[place] for row in cells] for place, column in enumerate(first.header)}
    places = {file: Places(tree, file) for file in tables}

    def resolves(column: str, text: str) -> bool:
        ids = names_paths(column)
        return any(place.find(text.strip()) or (ids and place.find_stem(text.strip())) for place in places.values())

    kinds = {column: Kind("text", _classes(tree, name, column)) for column in columns}
    roles = guess_roles(kinds, values=lambda column: columns[column][:1000], resolves=resolves)
    if not roles.path:
        raise UserError(
            f"no column holds paths of images (there are {', '.join(map(repr, first.header[:20]))})", where=first.file,
            remedy="name it 'path'",
        )  # fmt: skip
    skipped = Skipped(problems=[problem for table in tables.values() for problem in table.problems])
    paths = [path.strip() for path in columns[roles.path]]
    # Ids without a suffix are only looked for where the whole column is such.
    ids = names_paths(roles.path) and not any(path.lower().endswith(IMAGE_SUFFIXES) for path in paths)
    found = _find(paths, files, places, wheres=wheres, ids=ids, skipped=skipped)
    reader = places[name]

    def images() -> Iterator[tuple[int, bytes, None]]:
        for row, file in found.items():
            yield row, reader.read(file, path=paths[row], where=wheres[row]), None

    rows = Rows(
        kind="table",
        name=tree.name,
        where=first.file,
        columns=columns,
        kinds=kinds,
        splits=[splits[file] for file in files],
        names=paths,
        place=lambda row: wheres[row],
    )
    notes = dict.fromkeys(note for table in tables.values() for note in table.notes)
    listing = listing_of(rows, roles, images, skipped=skipped, notes=[roles.note(), *notes])
    return _refuse_nothing(listing)


def _find(
    paths: Sequence[str],
    files: Sequence[str],
    places: dict[str, Places],
    *,
    wheres: Sequence[str],
    ids: bool,
    skipped: Skipped,
) -> dict[int, str | Path]:
    """Row to its image's file; what is wrong with the others goes to ``skipped``."""
    first: dict[str, int] = {}
    found: dict[int, str | Path] = {}
    for row, (path, file) in enumerate(zip(paths, files, strict=True)):
        where = wheres[row]
        place = places[file]
        if not path:
            skipped.add(row, "missing-image", "the line names no image", where, "write its path")
        elif path in first:
            what = f"the image of {wheres[first[path]]} is listed again"
            skipped.add(row, "listed-twice", what, where, "remove one of the lines")
        elif place.leaves(path):
            first[path] = row
            skipped.add(row, "path-outside", f"the path {path!r} leads out of the archive", where, "correct the path")
        else:
            first[path] = row
            target = place.find(path)
            target = place.find_stem(path) if target is None and ids else target
            if target is None:
                error = missing(path, where=where)
                skipped.add(row, "missing-image", error.what, where, error.remedy)
            else:
                found[row] = target
    return found


def _classes(tree: Tree, name: str, column: str) -> tuple[str, ...] | None:
    """The classes of a column, from the file beside the table that is called after it."""
    if not column or set(column) & set("/\\\0"):
        return None
    file = str(PurePosixPath(name).with_name(f"{column}.classes.txt"))
    if file in tree.files:
        return class_names(tree.read(file), where=tree.locate(file))
    if isinstance(tree, FolderTree) and _is_file(tree.root / file):
        return class_names((tree.root / file).read_bytes(), where=str(tree.root / file))
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _refuse_nothing(listing: Listing) -> Listing:
    """``listing``, unless all of it is wrong."""
    if not listing.total and listing.problems:
        first = Counter(problem.code for problem in listing.problems).most_common(1)[0][0]
        problem = next(problem for problem in listing.problems if problem.code == first)
        raise UserError(problem.what, where=problem.where, remedy=problem.remedy)
    return listing


SOURCES.add(
    "table",
    SourceFormat(
        title="CSV or TSV table with a column of paths and one of labels", recognise=recognise, open=open_table
    ),
)
