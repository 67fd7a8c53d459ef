"""Checks of what images look like, each by itself and among the others."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from workbench.engine.data.lint.checks.subject import CHECKS, Subject, found
from workbench.engine.data.lint.finding import Finding

_SMALL = 8  # pixels
_GREY = ("1", "L", "LA", "La")
_FLAT = 1e-3  # standard deviation of a channel, of 1; a quarter of a grey level


@CHECKS.register("alpha")
def alpha(subject: Subject) -> Iterator[Finding]:
    """Transparent pixels in some images, where others have none."""
    items = subject.readable[subject.facts.alpha[subject.readable]]
    return found(
        "alpha",
        "Images with transparent pixels among opaque ones",
        "warning",
        items=items if len(items) < len(subject.readable) else items[:0],
        remedy="Transparent pixels are shown to a network as white. Lay the images on a background that fits.",
    )


@CHECKS.register("mixed-colour")
def mixed_colour(subject: Subject) -> Iterator[Finding]:
    """Grey and coloured images in one set; the fewer are told."""
    modes = subject.facts.mode[subject.readable]
    is_grey = np.isin(modes, _GREY) | np.char.startswith(modes, "I")
    grey, coloured = subject.readable[is_grey], subject.readable[~is_grey]
    if not len(grey) or not len(coloured):
        return iter(())
    fewer_grey = len(grey) <= len(coloured)
    return found(
        "mixed-colour",
        "Images stored in grey among coloured ones" if fewer_grey else "Images stored in colour among grey ones",
        "warning",
        items=grey if fewer_grey else coloured,
        remedy="See whether a class or a split has them all: a network learns that sooner than what is shown.",
    )


@CHECKS.register("palette-image")
def palette_image(subject: Subject) -> Iterator[Finding]:
    """Images of at most 256 colours."""
    return found(
        "palette-image",
        "Images stored with a palette",
        "info",
        items=subject.readable[np.isin(subject.facts.mode[subject.readable], ("P", "PA"))],
        remedy="They are read as coloured images. Of a photograph, a palette has lost colours.",
    )


@CHECKS.register("blank")
def blank(subject: Subject) -> Iterator[Finding]:
    """Images of one colour all over."""
    return found(
        "blank",
        "Images of a single colour",
        "warning",
        items=subject.readable[subject.facts.deviation[subject.readable].max(1, initial=0) < _FLAT],
        remedy="Look at them; leave out those that show nothing.",
    )


@CHECKS.register("tiny")
def tiny(subject: Subject) -> Iterator[Finding]:
    """Images too small to show anything."""
    facts, items = subject.facts, subject.readable
    return found(
        "tiny",
        f"Images less than {_SMALL} pixels wide or high",
        "warning",
        items=items[np.minimum(facts.width[items], facts.height[items]) < _SMALL],
        words=lambda item: f"{facts.width[item]} × {facts.height[item]} pixels",
        remedy="Leave them out, unless they are meant.",
    )


@CHECKS.register("sizes")
def sizes(subject: Subject) -> Iterator[Finding]:
    """Images that have not the most frequent size."""
    facts, items = subject.facts, subject.readable
    width, height = facts.width[items].astype(np.int64), facts.height[items].astype(np.int64)
    keys, place = np.unique(width << 32 | height, return_inverse=True)
    if len(keys) < 2:
        return iter(())
    counts = Counter(place.tolist())
    common, number = min(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    smallest, largest = int(np.argmin(width * height)), int(np.argmax(width * height))
    range_ = f"from {width[smallest]} × {height[smallest]} to {width[largest]} × {height[largest]} pixels"
    usual = f"{number:,} of {len(items):,} have {keys[common] >> 32} × {keys[common] & 0xFFFFFFFF}"
    return found(
        "sizes",
        "Images of another size than the most frequent one",
        "info",
        items=items[place != common],
        details={-1: f"{len(keys):,} sizes, {range_}; {usual}"},
        remedy="All are brought to one size for training.",
    )
