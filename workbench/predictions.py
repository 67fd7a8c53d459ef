"""What ``workbench predict`` prints of each image: a sentence, a row of probabilities, a row of a table, or JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.engine.export.predictions import csv_row, prediction_line, probabilities_row
from workbench.engine.inspection.inspection import Floats, softmax

if TYPE_CHECKING:
    from workbench.console import Output
    from workbench.engine.inspection.looking import FileAnswers

FORMATS = ("lines", "rows", "csv")
_TOLD = 10  # images that cannot be read which the last sentence names


class Predictions:
    """Tells predictions one by one, and remembers which images could not be read.

    The truth of an image is the name of its folder, where that is a class of the run.

    Args:
        output: Where to.
        classes: Names, in label order.
        format: One of :data:`FORMATS`: ``"lines"`` for people; ``"rows"`` of probabilities in label order, which pair
            with the images, so that one that cannot be read is a row of ``nan``; ``"csv"`` with a header.
    """

    def __init__(self, output: "Output", *, classes: Sequence[str], format: str) -> None:
        assert format in FORMATS
        self._output, self._classes, self._format = output, classes, format
        self._told = 0
        self._unreadable: list[str] = []
        if format == "csv" and not output.as_json:
            columns = ["image", "truth", "predicted", "right", "confidence", *(f"p({name})" for name in classes)]
            output.record({}, csv_row(columns))

    def tell(self, answers: "FileAnswers") -> None:
        """Say what the network makes of one image."""
        path, self._told = str(answers.path), self._told + 1
        if answers.error:
            self._unreadable.append(answers.error)
            nothing = probabilities_row([float("nan")] * len(self._classes))
            if self._output.as_json or self._format == "rows":
                self._output.record({"path": path, "error": answers.error}, nothing)
            return
        probabilities = softmax(answers.logits[None])[0]
        folder = answers.path.absolute().parent.name
        truth = folder if folder in self._classes else ""
        order = (-probabilities).argsort(kind="stable")
        ranked = [(self._classes[label], float(probabilities[label])) for label in order]
        self._output.record(self._values(path, truth, ranked), self._words(path, truth, ranked, probabilities))

    def _values(self, path: str, truth: str, ranked: Sequence[tuple[str, float]]) -> dict[str, Any]:
        name, share = ranked[0]
        return {"path": path, "truth": truth, "class": name, "probability": share, "probabilities": dict(ranked)}

    def _words(self, path: str, truth: str, ranked: Sequence[tuple[str, float]], probabilities: Floats) -> str:
        if self._format == "rows":
            return probabilities_row(probabilities)
        if self._format == "lines":
            return prediction_line(probabilities, self._classes, path, truth=truth)
        name, share = ranked[0]
        right = ("yes" if truth == name else "no") if truth else ""
        return csv_row([path, truth, name, right, f"{share:.6f}", *(f"{value:.6g}" for value in probabilities)])

    @property
    def trouble(self) -> str:
        """Which images could not be read, in a sentence; empty if all could."""
        if not self._unreadable:
            return ""
        if self._told == 1:
            return self._unreadable[0]
        more = len(self._unreadable) - _TOLD
        named = "; ".join(self._unreadable[:_TOLD]) + (f"; and {more:,} more" if more > 0 else "")
        return f"{len(self._unreadable):,} of {self._told:,} images cannot be read: {named}"
