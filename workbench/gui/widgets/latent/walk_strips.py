"""The strips of a walk, one a path: pictures, waypoints, scores, so sized that all of them are seen if possible."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from workbench.engine.latent.walk import PATHS
from workbench.gui.models.walk import Strip, WalkModel
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.latent.filmstrip import LARGEST, LEAST, Filmstrip, Frame, Rows, to_image, to_images

if TYPE_CHECKING:
    from workbench.gui.models.latent import Waypoint
from workbench.gui.widgets.latent.walk_curve import alike

Pictures = NDArray[np.uint8]


class WalkStrips(QScrollArea):
    """Shows what ``walk`` has whenever :meth:`refresh` is called.

    Signals:
        moved: A person went to a frame: its path, and which one.

    Attributes:
        whole: All strips, as they are saved as a picture.
        strips: Path to its strip.
    """

    moved = Signal(str, int)

    def __init__(self, walk: WalkModel, theme: Theme) -> None:
        super().__init__()
        self._walk = walk
        self._images: dict[str, tuple[Pictures, list[QImage]]] = {}
        self._heading, self._originals = "", True
        self.strips = {
            path: Filmstrip(theme, name=f"latent.strip-{path}", text=f"{PATHS[path].title} walk") for path in PATHS
        }
        self.whole = QWidget()
        column = QVBoxLayout(self.whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        for strip in self.strips.values():
            column.addWidget(strip)
            strip.moved.connect(self._on_strip_moved)
        column.addStretch(1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(self.whole)

    def refresh(self, *, heading: str) -> None:
        """Show what the walk has now.

        Args:
            heading: What the numbers below the frames are.
        """
        walk, self._heading = self._walk, heading
        self._originals = self._room_for_originals()
        shown = {strip.path: strip for strip in walk.strips}
        self._images = {path: kept for path, kept in self._images.items() if path in shown}
        for path, widget in self.strips.items():
            strip = shown.get(path)
            if strip is not None:
                above, last = strip is walk.strips[0] and self._originals, strip is walk.strips[-1]
                rows = Rows(
                    picture=PATHS[path].title if walk.compared else "Decoded", above="Real" if above else "",
                    title="t" if last else "", value=heading,
                )  # fmt: skip
                widget.set_frames(self._frames(strip, originals=above), rows=rows, above=above, titles=last)
            widget.setVisible(strip is not None)
        self._fit()

    def set_current(self, index: int) -> None:
        """Mark a frame of the chosen path."""
        for path, strip in self.strips.items():
            strip.set_current(index if path == self._walk.path else -1)
        shown = self.strips[self._walk.path]
        if index >= 0 and shown.isVisible():
            frame = shown.frame_rect(index).translated(shown.pos())
            self.ensureVisible(frame.center().x(), frame.center().y(), frame.width() // 2 + GAP, 0)

    def images(self, strip: Strip) -> list[QImage | None]:
        """Of all frames; ``None`` for each while they are being decoded."""
        if strip.pictures is None:
            return [None] * len(strip.codes)
        kept = self._images.get(strip.path)
        if kept is None or kept[0] is not strip.pictures:
            kept = self._images[strip.path] = strip.pictures, to_images(strip.pictures)
        return list(kept[1])

    def marks(self, strip: Strip) -> "dict[int, tuple[str, Waypoint]]":
        """Of each frame that is a waypoint its number, and the waypoint."""
        known = [(str(place + 1), point) for place, point in enumerate(self._walk.waypoints)
                 if self._walk.code(point) is not None]  # fmt: skip
        return dict(zip(strip.stops, known, strict=False))

    def decoded(self, waypoint: "Waypoint") -> Pictures | None:
        """The frame that a waypoint is; ``None`` while there is none."""
        for strip in self._walk.strips:
            for frame, (_, point) in self.marks(strip).items():
                if point is waypoint and strip.pictures is not None and frame < len(strip.pictures):
                    found: Pictures = strip.pictures[frame]
                    return found
        return None

    def table(self, *, heading: str) -> str:
        """All strips as comma-separated values, a line a frame; ``heading`` says what the scores are."""
        lines = [f"path,frame,t,waypoint,{heading.replace(', ', '_').replace(' ', '_')}"]
        for strip in self._walk.strips:
            marks = self.marks(strip)
            for index, t in enumerate(strip.t):
                score = "" if strip.scores is None else repr(float(strip.scores[index]))
                mark = marks[index][0] if index in marks else ""
                lines.append(f"{strip.path},{index + 1},{t:.6g},{mark},{score}")
        return "\n".join(lines) + "\n"

    def _frames(self, strip: Strip, *, originals: bool) -> list[Frame]:
        images, marks = self.images(strip), self.marks(strip)
        values = alike(strip.scores.tolist()) if strip.scores is not None else [""] * len(images)
        frames = []
        for index, (image, t, value) in enumerate(zip(images, strip.t, values, strict=True)):
            if index not in marks:
                frames.append(Frame(image, f"{t:.2f}", value))
                continue
            mark, point = marks[index]
            original = self._walk.original(point) if originals else None
            frames.append(Frame(image, f"{t:.0f}", value, to_image(original) if original is not None else None, mark))
        return frames

    @property
    def widest(self) -> int:
        """Logical pixels that the strips can make use of."""
        return max(self.strips[strip.path].widest for strip in self._walk.strips) if self._walk.strips else 0

    def _room_for_originals(self) -> bool:
        """Whether the waypoints' images stand above the first strip: if there are any, and room for as much as one more
        strip. The row of waypoints has them anyway.
        """
        if all(point.item < 0 for point in self._walk.waypoints):
            return False
        count = len(self._walk.strips)
        lines = (count + 1) * self.fontMetrics().height()  # a score below each strip, and t below the last
        gaps = GAP // 2 * (4 * count + 1 + count)
        return self.viewport().height() >= (count + 1) * LEAST + lines + gaps

    def _fit(self) -> None:
        """Frames so large that no strip is out of sight, down to the smallest that are worth looking at."""
        shown = [self.strips[strip.path] for strip in self._walk.strips]
        if not shown:
            return
        pictures = len(shown) + self._originals
        rest = sum(strip.height_without_pictures for strip in shown) + (len(shown) - 1) * GAP // 2
        room = (self.viewport().height() - rest) // pictures
        gutter = max(strip.gutter for strip in shown)
        for strip in shown:
            strip.set_least_gutter(gutter)
            strip.set_largest(max(LEAST, min(LARGEST, room)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._walk.strips and self._originals != self._room_for_originals():
            self.refresh(heading=self._heading)
        else:
            self._fit()

    def _on_strip_moved(self, index: int) -> None:
        self.moved.emit(next(path for path, strip in self.strips.items() if strip is self.sender()), index)
