"""How the window looks: two sets of colours, one stylesheet made from them, and icons that follow both.

Everything that a stylesheet or the palette can say is said here once, so panels only choose roles (``role="muted"``,
``primary=true``, ``card=true``, ``rail=true``) and never write a colour. What paints itself (plots, masks) reads
:attr:`Theme.colours` and repaints on :attr:`Theme.changed`. Neither numpy nor pyqtgraph is imported.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from string import Template
from typing import ClassVar

from PySide6.QtCore import QByteArray, QDir, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QFontMetrics,
    QIcon,
    QIconEngine,
    QImage,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory
from shiboken6 import isValid

from workbench.engine.resources import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """The colours of one theme, each ``#rrggbb``. Nothing is told by colour alone."""

    window: str
    """Behind everything."""
    surface: str
    """Panels, lists, inputs, plots."""
    raised: str
    """Headers, hovered rows, the rail."""
    line: str
    """Borders, separators, grids."""
    text: str
    muted: str
    """Secondary text; at least 4.5:1 on every background."""
    accent: str
    """Primary buttons, selection marks, the focus ring."""
    on_accent: str
    """Text on ``accent``."""
    selection: str
    """Background of a selected row; its text stays ``text``."""
    good: str
    warning: str
    bad: str
    series: tuple[str, ...]
    """For curves and classes: told apart by colour-blind eyes, at least 3:1 on ``surface``."""


LIGHT = Colours(
    window="#f3f4f6",
    surface="#ffffff",
    raised="#eceef1",
    line="#d5d9df",
    text="#1b1f26",
    muted="#57606c",
    accent="#2f62d9",
    on_accent="#ffffff",
    selection="#dbe6fd",
    good="#1a7f45",
    warning="#8f5a00",
    bad="#c22f2f",
    series=(
        "#2f62d9", "#d4570a", "#1e98b3", "#6a355a", "#703a07", "#9e8d53", "#ca7782", "#296543", "#7f3496", "#2b8ede",
    ),
)  # fmt: skip

DARK = Colours(
    window="#14161a",
    surface="#1b1e23",
    raised="#262a31",
    line="#363b44",
    text="#e6e8ec",
    muted="#a0a8b4",
    accent="#436fde",
    on_accent="#ffffff",
    selection="#263a63",
    good="#4cc38a",
    warning="#e0a63a",
    bad="#ff7a72",
    series=(
        "#6e9bff", "#f08a3c", "#42f7c6", "#d64178", "#fcc3ff", "#ebdd89", "#db9b82", "#50b6b3", "#9c64ad", "#7b7b3f",
    ),
)  # fmt: skip

GAP = 8
"""Logical pixels between related things; multiples and halves of it everywhere."""
ICON = 18
"""Logical pixels of an icon in a button."""

CHOICES = ("auto", "light", "dark")

# The system's own family comes first; these stand in where it has none of its own, as on a bare X server.
_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")
_CODE = '"JetBrains Mono", "Cascadia Mono", "SF Mono", Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace'
_LEAST_POINTS = 10.0
_TITLE = 1.35  # a title's size, in text sizes
_DISABLED = 0.5  # how much of a disabled icon's colour is left
_BUBBLE = 1.05  # the side of a check box, in line heights


class _Ink:
    """The colours that icons are painted with now: what a theme and the icons that it handed out share.

    Icons may outlive the theme, and the theme must not be kept alive by them, so neither holds the other.
    """

    __slots__ = ("colours",)

    def __init__(self, colours: Colours) -> None:
        self.colours = colours

    def colour(self, name: str) -> QColor:
        return QColor(name if name.startswith("#") else getattr(self.colours, name))


