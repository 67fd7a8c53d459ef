"""One item of a gallery, large, with what is known of it; lies beside the gallery while a person looks closer."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Jobs
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnails import Images
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.set_list import DOT
from workbench.gui.widgets.images.view import ImageView, Picture, decode_large


class ImageInspector(QWidget):
    """The image, its name and facts, and the zoom.

    Signals:
        closed: The person is done with it.
        stepped: -1 or 1: the item before or after is wanted.
    """

    closed = Signal()
    stepped = Signal(int)

    def __init__(self, jobs: Jobs, theme: Theme, *, panel: str = "data") -> None:
        super().__init__()
        self._jobs, self._theme, self._panel = jobs, theme, panel
        self._job: Job | None = None
        self._known = ""
        self.item = -1
        self.view = ImageView(theme, name=f"{panel}.large")
        self._name = ElidedLabel()
        self._name.setProperty("role", "heading")
        self._facts = QLabel(wordWrap=True)
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        self._facts.setProperty("role", "muted")
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._zoom = QLabel()
        self._zoom.setProperty("role", "muted")
        head = QHBoxLayout()
        head.setSpacing(GAP // 2)
        head.addWidget(self._name, 1)
        head.addWidget(self._button("close", "close", "Close the large view (Esc)", self.closed))
        tools = QHBoxLayout()
        tools.setSpacing(GAP // 2)
        tools.addWidget(self._button("previous", "chevron-left", "The item before", self._on_previous_clicked))
        tools.addWidget(self._button("next", "chevron-right", "The item after", self._on_next_clicked))
        tools.addStretch(1)
        tools.addWidget(self._zoom)
        tools.addWidget(self._button("zoom-out", "minus", "Smaller (-)", self._on_smaller_clicked))
        tools.addWidget(self._button("zoom-in", "plus", "Larger (+)", self._on_larger_clicked))
        tools.addWidget(self._button("zoom-fit", "zoom-fit", "Fit to the space (0)", self.view.fit))
        one = self._button("zoom-one", "", "One image pixel for one screen pixel (1)", self._on_one_clicked)
        one.setText("1:1")
        tools.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        column.addLayout(tools)
        column.addWidget(self._facts)
        self.view.zoom_changed.connect(self._on_zoom_changed)

    def _button(self, thing: str, icon: str, text: str, slot: object) -> QToolButton:
        button = named(QToolButton(), f"{self._panel}.{thing}", text.split(" (")[0])
        button.setToolTip(text)
        button.setAutoRaise(True)
        if icon:
            button.setIcon(self._theme.icon(icon))
        button.clicked.connect(slot)
        return button

    def show_item(self, images: Images, item: int, *, class_name: str, split: str) -> None:
        """Show an item; one that was asked for before and is not there yet is dropped."""
        if item == self.item:
            return
        self.release()
        self.item = item
        self._name.show_text(images.name(item))
        self._known = f"Class {class_name}{DOT}{split}"
        self._facts.setText(self._known)
        if not self.view.has_image:
            self.view.show_sentence("Reading the image")
        self._job = self._jobs.start(decode_large(images, item), title="Reading an image", quiet=True)
        self._job.ended.connect(self._on_job_ended)

    def release(self) -> None:
        """Show nothing and wait for nothing."""
        if self._job:
            self._job.stop()
            self._job = None
        self.item = -1

    def clear(self) -> None:
        self.release()
        self.view.show_sentence("")

    @property
    def facts(self) -> str:
        """What stands below the image."""
        return self._facts.text()

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            picture: Picture = ending.result
            self.view.show_picture(picture)
            whole = picture.levels[0]
            size = f"{whole.width():,} \N{MULTIPLICATION SIGN} {whole.height():,} pixels"
            kilobytes = f"{max(1, round(picture.file_bytes / 1000)):,} kB"
            self._facts.setText(f"{self._known}\n{size}{DOT}{picture.format or 'unknown format'}{DOT}{kilobytes}")
        elif ending.state == FAILED:
            words = (
                str(ending.error) if isinstance(ending.error, UserError) else f"A bug in the workbench: {ending.error}"
            )
            self.view.show_sentence(words)
            self._facts.setText(f"{self._known}\nUnreadable")

    def _on_zoom_changed(self) -> None:
        self._zoom.setText(f"{self.view.zoom * 100:,.0f} %" if self.view.has_image else "")

    def _on_previous_clicked(self) -> None:
        self.stepped.emit(-1)

    def _on_next_clicked(self) -> None:
        self.stepped.emit(1)

    def _on_smaller_clicked(self) -> None:
        self.view.zoom_by(-1)

    def _on_larger_clicked(self) -> None:
        self.view.zoom_by(1)

    def _on_one_clicked(self) -> None:
        self.view.set_zoom(1.0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape:
                self.closed.emit()
            case Qt.Key.Key_Left | Qt.Key.Key_Up | Qt.Key.Key_PageUp:
                self.stepped.emit(-1)
            case Qt.Key.Key_Right | Qt.Key.Key_Down | Qt.Key.Key_PageDown:
                self.stepped.emit(1)
            case _:
                super().keyPressEvent(event)
