"""One frame of a walk large, and the means to go through them all: play, leaf, scrub.

It knows how many frames there are and which one is in view; what they are is its owner's.
"""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QImage, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.latent.filmstrip import paint_picture

LOOP, TO_AND_FRO = "loop", "to-and-fro"
SPEEDS = (2, 5, 10, 20)
"""Frames a second."""
USUAL_SPEED = 5

_LEAST_VIEW = 12 * GAP


class PictureView(QWidget):
    """One picture as large as fits; a sentence where there is none."""

    def __init__(self, theme: Theme, *, name: str, text: str) -> None:
        super().__init__()
        named(self, name, text)
        self._theme = theme
        self._image: QImage | None = None
        self._sentence = ""
        self.setMinimumSize(_LEAST_VIEW, _LEAST_VIEW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    @property
    def image(self) -> QImage | None:
        return self._image

    def show_image(self, image: QImage | None) -> None:
        """``None`` for no picture yet, or none any more."""
        self._image = image
        self.update()

    def show_sentence(self, text: str) -> None:
        """What is read while there is no picture."""
        self._sentence = text
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(2 * _LEAST_VIEW, 2 * _LEAST_VIEW)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if self._image is not None:
                paint_picture(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1), self._image, theme=self._theme)
            elif self._sentence:
                painter.setPen(QColor(self._theme.colours.muted))
                flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
                painter.drawText(self.rect().adjusted(GAP, GAP, -GAP, -GAP), flags, self._sentence)


