"""One of the three groups of a sum: what it holds, some of its images, and what their mean code looks like."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.units import items_text
from workbench.gui.widgets.latent.arithmetic_filling import OTHERS, PICKED
from workbench.gui.widgets.latent.arithmetic_model import SHOWN
from workbench.gui.widgets.latent.arithmetic_pictures import ItemPictures
from workbench.gui.widgets.latent.player import PictureView
from workbench.gui.widgets.latent.waypoints_picker import MIME, items_of

_SMALL = 4 * GAP
_MEAN = 9 * GAP


class GroupCard(QFrame):
    """Signals:
    filled: Ids of the items that were dropped.
    class_wanted: All items of this class are to be the group.
    cleared: The group is to hold nothing.

    Args:
        letter: ``"a"``, ``"b"`` or ``"c"``.
        title, about: What the group is, in a few words, and in a sentence.
    """

    filled = Signal(object)
    class_wanted = Signal(int)
    cleared = Signal()

    def __init__(self, thumbnails: Thumbnailer, theme: Theme, *, letter: str, title: str, about: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self.letter = letter
        self.setAcceptDrops(True)
        self.setToolTip(about)
        name = f"latent.group-{letter}"
        named(self, name, f"Group {letter.upper()}")
        heading = QLabel(f"{letter.upper()}  {title}")
        heading.setProperty("role", "heading")
        heading.setToolTip(about)
        self._clear = named(QToolButton(), f"{name}-clear", f"Empty group {letter.upper()}")
        self._clear.setIcon(theme.icon("close"))
        self._clear.setAutoRaise(True)
        self._clear.setToolTip(f"Empty group {letter.upper()}")
        self.choice = named(QComboBox(), f"{name}-class", f"What group {letter.upper()} holds")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(5)
        self.choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.mean = PictureView(theme, name=f"{name}-mean", text=f"Decoded mean of group {letter.upper()}")
        self.mean.setFixedSize(_MEAN, _MEAN)
        self.pictures = ItemPictures(
            thumbnails, theme, name=f"{name}-images", text=f"Some images of group {letter.upper()}", side=_SMALL,
            most=SHOWN,
        )  # fmt: skip
        self._count = QLabel(wordWrap=True)
        self._count.setProperty("role", "muted")
        self._lay_out(heading)
        self.choice.activated.connect(self._on_choice_made)
        self._clear.clicked.connect(self.cleared)
        self.set_classes(())
        self.show_group((), (), total=0, picture=None)

    def _lay_out(self, heading: QLabel) -> None:
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(heading)
        top.addWidget(self.choice, 1)
        top.addWidget(self._clear)
        beside = QVBoxLayout()
        beside.setSpacing(GAP // 2)
        beside.addWidget(self._count)
        beside.addWidget(self.pictures)
        beside.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(GAP)
        body.addWidget(self.mean, 0, Qt.AlignmentFlag.AlignTop)
        body.addLayout(beside, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP // 2, GAP // 2, GAP)
        column.setSpacing(GAP // 2)
        column.addLayout(top)
        column.addLayout(body)

    # For the owner

    def set_classes(self, classes: Sequence[str]) -> None:
        """Offer these."""
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItem("Picked", PICKED)
            for label, name in enumerate(classes):
                self.choice.addItem(f"All of {name}", label)

    def show_choice(self, label: int, *, others_of: str = "") -> None:
        """Say what the group is: a class, :data:`PICKED`, or :data:`OTHERS` (all but ``others_of``)."""
        with QSignalBlocker(self.choice):
            row = self.choice.findData(OTHERS)
            if row >= 0:
                self.choice.removeItem(row)
            if label == OTHERS:
                self.choice.addItem(f"All but {others_of}", OTHERS)
            self.choice.setCurrentIndex(max(0, self.choice.findData(label)))

    def show_group(self, items: Sequence[int], words: Sequence[str], *, total: int, picture: QImage | None) -> None:
        """Show some of the items, how many there are in all, and the picture of their mean."""
        self.pictures.set_items(items, words)
        self._count.setText(
            items_text(total) if total else f"Drop images here, or select some and press {self.letter.upper()}"
        )
        self._clear.setEnabled(total > 0)
        self.mean.show_sentence("" if total else "?")
        self.mean.show_image(picture)

    @property
    def count_text(self) -> str:
        return self._count.text()

    # What a person does

    def _on_choice_made(self) -> None:
        label = self.choice.currentData()
        if label is not None and int(label) >= 0:
            self.class_wanted.emit(int(label))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if items := items_of(event.mimeData()):
            event.acceptProposedAction()
            self.filled.emit(tuple(items))
