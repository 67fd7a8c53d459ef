"""What a dataset is like as a whole, in numbers: sizes, channels, formats, masks, lengths of texts; each a split.

Counted from the facts of its items for the dataset as it is now; excluded items are left out. No file is read here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from workbench.engine.data.lint.facts import Facts
    from workbench.engine.data.opened import Dataset

Items = NDArray[np.int64]
Cell = str | int | float | Decimal
ALL = "all"
"""Stands for all splits together in a table."""
_ORDER = {"train": 0, "validation": 1, "test": 2, "": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A number of every item, to be seen as a histogram.

    Attributes:
        name: "Width"; ``unit`` is what it is counted in, ``"pixels"``, empty for a plain ratio.
        values: float64[K]; ``items`` are the ids that they belong to.
    """

    name: str
    unit: str
    values: NDArray[np.float64]
    items: Items

    @property
    def whole(self) -> bool:
        """Whether only whole numbers exist."""
        return bool(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Mean and deviation of red, green and blue over the images of a split, in 0..1; every image counts the same."""

    split: str
    images: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of words and numbers. A cell of ``float`` is a share of 1, one of ``Decimal`` as precise as it is shown."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Attributes:
    items, excluded: Counted and left out.
    spreads: Numbers of each item.
    sizes: (width, height, images) of every size that occurs, the most frequent first; empty for questions.
    channels: One a split, then all; empty for questions.
    tables: The rest.
    """

    items: int
    excluded: int
    spreads: tuple[Spread, ...]
    sizes: tuple[tuple[int, int, int], ...]
    channels: tuple[Channels, ...]
    tables: tuple[Table, ...]


def splits_of(splits: NDArray[np.str_]) -> list[str]:
    """The splits that occur, the usual order first. There are few, and sorting all items would be slow."""
    found: list[str] = []
    left = np.ones(len(splits), bool)
    while left.any():
        found.append(str(splits[left.argmax()]))
        left &= splits != found[-1]
    return sorted(found, key=lambda split: (_ORDER.get(split, 3), split))


def class_counts(dataset: "Dataset", label_set: str) -> tuple[list[str], NDArray[np.int64]]:
    """Splits, and int64[C + 1, S] of items a class and split; the unknown class last, excluded items left out."""
    state = dataset.state
    splits = splits_of(state.splits)
    classes = len(state.classes[label_set])
    labels = np.where(state.labels[label_set] < 0, classes, state.labels[label_set])
    counts = [np.bincount(labels[(state.splits == split) & ~state.excluded], minlength=classes + 1) for split in splits]
    return splits, np.stack(counts, axis=1) if counts else np.zeros((classes + 1, 0), np.int64)


def mask_class_counts(dataset: "Dataset", facts: "Facts") -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
    """Splits, int64[C, S] of images a class and split whose masks hold the class, and float64[C]: its share of all mask
    pixels, those of no class included. Excluded images are left out.
    """
    state = dataset.state
    splits = splits_of(state.splits)
    kept = np.flatnonzero(~state.excluded)
    pixels = facts.mask_counts[kept]
    counts = [(pixels[state.splits[kept] == split] > 0).sum(axis=0) for split in splits]
    of_class = pixels.sum(axis=0)
    total = int(of_class.sum() + facts.mask_stray[kept].sum() + facts.mask_ignored[kept].sum())
    classes = len(of_class)
    return splits, np.stack(counts, axis=1) if counts else np.zeros((classes, 0), np.int64), of_class / max(1, total)


def split_counts(dataset: "Dataset") -> tuple[list[str], NDArray[np.int64]]:
    """Splits, and int64[1, S] of items in each, excluded ones left out."""
    splits = splits_of(dataset.state.splits)
    kept = dataset.state.splits[~dataset.state.excluded]
    return splits, np.array([[int((kept == split).sum()) for split in splits]], np.int64)


def statistics_of(dataset: "Dataset", facts: "Facts") -> Statistics:
    """Count everything. Takes a moment for a large set."""
    kept = np.flatnonzero(~dataset.state.excluded)
    excluded = len(dataset.state) - len(kept)
    if dataset.items.content == "questions":
        spreads, texts = _of_questions(dataset, facts, kept)
        return Statistics(items=len(kept), excluded=excluded, spreads=spreads, sizes=(), channels=(), tables=texts)
    readable = kept[np.asarray(facts.width)[kept] > 0]
    tables = [_formats(facts, readable)]
    if len(facts.mask_counts):
        tables.insert(0, _masks(dataset, facts, kept))
    return Statistics(
        items=len(kept),
        excluded=excluded,
        spreads=_sizes_as_spreads(facts, readable),
        sizes=_sizes(facts, readable),
        channels=_channels(dataset, facts, readable),
        tables=tuple(tables),
    )


def _sizes_as_spreads(facts: "Facts", items: Items) -> tuple[Spread, ...]:
    width, height = facts.width[items].astype(np.float64), facts.height[items].astype(np.float64)
    if not len(items):
        return ()
    return (
        Spread(name="Width", unit="pixels", values=width, items=items),
        Spread(name="Height", unit="pixels", values=height, items=items),
        Spread(name="Width to height", unit="", values=width / height, items=items),
        Spread(name="File size", unit="bytes", values=facts.bytes[items].astype(np.float64), items=items),
    )


def _sizes(facts: "Facts", items: Items) -> tuple[tuple[int, int, int], ...]:
    pairs, counts = np.unique(np.stack([facts.width[items], facts.height[items]], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple((int(pairs[i, 0]), int(pairs[i, 1]), int(counts[i])) for i in order)


def _channels(dataset: "Dataset", facts: "Facts", items: Items) -> tuple[Channels, ...]:
    splits = splits_of(dataset.state.splits)
    of_split = [(split, items[dataset.state.splits[items] == split]) for split in splits]
    parts = [*of_split, (ALL, items)] if len(splits) > 1 else [(ALL, items)]
    return tuple(_channel(split, facts, chosen) for split, chosen in parts if len(chosen))


def _channel(split: str, facts: "Facts", items: Items) -> Channels:
    """Over all pixels, as if all images were of one size: what a network sees that scales them to one."""
    mean, deviation = facts.mean[items].astype(np.float64), facts.deviation[items].astype(np.float64)
    whole = mean.mean(axis=0)
    spread = np.sqrt(np.maximum(0, (deviation**2 + mean**2).mean(axis=0) - whole**2))
    return Channels(split=split, images=len(items), mean=_triple(whole), deviation=_triple(spread))


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    red, green, blue = values.tolist()
    return red, green, blue


def _formats(facts: "Facts", items: Items) -> Table:
    pairs: dict[tuple[str, str], int] = {}
    for pair in zip(np.asarray(facts.format)[items].tolist(), np.asarray(facts.mode)[items].tolist(), strict=True):
        pairs[pair] = pairs.get(pair, 0) + 1
    rows = [
        (format, _mode_text(mode), count, count / len(items))
        for (format, mode), count in sorted(pairs.items(), key=lambda entry: -entry[1])
    ]
    return Table(title="Formats", header=("Format", "Pixels", "Images", "Share"), rows=tuple(rows))


def _mode_text(mode: str) -> str:
    words = {
        "RGB": "colour", "RGBA": "colour with transparency", "L": "grey", "LA": "grey with transparency",
        "P": "colour table", "1": "black and white", "CMYK": "print colours", "I;16": "grey, 16 bits",
        "I": "grey, 32 bits", "F": "grey, floating point", "YCbCr": "colour",
    }  # fmt: skip
    return f"{words[mode]} ({mode})" if mode in words else mode


def _masks(dataset: "Dataset", facts: "Facts", kept: Items) -> Table:
    """Pixels a class, and its share of each split's pixels."""
    from workbench.engine.project.edits import MASK

    splits = splits_of(dataset.state.splits)
    columns = [kept[dataset.state.splits[kept] == split] for split in splits]
    if len(splits) > 1:
        columns.append(kept)
    of_class = [facts.mask_counts[items].sum(axis=0) for items in columns]
    stray = [int(facts.mask_stray[items].sum()) for items in columns]
    ignored = [int(facts.mask_ignored[items].sum()) for items in columns]
    totals = [max(1, int(counts.sum()) + a + b) for counts, a, b in zip(of_class, stray, ignored, strict=True)]
    titles = [split or "no split" for split in splits] + ([ALL] if len(splits) > 1 else [])
    header = ["Class", "Pixels", "Images", *(f"Share of {title}" if len(titles) > 1 else "Share" for title in titles)]
    rows: list[tuple[Cell, ...]] = []

    def row(name: str, pixels: list[int], images: int) -> None:
        rows.append((name, pixels[-1], images, *(part / total for part, total in zip(pixels, totals, strict=True))))

    for label, name in enumerate(dataset.state.classes[MASK]):
        images = int((facts.mask_counts[kept, label] > 0).sum())
        row(name, [int(counts[label]) for counts in of_class], images)
    if stray[-1]:
        row("no class", stray, int((facts.mask_stray[kept] > 0).sum()))
    if ignored[-1]:
        row("ignored", ignored, int((facts.mask_ignored[kept] > 0).sum()))
    return Table(title="Mask pixels", header=tuple(header), rows=tuple(rows))


def _of_questions(dataset: "Dataset", facts: "Facts", kept: Items) -> tuple[tuple[Spread, ...], tuple[Table, ...]]:
    questions = facts.question_length.astype(np.float64)
    groups, splits = dataset.items.groups(), dataset.state.splits
    contexts, answers = facts.context_length.astype(np.float64), facts.answers.astype(np.float64)
    found = splits_of(splits)
    parts = [(split or "no split", kept[splits[kept] == split]) for split in found]
    if len(found) > 1:
        parts.append((ALL, kept))
    rows = []
    for split, chosen in parts:
        if len(chosen):
            rows.append(
                (
                    split,
                    len(chosen),
                    int(answers[chosen].sum()),
                    len(set(groups[chosen].tolist()) - {""}),
                    round(float(np.median(contexts[chosen]))),
                    int(contexts[chosen].max()),
                    round(float(np.median(questions[chosen]))),
                )
            )
    header = (
        "Split", "Questions", "Answers", "Articles", "Context, median", "Context, longest", "Question, median",
    )  # fmt: skip
    table = Table(title="Texts", header=header, rows=tuple(rows), note="Lengths are in characters.")
    spreads = (
        Spread(name="Length of the context", unit="characters", values=contexts[kept], items=kept),
        Spread(name="Length of the question", unit="characters", values=questions[kept], items=kept),
        Spread(name="Answers to a question", unit="answers", values=answers[kept], items=kept),
    )
    return (spreads if len(kept) else ()), (table,)


def as_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values as every spreadsheet reads them."""
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def cell_text(value: Cell) -> str:
    """A count with its thousands apart, a share of 1 in percent, a word as it is."""
    if isinstance(value, float):
        percent = 100 * value
        return f"{percent:.2g} %" if 0 < percent < 0.1 else f"{percent:.1f} %"
    return f"{value:,}" if isinstance(value, int) else str(value)
