"""A choice of colours that colour-blind eyes tell apart, and any other."""

from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QColorDialog, QFrame, QGridLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import DARK, GAP, ICON, LIGHT

_COLUMNS = 5


class ColourChoice(QFrame):
    """Signals:
    chosen: The colour, ``"#rrggbb"``.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("card", True)
        self._before = QColor()
        title = QLabel("Easy to tell apart")
        title.setProperty("role", "muted")
        grid = QGridLayout()
        grid.setSpacing(GAP // 2)
        # Both themes' colours: masks are drawn over photographs, not on the window.
        for place, colour in enumerate(dict.fromkeys((*LIGHT.series, *DARK.series))):
            button = named(QToolButton(), f"data.colour-{colour[1:]}", f"Colour {colour}")
            pixmap = QPixmap(QSize(ICON, ICON))
            pixmap.fill(QColor(colour))
            button.setIcon(QIcon(pixmap))
            button.setToolTip(colour)
            button.clicked.connect(partial(self._on_colour_clicked, colour))
            grid.addWidget(button, *divmod(place, _COLUMNS))
        other = named(QPushButton("Another\N{HORIZONTAL ELLIPSIS}"), "data.colour-other", "Choose any colour")
        other.clicked.connect(self._on_other_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(title)
        column.addLayout(grid)
        column.addWidget(other)

    def ask(self, colour: str, *, at: QPoint) -> None:
        """Offer colours instead of ``colour``, with the corner at a place of the screen."""
        self._before = QColor(colour)
        self.adjustSize()
        room = self.screen().availableGeometry()
        self.move(min(at.x(), room.right() - self.width()), min(at.y(), room.bottom() - self.height()))
        self.show()

    def _on_colour_clicked(self, colour: str) -> None:
        self.hide()
        self.chosen.emit(colour)

    def _on_other_clicked(self) -> None:
        self.hide()
        dialog = QColorDialog(self._before, self.parentWidget())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._on_other_selected)
        dialog.open()

    def _on_other_selected(self, colour: QColor) -> None:
        self.chosen.emit(colour.name())
