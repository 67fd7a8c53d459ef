"""The look, measured: contrast, colours that colour-blind eyes tell apart, icons, and switching while in use."""

import gc
import itertools
import re
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from workbench.engine.resources import resources
from workbench.gui.theme import DARK, LIGHT, Colours, Theme

THEMES = [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")]
BACKGROUNDS = ("window", "surface", "raised", "selection")
ICONS = sorted((resources() / "icons").glob("*.svg"))
OWN_COLOURS = {"app"}

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
EYES = {
    "all cones": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
# A just noticeable difference is 2.3 between large patches side by side. Curves are two pixels wide and far apart, and
# thin marks need several times as much: eight times is what ten colours with enough contrast can still keep.
APART = 18.0


def _linear(colour: str) -> np.ndarray:
    encoded = np.array(QColor(colour).getRgbF()[:3])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _contrast(one: str, other: str) -> float:
    """WCAG 2, section 1.4.3: 1 to 21."""
    dim, bright = sorted(float(_linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (bright + 0.05) / (dim + 0.05)


def _lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, white point D65."""
    matrix = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = (matrix @ linear) / matrix.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _image(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal, *, side: int = 32) -> QImage:
    return icon.pixmap(QSize(side, side), 1.0, mode).toImage()


def _inks(image: QImage) -> set[str]:
    """The colours of the pixels that are fully painted."""
    pixels = itertools.product(range(image.width()), range(image.height()))
    return {image.pixelColor(x, y).name() for x, y in pixels if image.pixelColor(x, y).alpha() == 255}


@pytest.mark.parametrize("colours", THEMES)
@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("ink", ["text", "muted"])
def test_text_is_readable_on_every_background(colours: Colours, background: str, ink: str) -> None:
    assert _contrast(getattr(colours, ink), getattr(colours, background)) >= 4.5


@pytest.mark.parametrize("colours", THEMES)
@pytest.mark.parametrize("background", ["window", "surface"])
@pytest.mark.parametrize("ink", ["good", "warning", "bad"])
def test_a_verdict_is_readable(colours: Colours, background: str, ink: str) -> None:
    assert _contrast(getattr(colours, ink), getattr(colours, background)) >= 4.5


@pytest.mark.parametrize("colours", THEMES)
def test_the_accent_carries_text_and_stands_out(colours: Colours) -> None:
    assert _contrast(colours.on_accent, colours.accent) >= 4.5
    assert all(_contrast(colours.accent, getattr(colours, ground)) >= 3 for ground in ("window", "surface", "raised"))


@pytest.mark.parametrize("colours", THEMES)
def test_every_series_stands_out_from_the_surface(colours: Colours) -> None:
    assert len(colours.series) >= 10
    assert min(_contrast(colour, colours.surface) for colour in colours.series) >= 3


@pytest.mark.parametrize("colours", THEMES)
@pytest.mark.parametrize("eye", EYES)
def test_series_are_told_apart_by_every_eye(colours: Colours, eye: str) -> None:
    seen = {colour: _lab(np.clip(EYES[eye] @ _linear(colour), 0, 1)) for colour in colours.series}
    close = {
        pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in itertools.combinations(colours.series, 2)
    }
    assert min(close.values()) >= APART, min(close, key=lambda pair: close[pair])


def test_series_colours_wrap_round(theme: Theme) -> None:
    assert theme.series_colour(0) == theme.series_colour(len(LIGHT.series)) == LIGHT.series[0]


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_an_icon_is_one_of_the_family(path: Path, qapp: QApplication) -> None:
    text = path.read_text(encoding="utf-8")
    renderer = QSvgRenderer(str(path))
    assert renderer.isValid()
    assert ("currentColor" in text) == (path.stem not in OWN_COLOURS)
    if path.stem not in OWN_COLOURS:
        assert (renderer.viewBoxF().width(), renderer.viewBoxF().height()) == (24, 24)
        assert 'stroke-width="1.75"' in text
        assert not re.search(r"#[0-9a-fA-F]{3}", text)


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_an_icon_is_drawn_at_every_size_and_fades_when_disabled(path: Path, theme: Theme) -> None:
    icon = theme.icon(path.stem)
    for side in (16, 32, 64):
        image = _image(icon, side=side)
        assert image.size() == QSize(side, side)
        painted = sum(image.pixelColor(x, y).alpha() > 0 for x in range(side) for y in range(side))
        assert painted > 0.01 * side * side  # even a minus covers more than a speck
        assert image != _image(icon, QIcon.Mode.Disabled, side=side)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0, 3.0])
def test_an_icon_has_a_pixel_for_every_pixel_of_the_screen(theme: Theme, ratio: float) -> None:
    pixmap = theme.icon("data").pixmap(QSize(18, 18), ratio)
    assert pixmap.size() == QSize(18, 18) * ratio
    assert pixmap.devicePixelRatio() == ratio


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_an_icon_painted_by_a_widget_is_as_sharp(theme: Theme, ratio: float) -> None:
    canvas = QImage(QSize(18, 18) * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    canvas.setDevicePixelRatio(ratio)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    theme.icon("data").paint(painter, 0, 0, 18, 18)
    painter.end()
    expected = theme.icon("data").pixmap(QSize(18, 18), ratio).toImage()
    assert canvas.convertToFormat(expected.format()) == expected


def test_an_icon_that_was_handed_out_follows_the_theme(theme: Theme) -> None:
    plain, named, fixed = theme.icon("stop"), theme.icon("stop", colour="good"), theme.icon("stop", colour="#123456")
    assert [_inks(_image(icon)) for icon in (plain, named, fixed)] == [{LIGHT.text}, {LIGHT.good}, {"#123456"}]
    theme.choose("dark")
    assert [_inks(_image(icon)) for icon in (plain, named, fixed)] == [{DARK.text}, {DARK.good}, {"#123456"}]


def test_icons_outlive_the_theme(qapp: QApplication) -> None:
    icon = Theme(qapp, choice="dark").icon("stop")
    gc.collect()
    assert _inks(_image(icon)) == {DARK.text}


def test_a_copy_that_was_changed_still_paints_and_so_does_its_original(theme: Theme) -> None:
    icons = []
    for _ in range(50):
        original = theme.icon("stop")
        copy = QIcon(original)
        copy.addPixmap(QPixmap(4, 4))  # makes Qt clone the engine
        icons.append(copy)
        del original
    gc.collect()
    assert all(_inks(_image(icon)) == {LIGHT.text} for icon in icons)
    del icons, copy
    gc.collect()
    assert _inks(_image(theme.icon("stop"))) == {LIGHT.text}


def test_an_unknown_icon_or_choice_is_our_mistake(theme: Theme, qapp: QApplication) -> None:
    with pytest.raises(AssertionError, match="no-such-icon"):
        theme.icon("no-such-icon")
    with pytest.raises(AssertionError, match="pink"):
        theme.choose("pink")
    with pytest.raises(AssertionError, match="pink"):
        Theme(qapp, choice="pink")
    assert theme.choice == "light"


def test_switching_changes_the_palette_and_says_so_once(theme: Theme, qapp: QApplication) -> None:
    told: list[bool] = []
    theme.changed.connect(lambda: told.append(theme.dark))
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.window
    sheet = qapp.styleSheet()
    theme.choose("dark")
    assert told == [True]
    assert (theme.choice, theme.colours) == ("dark", DARK)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    assert qapp.styleSheet() != sheet
    theme.choose("dark")
    assert told == [True]
    theme.choose("light")
    assert told == [True, False]
    assert qapp.styleSheet() == sheet


def test_auto_follows_the_system_and_a_choice_does_not(theme: Theme, qapp: QApplication) -> None:
    told: list[bool] = []
    theme.changed.connect(lambda: told.append(theme.dark))
    system = qapp.styleHints().colorSchemeChanged
    system.emit(Qt.ColorScheme.Dark)
    assert told == []
    theme.choose("auto")
    assert told == [True]
    system.emit(Qt.ColorScheme.Light)
    system.emit(Qt.ColorScheme.Unknown)
    assert told == [True, False]
    system.emit(Qt.ColorScheme.Dark)
    theme.choose("light")
    assert told == [True, False, True, False]


def test_nothing_keeps_a_theme_that_nobody_holds(qapp: QApplication) -> None:
    theme = Theme(qapp, choice="auto")
    icon = theme.icon("data")
    gone = weakref.ref(theme)
    del theme
    assert gone() is None
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert not icon.isNull()


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_links_are_readable(theme: Theme, qapp: QApplication, choice: str) -> None:
    theme.choose(choice)
    link = qapp.palette().color(QPalette.ColorRole.Link).name()
    assert min(_contrast(link, theme.colours.surface), _contrast(link, theme.colours.window)) >= 4.5


def test_disabled_words_fade(theme: Theme, qapp: QApplication) -> None:
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        normal = qapp.palette().color(QPalette.ColorGroup.Active, role)
        assert qapp.palette().color(QPalette.ColorGroup.Disabled, role) != normal


def test_the_button_with_the_focus_shows_it(theme: Theme, qtbot: QtBot) -> None:
    for roles in ({}, {"primary": True}, {"danger": True}):
        button = QPushButton("Start")
        for name, value in roles.items():
            button.setProperty(name, value)
        qtbot.addWidget(button)
        button.show()
        button.activateWindow()
        button.setFocus()
        qtbot.waitUntil(button.hasFocus)
        focused = button.grab().toImage()
        button.clearFocus()
        assert button.grab().toImage() != focused
        button.close()


def test_a_checked_rail_button_has_a_bar_and_not_only_a_tint(theme: Theme, qtbot: QtBot) -> None:
    button = QToolButton()
    button.setProperty("rail", True)
    button.setCheckable(True)
    button.setText("Train")
    qtbot.addWidget(button)
    middle = button.sizeHint().height() // 2
    button.resize(button.sizeHint())
    assert button.grab().toImage().pixelColor(1, middle).name() != LIGHT.accent
    button.setChecked(True)
    assert button.grab().toImage().pixelColor(1, middle).name() == LIGHT.accent


def test_the_stylesheet_and_its_pictures_belong_together() -> None:
    folder = resources() / "style"
    used = set(re.findall(r"workbenchstyle:([a-z]+\.svg)", (folder / "workbench.qss").read_text(encoding="utf-8")))
    assert used == {path.name for path in folder.glob("*.svg")}
    assert all(QSvgRenderer(str(folder / name)).isValid() for name in used)


@pytest.mark.parametrize("colours", THEMES)
def test_the_pictures_of_the_stylesheet_are_seen_in_both_themes(colours: Colours) -> None:
    """They cannot follow the theme, so their one colour must do for both."""
    for path in (resources() / "style").glob("*.svg"):
        ground = colours.accent if path.stem in {"check", "dash", "dot"} else colours.surface
        for colour in set(re.findall(r"#[0-9a-f]{6}", path.read_text(encoding="utf-8"))):
            assert _contrast(colour, ground) >= 3, path.name


def test_a_theme_needs_nothing_heavy() -> None:
    code = """
import sys, workbench.gui.theme
print(*{"numpy", "pyqtgraph", "torch", "pyarrow"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