class _IconEngine(QIconEngine):
    """Paints one SVG in the ink of the moment, so that an icon handed out long ago follows the theme.

    Images, not pixmaps, are kept: they may outlive the application object, as icons in a test session do.
    """

    # Qt deletes what clone() returns, but PySide counts it as Python's and would free it as clone() returns. So every
    # twin is held until Qt has deleted it; the process owns this list, because a twin may outlive all else.
    _twins: ClassVar[list[QIconEngine]] = []

    def __init__(self, path: Path, ink: _Ink, colour: str) -> None:
        super().__init__()
        self._path, self._ink, self._colour = path, ink, colour
        self._images: dict[tuple[int, int, int], QImage] = {}

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        image = self._image(QSize(round(rect.width() * ratio), round(rect.height() * ratio)), mode, state)
        painter.drawImage(rect, image)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return QPixmap.fromImage(self._image(size, mode, state))

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        # `size` is logical here (Qt 6.8 and later): the pixels of the screen are ours to count.
        return self.pixmap(QSize(round(size.width() * scale), round(size.height() * scale)), mode, state)

    def clone(self) -> QIconEngine:
        twin = _IconEngine(self._path, self._ink, self._colour)
        self._twins[:] = [other for other in self._twins if isValid(other)]
        self._twins.append(twin)
        return twin

    def _image(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QImage:
        ink = self._ink.colour(self._colour)
        if mode == QIcon.Mode.Disabled:
            ink = self._ink.colour("muted")
            ink.setAlphaF(_DISABLED)
        key = (size.width(), size.height(), ink.rgba())
        image = self._images.get(key)
        if image is None:
            image = self._images[key] = _render(self._path, size, ink)
        return image


def _render(path: Path, size: QSize, ink: QColor) -> QImage:
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    if size.isEmpty():
        return image
    svg = path.read_text(encoding="utf-8").replace("currentColor", ink.name())
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    image.fill(Qt.GlobalColor.transparent)
    side = min(size.width(), size.height())
    painter = QPainter(image)
    painter.setOpacity(ink.alphaF())
    renderer.render(painter, QRectF((size.width() - side) / 2, (size.height() - side) / 2, side, side))
    painter.end()
    return image


class Theme(QObject):
    """The application's look, light or dark.

    Standard widgets follow it by themselves. Roles are dynamic properties, set before the widget is first shown:
    ``primary``, ``danger`` (QPushButton), ``invalid`` (inputs), ``rail`` (QToolButton), ``card`` (QFrame), and ``role``
    (QLabel: title, heading, muted, error, warning, good, badge, code). Who changes one
    later has the widget's style unpolish and polish it.

    Args:
        app: Its style, palette, font and stylesheet are set at once.
        choice: ``auto`` follows the system, live; ``light`` and ``dark`` stay.
    """

    changed = Signal()
    """The colours are others now; what paints itself repaints."""

    def __init__(self, app: QApplication, *, choice: str = "auto") -> None:
        assert choice in CHOICES, choice
        super().__init__()
        self._app = app
        self._choice = choice
        self._system = app.styleHints().colorScheme()
        self._ink = _Ink(self._chosen())
        self._template = Template((resources() / "style" / "workbench.qss").read_text(encoding="utf-8"))
        QDir.setSearchPaths("workbenchstyle", [str(resources() / "style")])
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(_font())
        app.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)
        self._dress()

    @property
    def choice(self) -> str:
        return self._choice

    def choose(self, choice: str) -> None:
        """Switch to ``auto``, ``light`` or ``dark``; emits :attr:`changed` if the colours differ."""
        assert choice in CHOICES, choice
        self._choice = choice
        self._turn()

    @property
    def dark(self) -> bool:
        return self._ink.colours is DARK

    @property
    def colours(self) -> Colours:
        return self._ink.colours

    def icon(self, name: str, *, colour: str = "") -> QIcon:
        """The icon ``resources/icons/<name>.svg``, sharp at any size and device pixel ratio; drawn when first painted.

        It follows the theme for as long as it lives: callers keep it and need not ask again on :attr:`changed`, unless
        what shows it copies pixels (a window icon, a native menu, a pixmap made with ``icon.pixmap``).

        Args:
            name: A file name without its ending; an unknown one is an AssertionError.
            colour: The name of a field of :class:`Colours`, which follows the theme (``on_accent`` on a primary button,
                ``good`` beside a word), or ``#rrggbb``, which stays. Disabled, every icon is a faded ``muted``.
        """
        path = resources() / "icons" / f"{name}.svg"
        assert path.is_file(), f"there is no icon {name!r}"
        return QIcon(_IconEngine(path, self._ink, colour or "text"))

    def series_colour(self, index: int) -> str:
        """The colour of the curve or class ``index``; wraps round."""
        series = self.colours.series
        return series[index % len(series)]

    def _on_system_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        self._system = scheme
        self._turn()

    def _chosen(self) -> Colours:
        dark = self._system == Qt.ColorScheme.Dark if self._choice == "auto" else self._choice == "dark"
        return DARK if dark else LIGHT

    def _turn(self) -> None:
        colours = self._chosen()
        if colours is not self._ink.colours:
            self._ink.colours = colours
            self._dress()
            self.changed.emit()

    def _dress(self) -> None:
        inks = _inks(self.colours)
        self._app.setPalette(_palette(self.colours, faint=inks["faint"], link=inks["accent_text"]))
        self._app.setStyleSheet(self._template.substitute(inks, **_sizes(self._app.font()), code=_CODE))


