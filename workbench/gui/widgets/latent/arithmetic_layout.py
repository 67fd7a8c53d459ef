"""What the Arithmetic page is made of and where it stands; what it does is :mod:`.arithmetic`'s."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.models.latent import GROUPS, LatentModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.inspect.message import Message
from workbench.gui.widgets.latent.arithmetic_group import GroupCard
from workbench.gui.widgets.latent.arithmetic_model import LEAST, MOST, SHOWN, ArithmeticModel
from workbench.gui.widgets.latent.arithmetic_pictures import ItemPictures
from workbench.gui.widgets.latent.filmstrip import Filmstrip
from workbench.gui.widgets.latent.player import PictureView
from workbench.gui.widgets.latent.waypoints_picker import ItemPicker

TICK = 20  # of the slider, to 1 of the strength
TITLES = {"a": "have it", "b": "have it not", "c": "get it"}
_ABOUT = {
    "a": "Images that have what you are after",
    "b": "Images like those in A, but without it",
    "c": "Images, or one, that the difference is added to",
}
_SHARES = (2, 5)  # of the width, for the sum and for what explains it
_SMALL, LARGE = 7 * GAP, 14 * GAP
_READABLE = 64  # characters in a line that is easy to read


class ArithmeticLayout(QWidget):
    """The widgets of the page: a picker of images, three groups, and the sum with its strength."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__()
        self.sums = ArithmeticModel(model, self)
        cache = ThumbnailCache(model.workspace.preferences.cache / "thumbnails")
        self.thumbnails = Thumbnailer(model.workspace.jobs, cache=cache, parent=self)
        self.thumbnails.set_limit(model.workspace.preferences.limit_pixels)
        self.picker = ItemPicker(model, theme, name="latent.sum-pick")
        self.first = self.picker.gallery
        self.groups = {
            letter: GroupCard(self.thumbnails, theme, letter=letter, title=TITLES[letter], about=_ABOUT[letter])
            for letter in GROUPS
        }
        self.result = PictureView(theme, name="latent.sum-result", text="The sum, decoded")
        self.strip = Filmstrip(theme, name="latent.sum-strip", text="The sum at several strengths", flexible=True)
        self.near = ItemPictures(
            self.thumbnails, theme, name="latent.sum-near", text="Real images nearest to the sum", side=_SMALL,
            most=SHOWN, largest=LARGE,
        )  # fmt: skip
        self.message = WrappedLabel()
        self.message.setObjectName("latent.sum-empty")
        self.message.setProperty("role", "muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setFixedWidth(self.fontMetrics().averageCharWidth() * _READABLE)
        self._build_tools()
        self._lay_out()

    def _build_tools(self) -> None:
        self.direction = named(QComboBox(), "latent.direction", "Direction")
        self.direction.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.direction.setToolTip(
            "A class as direction is the mean code of its images minus that of all others: it fills A and B"
        )
        self.example = named(QPushButton("Try an example"), "latent.sum-example", "Fill the groups with an example")
        self.example.setProperty("primary", True)
        self.to_group = {
            letter: named(QPushButton(letter.upper()), f"latent.sum-to-{letter}",
                          f"Put the selected images into {letter.upper()}")
            for letter in GROUPS
        }  # fmt: skip
        for letter, button in self.to_group.items():
            button.setToolTip(f"Put the selected images into {letter.upper()}: {_ABOUT[letter]} ({letter.upper()})")
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "latent.strength", "Strength")
        self.slider.setRange(round(LEAST * TICK), round(MOST * TICK))
        self.slider.setValue(round(self.sums.strength * TICK))
        self.slider.setPageStep(TICK // 2)
        self.slider.setTickInterval(TICK)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.number = named(QDoubleSpinBox(), "latent.strength-number", "Strength as a number")
        self.number.setRange(LEAST, MOST)
        self.number.setSingleStep(0.1)
        self.number.setValue(self.sums.strength)
        self._formula = QLabel("C + t (A \N{MINUS SIGN} B)")
        self._formula.setProperty("role", "heading")
        self._words = QLabel(wordWrap=True)
        self._words.setProperty("role", "muted")

    def _lay_out(self) -> None:
        put = QHBoxLayout()
        put.setSpacing(GAP // 2)
        put.addWidget(QLabel("Put selected into"))
        for button in self.to_group.values():
            button.setMaximumWidth(6 * GAP)
            put.addWidget(button)
        put.addStretch(1)
        self.picker.buttons.addLayout(put)
        bar = QHBoxLayout()
        bar.setSpacing(GAP)
        label = QLabel("Direction")
        label.setBuddy(self.direction)
        bar.addWidget(label)
        bar.addWidget(self.direction)
        bar.addStretch(1)
        cards = QHBoxLayout()
        cards.setSpacing(GAP // 2)
        for letter, sign in zip(GROUPS, ("", "\N{MINUS SIGN}", "+"), strict=True):
            if sign:
                operator = QLabel(sign)
                operator.setProperty("role", "title")
                cards.addWidget(operator)
            cards.addWidget(self.groups[letter], 1)
        self.sum = QWidget()
        column = QVBoxLayout(self.sum)
        column.setContentsMargins(GAP // 2, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(bar)
        column.addLayout(cards)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty_page())
        self._pages.addWidget(self._result_page())
        column.addWidget(self._pages, 1)
        self._all = QStackedWidget()
        self._all.addWidget(self.sum)
        self._none = Message(name="latent.sum-none")
        self._all.addWidget(self._none)
        self.beside = QSplitter(Qt.Orientation.Horizontal)
        self.beside.setChildrenCollapsible(False)
        self.beside.addWidget(self.picker)
        self.beside.addWidget(self._all)
        self.beside.setStretchFactor(0, 1)
        self.beside.setStretchFactor(1, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.beside)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self.message, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(GAP)
        column.addWidget(self.example, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        return page

    def _result_page(self) -> QWidget:
        strength = QHBoxLayout()
        strength.setSpacing(GAP)
        strength.addWidget(self._formula)
        strength.addWidget(self.slider, 1)
        strength.addWidget(self.number)
        near = QLabel("Nearest real images, by their codes")
        near.setProperty("role", "muted")
        said = QWidget()
        column = QVBoxLayout(said)
        column.setContentsMargins(GAP, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addLayout(strength)
        column.addWidget(self._words)
        column.addSpacing(GAP)
        column.addWidget(near)
        column.addWidget(self.near, 1)
        column.addStretch(1)
        large = QSplitter(Qt.Orientation.Horizontal)
        large.setChildrenCollapsible(False)
        large.addWidget(self.result)
        large.addWidget(said)
        for place, share in enumerate(_SHARES):
            large.setStretchFactor(place, share)
        large.setSizes([100 * share for share in _SHARES])
        page = QWidget()
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addWidget(large, 3)
        whole.addWidget(self.strip, 1)
        return page
