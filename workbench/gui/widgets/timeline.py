"""A slider over things that were made one after another, and may still be: leaf, play, follow the newest.

It knows how many there are and which one is wanted. What they are, and what stands beside the buttons, is its owner's.
"""

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractSlider,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

PLAY_MILLISECONDS = 160

_GROOVE = GAP // 2
_HANDLE = 2 * GAP - 2
_LEAST_TICKS_APART = 5  # logical pixels; closer ones would be a grey line
_TICK_STEPS = (1, 2, 5)


class Timeline(QWidget):
    """Positions from 0, the newest last.

    While "Latest" is on, the newest is in view, whatever comes. Going to another one switches it off; the End key and
    the button switch it on again.

    Signals:
        moved: The position is different, or may be: a person went there, or it plays. Not by :meth:`set_count`.

    Args:
        name: First part of the names of the widgets in it.
        what: One of the things, in a word: ``"preview"``.
    """

    moved = Signal(int)

    def __init__(self, theme: Theme, *, name: str, what: str) -> None:
        super().__init__()
        self._theme = theme
        self._count = 0
        self.slider = named(_Track(theme), f"{name}.slider", what.capitalize())
        self.previous = self._button(f"{name}.previous", "previous", f"The {what} before")
        self.play = self._button(f"{name}.play", "start", "Play")
        self.next = self._button(f"{name}.next", "next", f"The {what} after")
        self.latest = self._button(f"{name}.latest", "skip", f"Stay at the newest {what} (End)")
        self.latest.setText("Latest")
        self.latest.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.latest.setCheckable(True)
        self.latest.setChecked(True)
        self._words = QLabel(wordWrap=True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._timer = QTimer(self, interval=PLAY_MILLISECONDS)
        self._lay_out()
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.slider.actionTriggered.connect(self._on_slider_action)
        self.previous.clicked.connect(self._on_previous_clicked)
        self.play.clicked.connect(self._on_play_clicked)
        self.next.clicked.connect(self._on_next_clicked)
        self.latest.toggled.connect(self._on_latest_toggled)
        self._timer.timeout.connect(self._on_timer_elapsed)
        self.set_count(0)

    def _button(self, name: str, icon: str, text: str) -> QToolButton:
        button = named(QToolButton(), name, text.split(" (")[0])
        button.setIcon(self._theme.icon(icon))
        button.setToolTip(text)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GAP // 2)
        for button in (self.previous, self.play, self.next):
            row.addWidget(button)
        row.addSpacing(GAP // 2)
        row.addWidget(self._words, 1)
        row.addWidget(self.latest)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self.slider)
        column.addLayout(row)

    # For the owner

    @property
    def position(self) -> int:
        """Which one is wanted; -1 where there is none."""
        return self.slider.value() if self._count else -1

    @property
    def following(self) -> bool:
        """Whether the newest stays in view."""
        return self.latest.isChecked()

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def words(self) -> str:
        """What stands beside the buttons."""
        return self._words.text()

    def set_words(self, text: str) -> None:
        self._words.setText(text)
        self.slider.setAccessibleDescription(text)

    def set_count(self, count: int, *, position: int = 0) -> None:
        """There are ``count`` of them now; go to ``position``, or to the newest while following."""
        self._count = count
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setPageStep(max(1, count // 10))
            self.slider.setValue(count - 1 if self.following else position)
        if count < 2:
            self.pause()
        self._enable()

    def go(self, position: int) -> None:
        """Show ``position``, or the nearest there is. One that is not the newest ends the following."""
        position = max(0, min(self._count - 1, position))
        with QSignalBlocker(self.slider), QSignalBlocker(self.latest):
            self.slider.setValue(position)
            if position < self._count - 1:
                self.latest.setChecked(False)
        self._enable()
        self.moved.emit(self.position)

    def follow(self) -> None:
        """Go to the newest and stay with it."""
        self.pause()
        with QSignalBlocker(self.latest):
            self.latest.setChecked(True)
        self.go(self._count - 1)

    def pause(self) -> None:
        """Play no longer."""
        self._timer.stop()
        self._dress_play()

    def _enable(self) -> None:
        newest = self._count - 1
        self.slider.setEnabled(newest > 0)
        self.play.setEnabled(newest > 0)
        self.previous.setEnabled(self.position > 0)
        self.next.setEnabled(self.position < newest)

    def _dress_play(self) -> None:
        text = "Pause" if self.playing else "Play"
        if text != self.play.accessibleName():
            self.play.setIcon(self._theme.icon("pause" if self.playing else "start"))
            self.play.setAccessibleName(text)
            self.play.setToolTip(text)

    # What a person does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_End:
            self.follow()
        elif event.key() == Qt.Key.Key_Home:
            self._on_slider_moved(0)
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pause()

    def _on_slider_moved(self, value: int) -> None:
        self.pause()
        self.go(value)

    def _on_slider_action(self, action: int) -> None:
        if action == QAbstractSlider.SliderAction.SliderToMaximum.value:  # the End key
            self.follow()

    def _on_previous_clicked(self) -> None:
        self._on_slider_moved(self.position - 1)

    def _on_next_clicked(self) -> None:
        self._on_slider_moved(self.position + 1)

    def _on_latest_toggled(self, on: bool) -> None:
        if on:
            self.follow()

    def _on_play_clicked(self) -> None:
        if self.playing:
            self.pause()
            return
        if self.position == self._count - 1:
            self.go(0)
        self._timer.start()
        self._dress_play()

    def _on_timer_elapsed(self) -> None:
        self.go(self.position + 1)
        if self.position == self._count - 1:
            self.pause()


class _Track(QSlider):
    """A slider that jumps to where it is clicked and marks every position, as far as they can be told apart."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), 3 * GAP)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        handle = self._handle()
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(event.position()):
            first, last = self._place(self.minimum()), self._place(self.maximum())
            share = (event.position().x() - first) / max(1.0, last - first)
            self.setValue(self.minimum() + round(share * (self.maximum() - self.minimum())))
        super().mousePressEvent(event)  # which finds the handle under the pointer, so that it can be dragged on

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, middle = self._theme.colours, self.height() / 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, last = self._place(self.minimum()), self._place(self.maximum())
        painter.setPen(QPen(QColor(colours.muted), 1))
        top = middle + _HANDLE / 2 + 1
        for value in range(self.minimum(), self.maximum() + 1, self._ticks_apart(last - first)):
            x = int(self._place(value)) + 0.5
            painter.drawLine(QPointF(x, top), QPointF(x, top + _GROOVE - 1))
        painter.setPen(Qt.PenStyle.NoPen)
        handle = self._handle().center().x()
        groove = QRectF(first, middle - _GROOVE / 2, last - first, _GROOVE)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(groove, _GROOVE / 2, _GROOVE / 2)
        ink = QColor(colours.accent if self.isEnabled() else colours.muted)
        painter.setBrush(ink)
        painter.drawRoundedRect(QRectF(first, groove.top(), handle - first, _GROOVE), _GROOVE / 2, _GROOVE / 2)
        painter.drawEllipse(QPointF(handle, middle), _HANDLE / 2, _HANDLE / 2)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.surface), 2))
            painter.drawEllipse(QPointF(handle, middle), _HANDLE / 2 - 2, _HANDLE / 2 - 2)

    def _ticks_apart(self, width: float) -> int:
        """Positions from one tick to the next."""
        positions = max(1, self.maximum() - self.minimum())
        power = 1
        while True:
            for step in _TICK_STEPS:
                if width * step * power / positions >= _LEAST_TICKS_APART or step * power >= positions:
                    return step * power
            power *= 10

    def _handle(self) -> QRectF:
        """Around the handle as the style places it; the mouse is compared with that."""
        return self._handle_at(self.sliderPosition())

    def _handle_at(self, position: int) -> QRectF:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        option.sliderPosition = position
        part = QStyle.SubControl.SC_SliderHandle
        return QRectF(self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self))

    def _place(self, position: int) -> float:
        """Logical pixels from the left to the middle of the handle at ``position``."""
        return self._handle_at(position).center().x()
