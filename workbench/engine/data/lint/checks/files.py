"""Checks of the files: which cannot be decoded, and which are not what their name says."""

from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np

from workbench.engine.data.lint.checks.subject import CHECKS, Check, Subject, found
from workbench.engine.data.lint.finding import Finding

_FAULTS = {
    "empty-file": ("Image files without any content", "Fetch them again, or leave them out."),
    "truncated": ("Image files that are cut short", "Fetch or copy them again, or leave them out."),
    "unreadable": ("Files that cannot be read as an image", "Replace the files, or leave them out."),
    "too-large": ("Images with too many pixels", "Make them smaller, or raise the limit in the preferences."),
}
_FORMATS = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "MPO": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "PNG": ("png", "apng"),
    "BMP": ("bmp", "dib"),
    "GIF": ("gif",),
    "WEBP": ("webp",),
    "TIFF": ("tif", "tiff"),
    "PPM": ("ppm", "pgm", "pbm", "pnm", "pfm"),
}
_SUFFIXES = frozenset(suffix for suffixes in _FORMATS.values() for suffix in suffixes)


def _of_fault(code: str) -> Check:
    title, remedy = _FAULTS[code]

    def check(subject: Subject) -> Iterator[Finding]:
        items = np.flatnonzero(subject.facts.faults == code)
        words = subject.facts.errors.__getitem__
        return found(code, title, "error", items=items, words=words, remedy=remedy, repairs=("leave-out",))

    return check


for _code in _FAULTS:
    CHECKS.add(_code, _of_fault(_code))


@CHECKS.register("wrong-extension")
def wrong_extension(subject: Subject) -> Iterator[Finding]:
    """A name that says another format than the content; names that say none are left alone."""
    formats = subject.facts.format
    suffixes = [PurePosixPath(subject.names[item]).suffix[1:].lower() for item in subject.readable]
    items = [
        item
        for item, suffix in zip(subject.readable, suffixes, strict=True)
        if suffix in _SUFFIXES and suffix not in _FORMATS.get(str(formats[item]), ())
    ]
    return found(
        "wrong-extension",
        "Images whose name says another format than they have",
        "warning",
        items=np.array(items, np.int64),
        words=lambda item: f"it is {formats[item]}",
        remedy="They are read by their content; rename them if other programs are to read them.",
    )
