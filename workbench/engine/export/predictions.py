"""What a run said of each item, as files that people and other programs read.

Three ways, registered in :data:`PREDICTION_FORMATS`: a table, bare rows of probabilities, and a sentence an item. The
texts of one item are here too, for who writes them elsewhere.
"""

import contextlib
import csv
import io
import os
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from workbench.engine.data.exports import Pace
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import TEMPORARY, plain_disk_errors
from workbench.engine.inspection.inspection import Floats, Inspection
from workbench.engine.registry import Registry

NAMED = 5  # classes that a sentence lists


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFormat:
    """One way to write predictions.

    Attributes:
        title: One line for a person ("Table (CSV)").
        suffix: Of the file, with the dot.
        write: Writes an inspection and its items' names to an open file; hands out progress as it goes.
    """

    title: str
    suffix: str
    write: Callable[[Inspection, Sequence[str], TextIO], Iterator[Progress]]


PREDICTION_FORMATS: Registry[PredictionFormat] = Registry("format of predictions")


def export_predictions(
    inspection: Inspection, names: Sequence[str], path: Path, *, format: str
) -> Generator[Progress, None, Path]:
    """Write the predictions to the file ``path``, which appears whole or not at all, in place of what was there.

    Args:
        names: Of the inspection's items, in its order: what the file calls an image.
        format: A name in :data:`PREDICTION_FORMATS`.

    Raises:
        UserError: There is no such format, or the disk refuses.
    """
    assert len(names) == len(inspection)
    entry = PREDICTION_FORMATS[format]
    with _plain_errors(path):
        if path.is_dir():
            raise UserError("this is a folder, not a file", where=str(path), remedy="name a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{TEMPORARY}")
        try:
            with temporary.open("x", encoding="utf-8", newline="") as file:
                yield from entry.write(inspection, names, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path


def probabilities_row(probabilities: Iterable[float]) -> str:
    """``"0.982 0.018"``: each class's probability with three digits, in label order."""
    return " ".join(f"{value:.3f}" for value in probabilities)


def prediction_line(probabilities: Floats, classes: Sequence[str], image: str, *, truth: str) -> str:
    """``"Class: ants, predictions: ants:0.982 bees:0.018, image: a.jpg"``, the likeliest of at most five classes first.

    Args:
        probabilities: float64[K], of one image.
        classes: Their names, in label order.
        image: What the image is called.
        truth: The class that the image is of, whatever was predicted; ``"unknown"`` stands for an empty one.
    """
    likeliest = (-probabilities).argsort(kind="stable")[:NAMED]
    listed = " ".join(f"{one_line(classes[label])}:{probabilities[label]:.3f}" for label in likeliest)
    return f"Class: {one_line(truth) or 'unknown'}, predictions: {listed}, image: {one_line(image)}"


def csv_row(values: Iterable[object]) -> str:
    """A row of a table, without its end. Whatever breaks lines in some reader's eyes is quoted."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(values)  # what it quotes depends on what ends a line
    return buffer.getvalue().removesuffix("\r\n")


def one_line(text: str) -> str:
    """``text`` without line breaks, which a name may hold and a file of one line an item may not."""
    return " ".join(text.splitlines())


@contextlib.contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """What the disk says in a sentence, names that it does not take and the like included."""
    try:
        with plain_disk_errors(path):
            yield
    except OSError as error:
        raise UserError(
            f"the predictions cannot be written ({error.strerror or error})",
            where=str(path),
            remedy="name another file",
        ) from error


def _csv(inspection: Inspection, names: Sequence[str], file: TextIO) -> Iterator[Progress]:
    """A header, then a row an item: its id and name, truth (empty if unknown), prediction, whether that is right
    (empty if unknown), confidence, and every class's probability, digits enough to get them back.
    """
    pace = Pace("writing predictions", total=len(inspection))
    columns = ["item", "image", "truth", "predicted", "right", "confidence"]
    file.write(csv_row([*columns, *(f"p({name})" for name in inspection.classes)]) + "\n")
    for row, name in enumerate(names):
        label, predicted = int(inspection.labels[row]), int(inspection.predicted[row])
        known = label >= 0
        values = [
            int(inspection.items[row]),
            name,
            inspection.classes[label] if known else "",
            inspection.classes[predicted],
            ("yes" if label == predicted else "no") if known else "",
            f"{inspection.confidence[row]:.6f}",
            *(f"{value:.6g}" for value in inspection.probabilities[row]),
        ]
        file.write(csv_row(values) + "\n")
        yield from pace.tick()


def _rows(inspection: Inspection, names: Sequence[str], file: TextIO) -> Iterator[Progress]:
    """A row of probabilities an item, in the order of the items and of the classes, and nothing else."""
    pace = Pace("writing predictions", total=len(inspection))
    for row in range(len(inspection)):
        file.write(probabilities_row(inspection.probabilities[row]) + "\n")
        yield from pace.tick()


def _lines(inspection: Inspection, names: Sequence[str], file: TextIO) -> Iterator[Progress]:
    """A sentence an item."""
    pace = Pace("writing predictions", total=len(inspection))
    for row, name in enumerate(names):
        label = int(inspection.labels[row])
        truth = inspection.classes[label] if label >= 0 else ""
        file.write(prediction_line(inspection.probabilities[row], inspection.classes, name, truth=truth) + "\n")
        yield from pace.tick()


for _name, _format in {
    "csv": PredictionFormat(title="Table (CSV)", suffix=".csv", write=_csv),
    "rows": PredictionFormat(title="Rows of probabilities", suffix=".txt", write=_rows),
    "lines": PredictionFormat(title="A sentence an image", suffix=".txt", write=_lines),
}.items():
    PREDICTION_FORMATS.add(_name, _format)