class Player(QWidget):
    """Buttons, a slider and words; the picture is beside them, :attr:`view`.

    Space plays and pauses, the arrow keys leaf, Home and End go to the ends; an owner that gets these keys hands them
    on with :meth:`take_key`.

    Signals:
        moved: Another frame is in view, because a person went there, or it plays.

    Args:
        name: First part of the names of the widgets in it.
    """

    moved = Signal(int)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._images: tuple[QImage | None, ...] = ()
        self._position, self._backwards = -1, False
        self.view = PictureView(theme, name=f"{name}.frame", text="The frame, large")
        self.play = self._button(f"{name}.play", "start", "Play (Space)")
        self.previous = self._button(f"{name}.previous", "previous", "The frame before (Left)")
        self.next = self._button(f"{name}.next", "next", "The frame after (Right)")
        self.slider = named(QSlider(Qt.Orientation.Horizontal), f"{name}.slider", "Frame")
        self.speed = named(QComboBox(), f"{name}.speed", "Speed")
        for rate in SPEEDS:
            self.speed.addItem(f"{rate} fps", rate)
        self.speed.setToolTip("Frames a second")
        self.speed.setCurrentIndex(SPEEDS.index(USUAL_SPEED))
        self.course = named(QComboBox(), f"{name}.course", "What comes after the last frame")
        self.course.addItem("In a loop", LOOP)
        self.course.addItem("To and fro", TO_AND_FRO)
        self.course.setToolTip("What comes after the last frame. A GIF goes the same way")
        self._words = QLabel(wordWrap=True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._timer = QTimer(self)
        self._lay_out()
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.play.clicked.connect(self.toggle)
        self.previous.clicked.connect(self.step_back)
        self.next.clicked.connect(self.step_on)
        self.speed.currentIndexChanged.connect(self._on_speed_chosen)
        self._timer.timeout.connect(self._on_timer_elapsed)
        self._on_speed_chosen()
        self.set_frames(())

    def _button(self, name: str, icon: str, text: str) -> QToolButton:
        button = named(QToolButton(), name, text.split(" (")[0])
        button.setIcon(self._theme.icon(icon))
        button.setToolTip(text)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _lay_out(self) -> None:
        transport, ways = QHBoxLayout(), QHBoxLayout()
        for row in (transport, ways):
            row.setSpacing(GAP // 2)
        for button in (self.previous, self.play, self.next):
            transport.addWidget(button)
        transport.addWidget(self.slider, 1)
        ways.addWidget(self.speed, 1)
        ways.addWidget(self.course, 1)
        self._tools = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._tools.setSpacing(GAP // 2)
        self._tools.addLayout(transport, 1)
        self._tools.addLayout(ways)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self._words)
        column.addLayout(self._tools)

    # For the owner

    @property
    def position(self) -> int:
        """The frame in view; -1 where there is none."""
        return self._position

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def to_and_fro(self) -> bool:
        """Whether it goes back frame by frame after the last one."""
        return bool(self.course.currentData() == TO_AND_FRO)

    @property
    def rate(self) -> int:
        """Frames a second."""
        return int(self.speed.currentData())

    @property
    def words(self) -> str:
        """What is said of the frame in view."""
        return self._words.text()

    def set_narrow(self, narrow: bool) -> None:
        """In a narrow column, speed and course stand below the buttons."""
        directions = QBoxLayout.Direction
        self._tools.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)

    def set_words(self, text: str) -> None:
        self._words.setText(text)
        self.slider.setAccessibleDescription(text)

    def set_frames(self, images: Sequence[QImage | None]) -> None:
        """Frames to go through; where their number is the same, the one in view stays so."""
        another = len(images) != len(self._images)
        self._images = tuple(images)
        count = len(images)
        if another:
            with QSignalBlocker(self.slider):
                self.slider.setRange(0, max(0, count - 1))
                self.slider.setPageStep(max(1, count // 10))
            self._position = min(max(self._position, 0), count - 1)
        if count < 2:
            self.pause()
        for widget in (self.slider, self.play, self.previous, self.next):
            widget.setEnabled(count > 1)
        self._show()

    def go(self, position: int) -> None:
        """Bring a frame into view; no signal says so."""
        self._position = max(min(position, len(self._images) - 1), 0) if self._images else -1
        self._show()

    def toggle(self) -> None:
        """Play, or pause."""
        if self.playing:
            self.pause()
        elif len(self._images) > 1:
            if not self.to_and_fro and self._position == len(self._images) - 1:
                self._move(0)
            self._timer.start()
            self._dress_play()

    def pause(self) -> None:
        self._timer.stop()
        self._dress_play()

    def step_on(self) -> None:
        """The frame after, by hand."""
        self._by_hand(self._position + 1)

    def step_back(self) -> None:
        self._by_hand(self._position - 1)

    def take_key(self, event: QKeyEvent) -> bool:
        """Do what a key means here; returns whether it means anything."""
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._images:
            return False
        match event.key():
            case Qt.Key.Key_Space:
                self.toggle()
            case Qt.Key.Key_Left:
                self.step_back()
            case Qt.Key.Key_Right:
                self.step_on()
            case Qt.Key.Key_Home:
                self._by_hand(0)
            case Qt.Key.Key_End:
                self._by_hand(len(self._images) - 1)
            case _:
                return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.take_key(event):
            super().keyPressEvent(event)

    def _show(self) -> None:
        self.view.show_image(self._images[self._position] if self._position >= 0 else None)
        with QSignalBlocker(self.slider):
            self.slider.setValue(max(0, self._position))

    def _dress_play(self) -> None:
        text = "Pause" if self.playing else "Play"
        if text != self.play.accessibleName():
            self.play.setIcon(self._theme.icon("pause" if self.playing else "start"))
            self.play.setAccessibleName(text)
            self.play.setToolTip(f"{text} (Space)")

    def _by_hand(self, position: int) -> None:
        self.pause()
        self._move(max(0, min(position, len(self._images) - 1)))

    def _move(self, position: int) -> None:
        if position != self._position:
            self.go(position)
            self.moved.emit(self._position)

    # What happens

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pause()

    def _on_slider_moved(self, value: int) -> None:
        self._by_hand(value)

    def _on_speed_chosen(self) -> None:
        self._timer.setInterval(1000 // self.rate)

    def _on_timer_elapsed(self) -> None:
        last = len(self._images) - 1
        if self.to_and_fro:
            if self._position >= last:
                self._backwards = True
            elif self._position <= 0:
                self._backwards = False
            self._move(self._position + (-1 if self._backwards else 1))
        else:
            self._move((self._position + 1) % (last + 1))
