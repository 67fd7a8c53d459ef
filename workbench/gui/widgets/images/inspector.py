"""One item of a gallery, large, with what is known of it; lies beside the gallery while a person looks closer."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Jobs
from workbench.gui.models.catalogue import NO_SPLIT_TEXT, Catalogue
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.legend import MaskLegend
from workbench.gui.widgets.images.picture import Picture, decode_large
from workbench.gui.widgets.images.set_list import DOT
from workbench.gui.widgets.images.view import ImageView

if TYPE_CHECKING:
    from workbench.engine.data.preview import Whole

_LEGEND = 0.24  # of the height at most; the image is what a person came for


class ImageInspector(QWidget):
    """The image, its mask with a legend, its name and facts, the pixel under the mouse, and the zoom.

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
        self._picture: Picture | None = None
        self._catalogue: Catalogue | None = None
        self._opacity, self._limit_pixels = 0.0, 0
        self.item = -1
        self.view = ImageView(theme, name=f"{panel}.large")
        self._name = ElidedLabel()
        self._name.setProperty("role", "heading")
        self._facts = QLabel(wordWrap=True)
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        self._facts.setProperty("role", "muted")
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._pixel = ElidedLabel()
        self._pixel.setProperty("role", "muted")
        named(self._pixel, f"{panel}.pixel", "The pixel under the mouse")
        self.legend = MaskLegend(theme, name=f"{panel}.legend")
        self.legend.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.legend.hide()
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
        column.addWidget(self._pixel)
        column.addWidget(self.legend)
        column.addWidget(self._facts)
        self.view.zoom_changed.connect(self._on_zoom_changed)
        self.view.pointed.connect(self._on_view_pointed)
        self.legend.changed.connect(self._draw_mask)

    def _button(self, thing: str, icon: str, text: str, slot: object) -> QToolButton:
        button = named(QToolButton(), f"{self._panel}.{thing}", text.split(" (")[0])
        button.setToolTip(text)
        button.setAutoRaise(True)
        if icon:
            button.setIcon(self._theme.icon(icon))
        button.clicked.connect(slot)
        return button

    def show_item(self, catalogue: Catalogue, item: int, *, class_name: str) -> None:
        """Show an item; one that was asked for before and is not there yet is dropped.

        Args:
            class_name: In words; empty where the items have no classes of their own.
        """
        same = item == self.item and self._catalogue is not None and catalogue.images is self._catalogue.images
        self._catalogue = catalogue
        self._known = _known(catalogue, item, class_name)
        if same:
            self._tell()
            self._draw_mask()
            return
        self.release()
        self.item = item
        self._name.show_text(catalogue.names[item])
        self._tell()
        if not self.view.has_image:
            self.view.show_sentence("Reading the image")
        work = decode_large(catalogue.images, item, palette=catalogue.palette, limit_pixels=self._limit_pixels)
        self._job = self._jobs.start(work, title="Reading an image", quiet=True)
        self._job.ended.connect(self._on_job_ended)

    def show_masks(self, opacity: float) -> None:
        """How strongly masks are drawn, 0..1."""
        self._opacity = opacity
        self._draw_mask()

    def set_limit(self, pixels: int) -> None:
        """Decode no image of more pixels than that from now on."""
        self._limit_pixels = pixels

    def release(self) -> None:
        """Show nothing and wait for nothing."""
        if self._job:
            self._job.stop()
            self._job = None
        self.item, self._picture = -1, None
        self._pixel.show_text("")

    def clear(self) -> None:
        self.release()
        self._catalogue = None
        self.legend.hide()
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
            self._picture = ending.result
            self._draw_mask()
            self.view.show_picture(ending.result)
            self._tell()
        elif ending.state == FAILED:
            words = (
                str(ending.error) if isinstance(ending.error, UserError) else f"A bug in the workbench: {ending.error}"
            )
            self.legend.hide()
            self.view.show_sentence(words)
            self._facts.setText(f"{self._known}\nUnreadable")

    def _tell(self) -> None:
        lines = [self._known]
        if picture := self._picture:
            whole = picture.levels[0]
            size = f"{whole.width():,} \N{MULTIPLICATION SIGN} {whole.height():,} pixels"
            kilobytes = f"{max(1, round(picture.file_bytes / 1000)):,} kB"
            mode = [picture.whole.mode] if picture.whole else []
            lines.append(DOT.join([size, picture.format or "unknown format", *mode, kilobytes]))
            lines.extend(_surprises(picture.whole) if picture.whole else [])
            if picture.mask_error:
                lines.append(f"Mask: {picture.mask_error}")
        self._facts.setText("\n".join(line for line in lines if line))

    def _draw_mask(self) -> None:
        catalogue, picture = self._catalogue, self._picture
        palette = catalogue.palette if catalogue else None
        if catalogue is None or picture is None or palette is None or not picture.labels:
            self.legend.hide()
            return
        if self.sender() is not self.legend:
            self.legend.show_mask(palette.classes, catalogue.mask_colours, picture.counts)
            self.legend.show()
        self.view.show_mask(catalogue.mask_colours, opacity=self._opacity, hidden=self.legend.hidden)

    def _on_view_pointed(self, x: int, y: int) -> None:
        picture = self._picture
        if x < 0 or picture is None or picture.whole is None:
            self._pixel.show_text("")
            return
        values = ", ".join(f"{value:,}" for value in picture.whole.value(x, y))
        parts = [f"x {x:,}, y {y:,}", f"{picture.whole.mode} {values}"]
        if picture.labels:
            parts.append(self._class_at(x, y, picture))
        self._pixel.show_text(DOT.join(parts))

    def _class_at(self, x: int, y: int, picture: Picture) -> str:
        from workbench.engine.data.masks import IGNORED, STRAY

        assert self._catalogue
        assert self._catalogue.palette
        labels, image = picture.labels[0], picture.levels[0]
        height, width = labels.shape  # a mask may have another size than its image; it is stretched over it
        label = int(labels[y * height // image.height(), x * width // image.width()])
        if label in (IGNORED, STRAY):
            return "ignored" if label == IGNORED else "no class"
        return self._catalogue.palette.classes[label]

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.setMaximumHeight(max(3 * self.fontMetrics().height(), round(_LEGEND * self.height())))

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


def _known(catalogue: Catalogue, item: int, class_name: str) -> str:
    """What the project knows of an item: ``"Class ant (by hand) · train · group 7 · excluded"``."""
    parts = []
    if class_name:
        parts.append(f"Class {class_name}" + (" (by hand)" if catalogue.relabelled[item] else ""))
    parts.append(catalogue.split(item) or NO_SPLIT_TEXT)
    if catalogue.groups is not None and catalogue.groups[item]:
        parts.append(f"group {catalogue.groups[item]}")
    if catalogue.excluded[item]:
        parts.append("excluded")
    return DOT.join(parts)


def _surprises(whole: "Whole") -> list[str]:
    """How what is shown differs from what lies in the file."""
    lines = []
    if whole.bits:
        lines.append(f"Values {whole.least:,} to {whole.most:,}; {2**whole.bits - 1:,} is shown as white")
    if whole.orientation != 1:
        lines.append(f"Turned upright (EXIF orientation {whole.orientation})")
    return lines
