"""Checks of masks: whether they can be read, fit their images, and name classes."""

from collections.abc import Iterator

import numpy as np

from workbench.engine.data.lint.checks.subject import CHECKS, Subject, found
from workbench.engine.data.lint.facts import Sides
from workbench.engine.data.lint.finding import Finding


@CHECKS.register("unreadable-mask")
def unreadable_mask(subject: Subject) -> Iterator[Finding]:
    errors = subject.facts.mask_errors
    return found(
        "unreadable-mask",
        "Masks that cannot be read",
        "error",
        items=np.array(sorted(errors), np.int64),
        unit="masks",
        words=errors.__getitem__,
        remedy="Replace the files, or leave the images out.",
        repairs=("leave-out",),
    )


@CHECKS.register("mask-size")
def mask_size(subject: Subject) -> Iterator[Finding]:
    """Masks whose pixels are not their image's."""
    facts = subject.facts
    if not len(facts.mask_width):
        return iter(())
    both = (facts.mask_width > 0) & (facts.faults == "")
    mask_sides = facts.mask_width, facts.mask_height
    other = (facts.mask_width != facts.width) | (facts.mask_height != facts.height)
    return found(
        "mask-size",
        "Masks of another size than their image",
        "error",
        items=np.flatnonzero(both & other),
        unit="masks",
        words=lambda item: f"image {_size(facts.width, facts.height, item)}, mask {_size(*mask_sides, item)}",
        remedy="Make the masks again from their images, or leave these out.",
        repairs=("leave-out",),
    )


def _size(width: Sides, height: Sides, item: int) -> str:
    return f"{width[item]} × {height[item]}"


@CHECKS.register("off-palette")
def off_palette(subject: Subject) -> Iterator[Finding]:
    """Mask pixels that mean nothing."""
    facts = subject.facts
    items, count = np.flatnonzero(facts.mask_stray), int(facts.mask_stray.sum())
    pixels = int(facts.mask_counts.sum() + facts.mask_stray.sum() + facts.mask_ignored.sum())
    return found(
        "off-palette",
        "Mask pixels whose colour is no class",
        "warning",
        items=items,
        unit="pixels",
        count=count,
        words=lambda item: facts.mask_colours.get(item, f"{facts.mask_stray[item]:,} pixels"),
        details={-1: f"{100 * count / max(pixels, 1):.2g} % of all mask pixels, in {len(items):,} masks"},
        remedy="As they are, they are ignored. They can be given the class of the nearest colour instead, unless they "
        "are a class that the palette lacks.",
        repairs=("off-palette-ignore", "off-palette-nearest"),
    )


@CHECKS.register("empty-mask")
def empty_mask(subject: Subject) -> Iterator[Finding]:
    """Masks from which nothing can be learnt."""
    facts = subject.facts
    return found(
        "empty-mask",
        "Masks without a pixel of any class",
        "warning",
        items=np.flatnonzero((facts.mask_width > 0) & (facts.mask_counts.sum(1) == 0)),
        unit="masks",
        remedy="Look at them; leave them out if they were never drawn.",
    )


@CHECKS.register("palette-mask")
def palette_mask(subject: Subject) -> Iterator[Finding]:
    """Masks that are palette files where colours mean the classes."""
    by_colour = subject.palette is not None and subject.palette.coding != "index"
    items = np.flatnonzero(subject.facts.mask_mode == "P")
    return found(
        "palette-mask",
        "Masks stored with a palette of their own",
        "info",
        items=items if by_colour else items[:0],
        unit="masks",
        remedy="They are read by the colours that they show; a program that reads the indices sees other classes.",
    )
