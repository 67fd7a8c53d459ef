"""Predictions as files: what stands in each, and that a file is there whole or not at all."""

import csv
from pathlib import Path

import numpy as np
import pytest
from helpers import finish
from inspection_samples import inspected, random_answers

from workbench.engine.errors import UserError
from workbench.engine.export.predictions import (
    PREDICTION_FORMATS,
    csv_row,
    export_predictions,
    prediction_line,
    probabilities_row,
)
from workbench.engine.inspection.inspection import Inspection

NAMES = ("a.jpg", 'b, "c".jpg', "two\nlines.png")


def three() -> Inspection:
    logits = np.log([[0.9, 0.1], [0.25, 0.75], [0.4, 0.6]])
    return inspected([0, 0, -1], logits, classes=("ants", "bees, wild"), items=[4, 7, 9])


def written(inspection: Inspection, names: tuple[str, ...], path: Path, *, format: str) -> str:
    assert finish(export_predictions(inspection, names, path, format=format)) == path
    return path.read_text(encoding="utf-8")


def test_a_table_that_can_be_read_again(tmp_path: Path) -> None:
    text = written(three(), NAMES, tmp_path / "p.csv", format="csv")
    header, *rows = csv.reader(text.splitlines(keepends=True))
    assert header == ["item", "image", "truth", "predicted", "right", "confidence", "p(ants)", "p(bees, wild)"]
    assert [row[:5] for row in rows] == [
        ["4", "a.jpg", "ants", "ants", "yes"],
        ["7", 'b, "c".jpg', "ants", "bees, wild", "no"],
        ["9", "two\nlines.png", "", "bees, wild", ""],
    ]
    np.testing.assert_allclose([[float(value) for value in row[6:]] for row in rows], three().probabilities, rtol=1e-5)
    np.testing.assert_allclose([float(row[5]) for row in rows], three().confidence, atol=1e-6)


def test_rows_of_probabilities(tmp_path: Path) -> None:
    assert written(three(), NAMES, tmp_path / "p.txt", format="rows") == "0.900 0.100\n0.250 0.750\n0.400 0.600\n"
    labels, logits = random_answers(50, 12)
    text = written(inspected(labels, logits), ("x",) * 50, tmp_path / "q.txt", format="rows")
    np.testing.assert_allclose(np.loadtxt(text.splitlines()), inspected(labels, logits).probabilities, atol=0.00051)


def test_a_sentence_an_image(tmp_path: Path) -> None:
    assert written(three(), NAMES, tmp_path / "p.txt", format="lines").splitlines() == [
        "Class: ants, predictions: ants:0.900 bees, wild:0.100, image: a.jpg",
        'Class: ants, predictions: bees, wild:0.750 ants:0.250, image: b, "c".jpg',
        "Class: unknown, predictions: bees, wild:0.600 ants:0.400, image: two lines.png",
    ]


def test_of_many_classes_the_likeliest_five_are_named_and_the_class_is_the_true_one(tmp_path: Path) -> None:
    logits = np.arange(9.0)[None]
    line = written(inspected([0], logits), ("x",), tmp_path / "p", format="lines")
    assert line.startswith("Class: class 0, predictions: class 8:0.6")
    assert line.count("class ") == 1 + 5
    even = written(inspected([0], np.zeros((1, 9))), ("x",), tmp_path / "q", format="lines")
    assert even.startswith("Class: class 0, predictions: class 0:0.111 class 1:0.111")


def test_texts_of_one_item() -> None:
    shares = np.array([0.00049, 0.99951])
    assert prediction_line(shares, ("wolf", "sheep"), "s.png", truth="wolf") == (
        "Class: wolf, predictions: sheep:1.000 wolf:0.000, image: s.png"
    )
    assert prediction_line(shares, ("wolf", "she\nep"), "s.png", truth="").startswith(
        "Class: unknown, predictions: she ep:1.000 "
    )
    names = ["plain", "with, comma", 'a "quote"', "two\nlines", "old\rmac", "both\r\n"]
    assert list(csv.reader([f"{csv_row(names)}\n"])) == [names]
    assert probabilities_row([0.12345, 1.0]) == "0.123 1.000"


@pytest.mark.parametrize("format", list(PREDICTION_FORMATS))
def test_a_file_is_whole_or_what_it_was(format: str, tmp_path: Path) -> None:
    labels, logits = random_answers(3_000, 20)
    path = tmp_path / "new" / f"p{PREDICTION_FORMATS[format].suffix}"
    path.parent.mkdir()
    path.write_text("before")
    work = export_predictions(inspected(labels, logits), [f"{n}.png" for n in range(3_000)], path, format=format)
    first = next(work)
    assert (first.total, first.stage) == (3_000, "writing predictions")
    assert path.read_text() == "before"
    work.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.read_text() == "before"
    names = tuple(f"{n}.png" for n in range(3_000))
    assert len(written(inspected(labels, logits), names, path, format=format).splitlines()) == 3_000 + (format == "csv")


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'lines'"):
        finish(export_predictions(three(), NAMES, tmp_path / "p", format="line"))
    with pytest.raises(UserError, match="a folder, not a file"):
        finish(export_predictions(three(), NAMES, tmp_path, format="csv"))
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        finish(export_predictions(three(), NAMES, tmp_path / "file" / "p", format="csv"))
