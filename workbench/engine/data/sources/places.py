"""Image files that a list names: a map file, a table. Found beside the list, on the disk or in its archive.

On the disk a path may be absolute or lead upwards, since the person owns it; in an archive it never leaves it.
"""

import posixpath
from pathlib import Path, PurePosixPath

from workbench.engine.data.sources.folder import IMAGE_SUFFIXES, LARGEST_FILE
from workbench.engine.data.tree import FolderTree, Tree
from workbench.engine.errors import UserError

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Places:
    """Where the images of one list are.

    Args:
        tree: Where the list is.
        list_file: The list's name there; relative paths start at its folder, or else at the top.
    """

    def __init__(self, tree: Tree, list_file: str) -> None:
        self._tree = tree
        self._folder = posixpath.dirname(list_file)
        self._files = set(tree.files)
        self._stems: dict[str, str] | None = None

    def find(self, path: str) -> str | Path | None:
        """The file that ``path`` names: a name in the tree or a path on the disk; ``None`` where there is none."""
        for spelling in dict.fromkeys((path, path.replace("\\", "/"))):
            if (found := self._find(spelling)) is not None:
                return found
        return None

    def find_stem(self, stem: str) -> str | None:
        """The one image of the tree called ``stem`` and an image's suffix."""
        if self._stems is None:
            self._stems = {}
            for file in self._tree.files:
                pure = PurePosixPath(file)
                if pure.suffix.lower() in IMAGE_SUFFIXES:
                    self._stems[pure.stem] = "" if pure.stem in self._stems else file
        return self._stems.get(stem) or None

    def leaves(self, path: str) -> bool:
        """Whether ``path`` leads out of an archive."""
        if isinstance(self._tree, FolderTree):
            return False
        plain = path.replace("\\", "/")
        inside = posixpath.normpath(posixpath.join(self._folder, plain))
        return plain.startswith("/") or plain[1:2] == ":" or inside.split("/")[0] == ".."

    def read(self, found: str | Path, *, path: str, where: str) -> bytes:
        """The content of what :meth:`find` found for ``path``, which stands at ``where`` in the list."""
        try:
            size = found.stat().st_size if isinstance(found, Path) else self._tree.size(found)
            if size > LARGEST_FILE:
                raise UserError(f"the image file {path!r} is larger than 1 GiB", where=where)
            return found.read_bytes() if isinstance(found, Path) else self._tree.read(found)
        except FileNotFoundError:
            raise missing(path, where=where) from None
        except OSError as error:
            raise UserError(f"the image file {path!r} cannot be read ({error.strerror})", where=where) from error

    def _find(self, path: str) -> str | Path | None:
        for folder in dict.fromkeys((self._folder, "")):
            inside = posixpath.normpath(posixpath.join(folder, path))
            if inside in self._files:
                return inside
        if not isinstance(self._tree, FolderTree):
            return None
        disk = self._tree.root / self._folder / path
        try:
            return disk if disk.is_file() else None
        except (OSError, ValueError):  # too long a name, a null character
            return None


def missing(path: str, *, where: str) -> UserError:
    return UserError(f"there is no image file {path!r}", where=where, remedy="correct the path")


def without_utf16(head: bytes) -> bytes:
    """The start of a text in UTF-8 if its mark says that it is UTF-16, else as it is.

    Only to recognise what the file is: whoever reads it says what is wrong with it. Otherwise the images beside it
    would pass for something else.
    """
    return head.decode("utf-16", "replace").encode() if head.startswith(UTF16_MARKS) else head


def top_folder(tree: Tree) -> str:
    """The folder that merely wraps everything, as archives often have one; ``""`` if the files lie at the top."""
    if not tree.files:
        return ""
    first, last = tree.files[0].split("/")[:-1], tree.files[-1].split("/")[:-1]
    depth = 0
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return "/".join(first[:depth])
