"""What a threshold does to each set of items, as bars with sentences. Painted by itself, so that it follows a hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.models.knownness import KNOWN, Sample
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import SHARE

_BAR = 8.0  # logical pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What becomes of one set: a title, how many of how many are accepted, and that in words."""

    title: str
    accepted: int
    total: int
    words: tuple[str, ...]


def effect_of(one: Sample, threshold: float) -> Effect:
    """What ``threshold`` does to a set."""
    rejected, total = one.rejected(threshold), len(one)
    accepted = total - rejected
    if one.name != KNOWN:
        caught = f"{rejected:,} of {total:,} rejected{_share(rejected, total)}, {accepted:,} taken for a class"
        return Effect(title=f"Unknown: {one.name}", accepted=accepted, total=total, words=(caught,))
    right, all_right = one.right_accepted(threshold), int(one.right_before[-1])
    first = f"{accepted:,} of {total:,} accepted{_share(accepted, total)}, {rejected:,} rejected"
    of_all = f"of all {SHARE.text(all_right / total)}" if total else "no items"
    of_accepted = f"of the accepted {SHARE.text(right / accepted)}, " if accepted else ""
    words = (first, f"Right: {of_accepted}{of_all}")
    return Effect(title="Known", accepted=accepted, total=total, words=words)


def _share(part: int, total: int) -> str:
    return f" ({SHARE.text(part / total)})" if total else ""


class VerdictView(QWidget):
    """One block a set."""

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "What the threshold accepts and rejects")
        self._theme = theme
        self._effects: tuple[Effect, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        theme.changed.connect(self.update)

    def show_effects(self, effects: Sequence[Effect]) -> None:
        blocks = [(effect.title, len(effect.words)) for effect in self._effects]
        self._effects = tuple(effects)
        if blocks != [(effect.title, len(effect.words)) for effect in self._effects]:
            self.setMinimumHeight(self.sizeHint().height())
            self.updateGeometry()
        self.update()

    @property
    def sentences(self) -> list[str]:
        """All that is said, a sentence a set."""
        return [f"{effect.title}: {'. '.join(effect.words)}." for effect in self._effects]

    def tell(self) -> None:
        """Have screen readers know what is seen now."""
        self.setAccessibleDescription(" ".join(self.sentences))

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        lines = sum(1 + len(effect.words) for effect in self._effects)
        height = lines * metrics.height() + len(self._effects) * (_BAR + 2 * GAP)
        return QSize(44 * metrics.averageCharWidth(), round(height))

    def minimumSizeHint(self) -> QSize:
        return QSize(30 * self.fontMetrics().averageCharWidth(), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, metrics = self._theme.colours, QFontMetricsF(self.font())
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        y, line, wide = 0.0, metrics.height(), float(self.width())
        elide = Qt.TextElideMode.ElideMiddle
        for effect in self._effects:
            painter.setFont(bold)
            painter.setPen(QColor(colours.text))
            title = QFontMetricsF(bold).elidedText(effect.title, elide, wide)
            painter.drawText(QRectF(0, y, wide, line), Qt.AlignmentFlag.AlignLeft, title)
            y += line + GAP / 4
            self._paint_bar(painter, QRectF(0.5, y + 0.5, wide - 1, _BAR), effect)
            y += _BAR + GAP / 2
            painter.setFont(self.font())
            for words in effect.words:
                painter.setPen(QColor(colours.text if words is effect.words[0] else colours.muted))
                text = metrics.elidedText(words, elide, wide)
                painter.drawText(QRectF(0, y, wide, line), Qt.AlignmentFlag.AlignLeft, text)
                y += line
            y += GAP

    def _paint_bar(self, painter: QPainter, room: QRectF, effect: Effect) -> None:
        """What is rejected at the left, as in the histogram, hatched; what is accepted filled."""
        colours = self._theme.colours
        share = (effect.total - effect.accepted) / effect.total if effect.total else 0.0
        cut = room.left() + share * room.width()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRect(room)
        if effect.total:
            painter.setBrush(QColor(colours.accent))
            painter.drawRect(QRectF(cut, room.top(), room.right() - cut, room.height()))
            painter.setPen(QPen(QColor(colours.text), 2))
            painter.drawLine(QPointF(cut, room.top() - 2), QPointF(cut, room.bottom() + 2))
