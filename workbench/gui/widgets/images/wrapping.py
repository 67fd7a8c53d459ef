"""Widgets side by side that share what is left of their row."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayoutItem, QSizePolicy

from workbench.gui.widgets.flow import FlowLayout


class WrapLayout(FlowLayout):
    """Fills a row with its widgets' preferred widths, then begins the next.

    What is left of a row goes to those widgets whose policy is to expand, up to their maximum widths, else to the last
    one of the row if it may grow.
    """

    def _visible(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _rows(self, width: int) -> list[list[QLayoutItem]]:
        rows: list[list[QLayoutItem]] = []
        room = -1
        for item in self._visible():
            wanted = item.sizeHint().width()
            if not rows or wanted > room:
                rows.append([])
                room = width
            rows[-1].append(item)
            room -= wanted + self.spacing()
        return rows

    def _widths(self, row: list[QLayoutItem], width: int) -> list[int]:
        widths = [min(width, item.sizeHint().width()) for item in row]
        spare = width - sum(widths) - self.spacing() * (len(row) - 1)
        growing = [place for place, item in enumerate(row) if item.expandingDirections() & Qt.Orientation.Horizontal]
        if not growing and _may_grow(row[-1]):
            growing = [len(row) - 1]
        while spare > 0 and growing:
            share = max(1, spare // len(growing))
            for place in list(growing):
                more = min(share, spare, row[place].maximumSize().width() - widths[place])
                widths[place] += more
                spare -= more
                if more < share:
                    growing.remove(place)
        return widths

    def _arrange(self, rect: QRect, *, place: bool) -> int:
        """Where everything goes; returns the height that it takes."""
        top = rect.top()
        for row in self._rows(rect.width()):
            widths = self._widths(row, rect.width())
            height = max(
                item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
                for item, width in zip(row, widths, strict=True)
            )
            left = rect.left()
            for item, width in zip(row, widths, strict=True):
                if place:
                    item.setGeometry(QRect(QPoint(left, top), QSize(width, height)))
                left += width + self.spacing()
            top += height + self.spacing()
        return max(0, top - self.spacing() - rect.top())


def _may_grow(item: QLayoutItem) -> bool:
    widget = item.widget()
    return widget is not None and bool(
        widget.sizePolicy().horizontalPolicy().value & QSizePolicy.PolicyFlag.GrowFlag.value
    )
