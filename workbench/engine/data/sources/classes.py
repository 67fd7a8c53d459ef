"""Class names as text files and plain numbers give them, for the formats that carry labels apart from names."""

from workbench.engine.errors import UserError

LARGEST_LABEL = 100_000  # beyond this a label is a mistake: the widest published sets have about 22,000 classes


def class_names(content: bytes, *, where: str) -> tuple[str, ...]:
    """One name a line; blank lines are allowed at the end only, since they would shift every label after them.

    Raises:
        UserError: Not UTF-8, a blank line between names, a name twice, no name at all or more than a label can count.
    """
    try:
        lines = content.decode("utf-8-sig").rstrip().split("\n")
    except UnicodeDecodeError as error:
        raise UserError("the class names are not UTF-8 text", where=where, remedy="save the file as UTF-8") from error
    names = tuple(line.strip() for line in lines)
    if names == ("",):
        raise UserError("there are no class names", where=where, remedy="write one name a line")
    first: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name:
            raise UserError("a class name is missing", where=f"{where}:{number}", remedy="remove the blank line")
        if name in first:
            what = f"class {name[:40]!r} is named in line {first[name]} already"
            raise UserError(what, where=f"{where}:{number}", remedy="rename one of them")
        first[name] = number
    if len(names) > LARGEST_LABEL + 1:
        raise UserError(
            f"there are {len(names):,} class names, more than {LARGEST_LABEL + 1:,}", where=where,
            remedy="check that this is the list of classes",
        )  # fmt: skip
    return names


def numbered_classes(largest: int) -> tuple[str, ...]:
    """``("0", ..., str(largest))``; empty for -1."""
    return tuple(str(label) for label in range(largest + 1))


def item_name(stem: str, index: int, *, total: int) -> str:
    """``stem/0007``: wide enough for the names of ``total`` items to sort in their order."""
    return f"{stem}/{index:0{max(4, len(str(total - 1)))}d}"
