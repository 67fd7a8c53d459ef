"""How an item is painted with what it is taken for: the picture, then a sign, the class and its probability.

A tick, a cross or a question mark says whether that is right; the colour only repeats it.
"""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem

from workbench.gui.models.inspected_items import Answer, InspectedModel, Verdict
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.tile import TileDelegate
from workbench.gui.widgets.prediction_grid import share_text

NO_LABEL_TEXT = "no label"
_WIDEST = ">99 %"  # of what share_text() writes
_SIGN = 0.8  # its side, in line heights
_STROKES = {  # in a unit square
    Verdict.RIGHT: (((0.14, 0.54), (0.40, 0.80), (0.86, 0.22)),),
    Verdict.WRONG: (((0.2, 0.2), (0.8, 0.8)), ((0.8, 0.2), (0.2, 0.8))),
}
# Put together once: Python takes microseconds for each of these, and a full window has hundreds of tiles.
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine)


class InspectedTileDelegate(TileDelegate):
    """Paints the tiles of a view of an :class:`InspectedModel`."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        model, side, row = index.model(), self._tile, index.row()
        assert isinstance(model, InspectedModel)
        tile, answer = model.tile(row), model.answer(row)
        painter.save()
        self._paint_background(painter, rect.adjusted(1, 1, -1, -1), option.state)
        square = QRect(rect.left() + (rect.width() - side) // 2, rect.top() + GAP // 2 + 2, side, side)
        if tile.error:
            self._paint_unreadable(painter, square)
        else:
            self._paint_picture(painter, square, tile)
        top = square.bottom() + 1 + GAP // 2
        line = QRect(square.left(), top, square.width(), self._line_height())
        self._paint_prediction(painter, line, answer)
        if side >= self._two_lines():
            self._paint_truth(painter, line.translated(0, line.height()), answer, tile.name)
        painter.restore()

    def _paint_prediction(self, painter: QPainter, line: QRect, answer: Answer) -> None:
        metrics, colours = painter.fontMetrics(), self._theme.colours
        side = _SIGN * line.height()
        paint_verdict(
            painter,
            QRectF(line.left(), line.center().y() + 1 - side / 2, side, side),
            answer.verdict,
            theme=self._theme,
        )
        rest = line.adjusted(round(side) + GAP // 2, 0, 0, 0)
        if self._tile >= self._two_lines():
            painter.setPen(QColor(colours.muted))
            painter.drawText(rest, _RIGHT, share_text(answer.share))
            rest.setRight(rest.right() - metrics.horizontalAdvance(_WIDEST) - GAP // 2)
        painter.setPen(QColor(colours.text))
        painter.drawText(rest, _LEFT, metrics.elidedText(answer.predicted, Qt.TextElideMode.ElideRight, rest.width()))

    def _paint_truth(self, painter: QPainter, line: QRect, answer: Answer, name: str) -> None:
        """What it is where the prediction is wrong, else the name."""
        metrics, colours = painter.fontMetrics(), self._theme.colours
        wrong = answer.verdict is Verdict.WRONG
        painter.setPen(QColor(colours.bad if wrong else colours.muted))
        if wrong:
            text = metrics.elidedText(f"is {answer.truth}", Qt.TextElideMode.ElideRight, line.width())
        else:
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, _LEFT, text)


def paint_verdict(painter: QPainter, rect: QRectF, verdict: Verdict, *, theme: Theme) -> None:
    """A tick, a cross, or a question mark where nobody knows; bolder than an icon, to be told apart in passing."""
    colours, cap = theme.colours, Qt.PenCapStyle.RoundCap
    strokes = _STROKES.get(verdict)
    if strokes is None:
        painter.setPen(QColor(colours.muted))
        painter.drawText(rect, _CENTRE, "?")
        return
    ink = QColor(colours.good if verdict is Verdict.RIGHT else colours.bad)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, rect.width() / 7, Qt.PenStyle.SolidLine, cap, Qt.PenJoinStyle.RoundJoin))
    for stroke in strokes:
        painter.drawPolyline([QPointF(rect.x() + x * rect.width(), rect.y() + y * rect.height()) for x, y in stroke])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
