"""``class_dict.csv``: the names of the classes of colour-coded masks and the colour of each, one a line.

The header is ``name,r,g,b`` in any case, order and spacing; further columns are passed over. Labels count the lines.
"""

import csv
import re
from collections.abc import Iterator, Sequence

from workbench.engine.data.masks import LARGEST_CLASSES
from workbench.engine.data.source import Colour
from workbench.engine.errors import UserError

COLUMNS = ("name", "r", "g", "b")
_SPELLINGS = {"class": "name", "label": "name", "classname": "name", "red": "r", "green": "g", "blue": "b"}
_REMEDY = "the first line must be name,r,g,b and each further one a class"


def parse_class_dict(content: bytes, *, where: str) -> tuple[tuple[str, ...], tuple[Colour, ...]]:
    """Class names and their colours, in the order of the lines.

    Raises:
        UserError: Not UTF-8, no such header, a line that is no class, a name or a colour twice, no class or more than
            254; with the line's number.
    """
    names: dict[str, int] = {}
    colours: dict[Colour, int] = {}
    rows = csv_rows(content, where=where)
    _, header = next(rows, (1, []))
    columns = _columns(header, f"{where}:1")
    for number, row in rows:
        line = f"{where}:{number}"
        if len(row) <= max(columns):
            raise UserError("the line has too few values for a name and a colour", where=line, remedy=_REMEDY)
        name, *values = (" ".join(row[column].replace("\0", " ").split()) for column in columns)
        if not name:
            raise UserError("a class has no name", where=line, remedy="name it")
        red, green, blue = (_channel(value, where=line) for value in values)
        if name in names:
            raise UserError(f"class {name!r} is named in line {names[name]} already", where=line, remedy="rename one")
        if (red, green, blue) in colours:
            first = colours[red, green, blue]
            raise UserError(
                f"the colour {red},{green},{blue} is that of line {first} already", where=line,
                remedy="give each class a colour of its own",
            )  # fmt: skip
        names[name] = colours[red, green, blue] = number
    if not names:
        raise UserError("there are no classes", where=where, remedy=_REMEDY)
    if len(names) > LARGEST_CLASSES:
        raise UserError(f"there are more than {LARGEST_CLASSES} classes", where=where, remedy="merge some")
    return tuple(names), tuple(colours)


def csv_rows(content: bytes, *, where: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the last line and fields of each row of a CSV file that is not blank; ``;`` may separate too.

    Raises:
        UserError: Not UTF-8, or not CSV.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError("this is not UTF-8 text", where=f"{where}:{line}", remedy="save the file as UTF-8") from error
    lines = re.split(r"\r\n|\n|\r", text)
    first = next((line for line in lines if line.strip()), "")
    reader = csv.reader(
        (line + "\n" for line in lines), delimiter=";" if ";" in first and "," not in first else ",", strict=True
    )
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UserError(
                f"this is not CSV ({error})", where=f"{where}:{reader.line_num}", remedy="save the file as plain CSV"
            ) from error
        if row is None:
            return
        if any(field.strip() for field in row):
            yield reader.line_num, row


def _columns(header: Sequence[str], where: str) -> list[int]:
    found: dict[str, int] = {}
    for column, text in enumerate(header):
        plain = re.sub(r"[\s_-]", "", text).lower()
        found.setdefault(_SPELLINGS.get(plain, plain), column)
    if not all(name in found for name in COLUMNS):
        raise UserError("the header name,r,g,b is missing", where=where, remedy=_REMEDY)
    return [found[name] for name in COLUMNS]


def _channel(text: str, *, where: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > 255:
        raise UserError(f"{text[:40]!r} is no whole number from 0 to 255", where=where, remedy="correct the colour")
    return int(text)
