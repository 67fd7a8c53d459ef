"""What the import dialog shows while nothing is named: where to drop things, and what is understood."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.targets import Known

_COLUMNS = 3  # of examples


class Intro(QWidget):
    """Signals: ``chosen`` with the name that a person took from the examples."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._names: Sequence[str] = ()
        self.drop = DropField(theme)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.drop, 1)

    def show_known(self, known: Known) -> None:
        """Say what is understood; once."""
        self._column.addSpacing(GAP)
        self._column.addWidget(_heading("Files that are understood"))
        lines = WrappedLabel("\n".join(f"\N{BULLET} {line}" for line in known.formats))
        lines.setProperty("role", "muted")
        self._column.addWidget(lines)
        self._column.addSpacing(GAP)
        self._column.addWidget(_heading("Names that are understood"))
        grid = QGridLayout()
        grid.setSpacing(GAP // 2)
        self._names = [known.digits, *(f"{known.torchvision}{name}" for name in known.sets), f"{known.hub}owner/name"]
        for number, name in enumerate(self._names):
            button = named(QPushButton(name), f"data.example-{number}", f"Take {name}")
            button.setAutoDefault(False)
            button.clicked.connect(self._on_example_clicked)
            grid.addWidget(button, number // _COLUMNS, number % _COLUMNS)
        self._column.addLayout(grid)

    def _on_example_clicked(self) -> None:
        button = self.sender()
        assert isinstance(button, QPushButton)
        self.chosen.emit(button.text())


class DropField(QFrame):
    """Says that something may be dropped here; the dialog takes it wherever it falls."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._lit = theme, False
        self.setObjectName("data.import-drop")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        text = QLabel("Drop a folder, an archive or a file here", alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        text.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 3 * GAP, 2 * GAP, 3 * GAP)
        column.addWidget(text)
        theme.changed.connect(self.update)

    def light_up(self, lit: bool) -> None:
        self._lit = lit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent if self._lit else colours.line), 2, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(colours.selection if self._lit else colours.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), GAP, GAP)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label
