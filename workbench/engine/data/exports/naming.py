"""Names for the files of an export: as near to the items' own as every file system lets them be, and never twice.

The strictest rules in use are kept, those of Windows, so that an export can be copied anywhere.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

LONGEST = 120  # bytes of one part of a path; file systems end at 255, and Windows at 260 for the whole
IMAGES = "images"  # the folder of the images where a list beside it says the rest

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?|__macosx", re.IGNORECASE)
_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "GIF": (".gif",), "BMP": (".bmp",), "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"), "PGM": (".pgm",), "PPM": (".ppm",),
}  # fmt: skip
_MAGIC = {
    b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF",
    b"MM\0*": "TIFF", b"P2": "PGM", b"P5": "PGM", b"P3": "PPM", b"P6": "PPM",
}  # fmt: skip


class Namer:
    """Hands out paths that differ even where upper and lower case are the same, and where accents may be spelt twice.

    Args:
        taken: Paths that are spoken for.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._numbers: dict[str, int] = {}  # path to how many have asked for it
        for path in taken:
            self._take(path)

    def free(self, folder: str, name: str, suffix: str) -> str:
        """``folder/name.suffix``, with ``/`` in ``name`` for folders; else the same with ``-2``, ``-3``, ... after it.

        Args:
            folder: A path that is safe, or ``""``.
            name: An item's name; made safe here.
            suffix: With its dot.
        """
        parts = [safe_part(part) for part in name.split("/") if part] or ["item"]
        stem = "/".join(([folder] if folder else []) + parts)
        if any(above in self._files for above in _above(_key(stem))):  # a folder would be called as a file is
            stem = "/".join(([folder] if folder else []) + [safe_part("_".join(parts))])
        asked = _key(stem + suffix)
        path, number = stem + suffix, self._numbers.get(asked, 1)
        while not self._take(path):
            number += 1
            path = f"{stem}-{number}{suffix}"
        self._numbers[asked] = number
        return path

    def _take(self, path: str) -> bool:
        key = _key(path)
        above = list(_above(key))
        if key in self._files or key in self._folders or any(folder in self._files for folder in above):
            return False
        self._files.add(key)
        self._folders.update(above)
        return True


def safe_part(text: str) -> str:
    """One part of a path that any file system takes and that no reader hides: never empty, never ``..``."""
    text = text.encode("utf-8", "replace").decode()  # lone surrogates cannot be written
    text = _UNSAFE.sub("_", text).strip().rstrip(". ")
    text = text.encode()[:LONGEST].decode("utf-8", "ignore").rstrip(". ") or "_"
    return f"_{text}" if text.startswith(".") or _RESERVED.fullmatch(text) else text


def safe_parts(names: Sequence[str]) -> tuple[str, ...]:
    """One safe part a name, no two alike."""
    namer = Namer()
    return tuple(namer.free("", safe_part(name), "") for name in names)


def split_suffix(name: str, content: bytes) -> tuple[str, str]:
    """An item's name without the suffix of an image, and the suffix that its content calls for.

    A suffix that fits is kept as it is spelt. Content in no known format keeps what it has, or is ``.bin``.
    """
    path = PurePosixPath(name)
    known = {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes}
    has = known.get(path.suffix.lower(), "")
    stem = name.removesuffix(path.suffix) if has else name
    kind = _kind(content)
    if has and kind in ("", has):
        return stem, path.suffix
    return stem, _SUFFIXES[kind][0] if kind else ".bin"


def one_line_names(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes as a text file of one name a line can hold them: no line ends, no outer spaces, none empty."""
    taken: set[str] = set()
    names = []
    for label, name in enumerate(classes):
        plain = " ".join(name.encode("utf-8", "replace").decode().replace("\0", " ").split()) or str(label)
        plain = plain.removeprefix("\ufeff") or str(label)
        while plain in taken:
            plain += "'"
        taken.add(plain)
        names.append(plain)
    return tuple(names)


def one_line(text: str) -> str:
    """``text`` without line ends and null characters, which many readers of CSV do not take even in quotes."""
    return " ".join(text.replace("\0", " ").splitlines())


def renamed(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """A sentence where classes had to be called something else."""
    changed = [f"{old!r} is written as {new!r}" for old, new in zip(before, after, strict=True) if old != new]
    if not changed:
        return ()
    more = f" and {len(changed) - 3:,} more" if len(changed) > 3 else ""
    return (f"Class names that this format cannot hold: {', '.join(changed[:3])}{more}.",)


def _key(path: str) -> str:
    """The same for paths that some system takes for one."""
    return unicodedata.normalize("NFC", path).casefold()


def _above(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    return ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))


def _kind(content: bytes) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), "")