def _font() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setFamilies([*font.families(), *_FAMILIES])
    if 0 < font.pointSizeF() < _LEAST_POINTS:
        font.setPointSizeF(_LEAST_POINTS)
    return font


def _sizes(font: QFont) -> dict[str, str]:
    """Sizes that must fit each other to the pixel, which em would round apart."""
    line = QFontMetrics(font).height()
    bubble = 2 * round(_BUBBLE * line / 2)
    return {
        "title": f"{QFontInfo(font).pointSizeF() * _TITLE:.1f}",
        "bubble": str(bubble),
        "round": str(bubble // 2 + 1),
        "pill": str(line // 2),
    }


def _inks(colours: Colours) -> dict[str, str]:
    """The theme's colours by name, and those between them that states of widgets need."""

    def mixed(one: str, other: str, share: float) -> str:
        a, b = QColor(one), QColor(other)
        parts = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
        return QColor(*(round((1 - share) * first + share * second) for first, second in parts)).name()

    plain = {field.name: getattr(colours, field.name) for field in fields(colours) if field.name != "series"}
    return plain | {
        "hover": mixed(colours.raised, colours.text, 0.03),
        "pressed": mixed(colours.raised, colours.text, 0.12),
        "rail": mixed(colours.window, colours.raised, 0.6),
        "handle": mixed(colours.line, colours.muted, 0.35),
        "faint": mixed(colours.muted, colours.window, 0.35),
        "accent_hover": mixed(colours.accent, "#000000", 0.12),
        "accent_pressed": mixed(colours.accent, "#000000", 0.25),
        "accent_text": mixed(colours.accent, colours.text, 0.25),
        "bad_tint": mixed(colours.surface, colours.bad, 0.1),
    }


def _palette(colours: Colours, *, faint: str, link: str) -> QPalette:
    palette = QPalette(QColor(colours.raised), QColor(colours.window))
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: colours.window, roles.WindowText: colours.text, roles.Base: colours.surface,
        roles.AlternateBase: colours.window, roles.Text: colours.text, roles.Button: colours.raised,
        roles.ButtonText: colours.text, roles.BrightText: colours.bad, roles.Highlight: colours.selection,
        roles.HighlightedText: colours.text, roles.ToolTipBase: colours.raised, roles.ToolTipText: colours.text,
        roles.PlaceholderText: colours.muted, roles.Link: link, roles.LinkVisited: link, roles.Accent: colours.accent,
    }.items():  # fmt: skip
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText, roles.PlaceholderText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(faint))
    return palette
