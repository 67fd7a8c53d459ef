"""The import dialog: what it says of a line of text, of what that names, and what becomes of an import."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import png, write_files, write_zip
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data import ingest
from workbench.engine.data.decode import encode_png
from workbench.engine.data.lint.finding import Finding
from workbench.engine.data.previewing import SourcePreview
from workbench.engine.data.repairs import REPAIRS, Repair
from workbench.engine.data.source import Answer, Content, Problem, Question
from workbench.engine.events import Progress
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.gui.dialogs.import_dialog import ImportDialog
from workbench.gui.jobs import Job, Work
from workbench.gui.theme import Theme
from workbench.gui.widgets.importing import inspection
from workbench.gui.widgets.importing.looking import Recognised
from workbench.gui.workspace import IMPORT, Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@dataclass
class Report:
    """What the checks hand back."""

    findings: tuple[Finding, ...] = ()
    items: int = 6
    content: str = "images"
    names: tuple[str, ...] = ("cat/0.png", "cat/1.png")


class Checks:
    """Stands in for the checks, which are the engine's: waits for ``go``, then reports ``report``."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.report = Report()
        self.targets: list[str] = []

    def __call__(self, target: str, *, cache: Path, limit_pixels: int) -> Work:
        self.targets.append(target)
        while not self.go.wait(0.01):
            yield Progress(stage="checking", done=1, total=6)
        return self.report


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    checks = Checks()
    monkeypatch.setattr(inspection, "check", checks)
    return checks


@pytest.fixture
def repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some repairs, none of which does anything."""
    for name, mends in (
        ("leave-out-it", ("broken",)), ("off-palette-nearest", ("off",)), ("off-palette-ignore", ("off",)),
    ):  # fmt: skip
        contents: tuple[Content, ...] = ("images", "masks")
        repair = Repair(
            title=f"Do {name}",
            done="{count}",
            mends=mends,
            contents=contents,
            choice="off" if "off" in mends else "",
            prepare=lambda listing, limit: lambda item: (item, 0),
        )
        monkeypatch.setitem(REPAIRS._entries, name, repair)


@pytest.fixture
def dialog(qtbot: QtBot, workspace: Workspace, theme: Theme, checks: Checks) -> Iterator[ImportDialog]:
    """Open, and it has found out what can be imported."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    dialog = ImportDialog(workspace, theme, window)
    dialog.ask()
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    yield dialog
    workspace.jobs.join()


def line(dialog: ImportDialog) -> QLineEdit:
    return dialog.findChild(QLineEdit, "data.import-target")


def button(dialog: ImportDialog, thing: str) -> QAbstractButton:
    return dialog.findChild(QAbstractButton, f"data.{thing}")


def click(qtbot: QtBot, dialog: ImportDialog, thing: str) -> None:
    qtbot.mouseClick(button(dialog, thing), Qt.MouseButton.LeftButton)


def settled(dialog: ImportDialog, workspace: Workspace) -> Callable[[], bool]:
    """It has looked at its target, and checked it."""
    return lambda: not workspace.jobs.running() and not dialog.looks_soon


def show(qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, target: Path | str) -> None:
    """Name a target and wait until it was looked at and checked."""
    line(dialog).setText(str(target))
    qtbot.waitUntil(settled(dialog, workspace), timeout=10_000)


def finding(code: str, *, repairs: Sequence[str] = (), severity: str = "warning", **more: Any) -> Finding:
    items = np.arange(2)
    return Finding(
        code=code,
        title=f"It is {code}",
        severity=severity,
        count=2,
        unit="images",
        items=items,
        repairs=tuple(repairs),
        **more,
    )  # type: ignore[arg-type]


def pets(folder: Path, *, count: int = 6) -> Path:
    """A folder per class, of small grey images."""
    for number in range(count):
        kind = folder / ("cat" if number % 2 else "dog")
        kind.mkdir(parents=True, exist_ok=True)
        (kind / f"{number}.png").write_bytes(encode_png(np.full((16, 16), number, np.uint8)))
    return folder


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Imports begin in earnest only once this is set."""
    gate, real = threading.Event(), ingest.import_dataset

    def held(project: Project, target: str, *, preferences: Preferences, **rest: Any) -> Work:
        while not gate.wait(0.01):
            yield Progress(stage="waiting", done=0, total=0)
        return (yield from real(project, target, preferences=preferences, **rest))

    monkeypatch.setattr(ingest, "import_dataset", held)
    return gate


@pytest.mark.parametrize(
    ("text", "good", "said"),
    [
        ("", False, "keeps a copy"),
        ("/no/such/folder", False, "no such file or folder"),
        ("digits", True, "come with the program"),
        ("torchvision:MNIST", True, "MNIST by torchvision"),
        ("torchvision:NIST", False, "FashionMNIST"),
        ("someone/pets", True, "Hugging Face Hub"),
        ("hub:someone/pets", True, "Hugging Face Hub"),
        ("hub:pets", False, "owner/name"),
        ("a\0b", False, "no such file or folder"),
    ],
)
def test_it_says_what_a_line_names(qtbot: QtBot, dialog: ImportDialog, text: str, good: bool, said: str) -> None:
    line(dialog).setText(text)
    assert said in dialog.verdict
    assert button(dialog, "import-start").isEnabled() is good


def test_a_path_is_looked_up_while_one_types(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    folder = pets(tmp_path / "pets")
    qtbot.keyClicks(line(dialog), str(folder)[:-1])
    assert dialog.verdict == "There is no such file or folder"
    qtbot.keyClicks(line(dialog), str(folder)[-1])
    assert dialog.verdict == "A folder"
    assert button(dialog, "import-start").isEnabled()


def test_an_example_is_taken_by_a_click(qtbot: QtBot, dialog: ImportDialog) -> None:
    qtbot.mouseClick(button(dialog, "example-0"), Qt.MouseButton.LeftButton)
    assert dialog.target == "digits"
    assert button(dialog, "import-start").isEnabled()


def test_success_closes_it(qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path) -> None:
    jobs: list[Job] = []
    dialog.started.connect(jobs.append)
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.keyClick(line(dialog), Qt.Key.Key_Return)
    assert not button(dialog, "import-start").isEnabled()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert [row.name for row in workspace.opened().datasets()] == ["pets"]
    assert [job.kind for job in jobs] == [IMPORT]
    assert dialog.target == ""


def test_an_error_is_said_in_place(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line(dialog).setText(str(tmp_path / "empty"))
    qtbot.mouseClick(button(dialog, "import-start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.errors.text))
    assert "there are no files in this" in dialog.errors.text
    assert dialog.isVisible()
    assert button(dialog, "import-start").isEnabled()
    line(dialog).setText("digits")
    assert not dialog.errors.isVisible()


def test_the_import_goes_on_when_it_is_closed(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, gate: threading.Event, tmp_path: Path
) -> None:
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.mouseClick(button(dialog, "import-start"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(button(dialog, "import-close"), Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    assert workspace.jobs.running(IMPORT)
    gate.set()
    qtbot.waitUntil(lambda: not workspace.jobs.running(IMPORT))
    assert [row.items for row in workspace.opened().datasets()] == [6]


@pytest.mark.usefixtures("gate")
def test_stop_stops_it(qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path) -> None:
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.mouseClick(button(dialog, "import-start"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(button(dialog, "import-progress.stop"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not workspace.jobs.running(IMPORT))
    assert workspace.opened().datasets() == []
    assert dialog.isVisible()
    assert not dialog.errors.isVisible()
    assert button(dialog, "import-start").isEnabled()


def drop(dialog: ImportDialog, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dialog, QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))
    QApplication.sendEvent(dialog, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))


def test_a_drop_fills_the_line(dialog: ImportDialog, tmp_path: Path) -> None:
    drop(dialog, tmp_path)
    assert dialog.target == str(tmp_path)
    assert dialog.verdict == "A folder"
    assert not dialog.waiting


# The preview


def test_it_shows_what_a_folder_holds(qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path) -> None:
    show(qtbot, dialog, workspace, pets(tmp_path / "pets"))
    assert "Recognised" in dialog.verdict
    assert "pets\nFolder per class" in dialog.preview.text
    assert "6 images \N{MIDDLE DOT} 2 classes \N{MIDDLE DOT} no splits" in dialog.preview.text
    assert dialog.preview.classes.accessibleDescription() == "cat: 3, dog: 3"
    assert dialog.preview.strip.pictures == 6
    assert button(dialog, "import-start").text() == "Import 6 images"


def test_it_looks_once_somebody_has_stopped_typing(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, checks: Checks, tmp_path: Path
) -> None:
    pets(tmp_path / "p")
    folder = pets(tmp_path / "pets")
    qtbot.keyClicks(line(dialog), str(folder))  # "…/p" is a folder, too, for three keys
    qtbot.waitUntil(settled(dialog, workspace))
    assert checks.targets == [str(folder)]


def test_another_target_takes_the_preview_away(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, checks: Checks, tmp_path: Path
) -> None:
    checks.go.clear()
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.waitUntil(dialog.preview.isVisible)
    line(dialog).setText("/no/such/folder")
    assert not dialog.preview.isVisible()
    assert button(dialog, "import-start").text() == "Import"
    assert not button(dialog, "import-start").isEnabled()
    checks.go.set()
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    assert not dialog.preview.isVisible()


def test_what_is_not_understood_is_said_in_place_with_a_second_look(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "pets"
    folder.mkdir()
    show(qtbot, dialog, workspace, folder)
    assert "There are no files in this" in dialog.verdict
    assert not button(dialog, "import-start").isEnabled()
    pets(folder)
    click(qtbot, dialog, "import-again")
    qtbot.waitUntil(settled(dialog, workspace))
    assert dialog.preview.isVisible()
    assert button(dialog, "import-start").isEnabled()
    assert not button(dialog, "import-again").isVisible()


def test_a_broken_archive_is_said_in_place(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "pets.zip", {"cat/1.png": png(1)})
    path.write_bytes(path.read_bytes()[:60])
    show(qtbot, dialog, workspace, path)
    assert "damaged" in dialog.verdict
    assert "make it again" in dialog.verdict
    assert not dialog.errors.isVisible()


def test_what_is_on_the_network_can_be_imported_unseen(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, checks: Checks
) -> None:
    show(qtbot, dialog, workspace, "someone/pets")
    assert "fetched when it is imported" in dialog.preview.text
    assert not dialog.checks.isVisible()
    assert checks.targets == []
    click(qtbot, dialog, "import-start")  # the tests have no network
    qtbot.waitUntil(lambda: bool(dialog.errors.text), timeout=20_000)
    assert "Check the name and the network" in dialog.errors.text


def test_questions_are_shown_with_their_answers(
    qtbot: QtBot, dialog: ImportDialog, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    samples = (
        Question(context="It <rains> in Spain.", question="Where?", answers=(Answer("Spain", 14),), split="", name="1"),
        Question(context="It rains.", question="Who?", answers=(), split="", name="2", impossible=True),
        Question(context="It rains.", question="What?", answers=(Answer("rains", 4),), split="", name="3"),
    )
    seen = SourcePreview(
        kind="squad", title="Questions", name="weather", content="questions", total=3, counted=3, answers=2,
        impossible=1, groups=1, splits={"": 3}, samples=samples,
    )  # fmt: skip

    def look(target: str, **rest: Any) -> Work:
        yield Recognised(preview=seen)
        return seen

    monkeypatch.setattr(inspection, "look", look)
    show(qtbot, dialog, workspace, "digits")
    first, second, third = dialog.preview.questions.text.split("\n")
    assert "It &lt;rains&gt; in <b" in first
    assert ">Spain</b>." in first
    assert "No answer in the text" in second
    assert "does not stand in the text" in third
    assert "3 questions \N{MIDDLE DOT} 2 answers \N{MIDDLE DOT} 1 without an answer" in dialog.preview.text
    assert button(dialog, "import-start").text() == "Import 3 questions"


# The checks


def test_clean_data_are_said_to_be_clean(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    show(qtbot, dialog, workspace, pets(tmp_path / "pets"))
    assert dialog.checks.text == "Nothing wrong was found in 6 images."


def test_findings_are_listed_gravest_first_with_details_on_demand(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, checks: Checks, tmp_path: Path
) -> None:
    checks.report = Report(
        (
            finding("odd", severity="info"),
            finding("broken", severity="error", details={-1: "of 6 in all", 1: "it is empty"}),
        )
    )
    show(qtbot, dialog, workspace, pets(tmp_path / "pets"))
    lines = [line for line in dialog.checks.text.splitlines() if line]
    assert lines == [
        "1 thing to look at in 6 images.",
        "Error: It is broken: 2 images",
        "of 6 in all",
        "cat/1.png: it is empty",
        "and 1 more",
        "Note: It is odd: 2 images",
    ]
    row = dialog.findChild(QWidget, "data.finding-broken")
    height = row.sizeHint().height()
    click(qtbot, dialog, "details-broken")
    assert row.sizeHint().height() > height
    assert not button(dialog, "details-odd").isVisible()


@pytest.mark.usefixtures("repairs")
def test_nothing_is_mended_that_nobody_chose(
    qtbot: QtBot,
    dialog: ImportDialog,
    workspace: Workspace,
    checks: Checks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[tuple[str, ...]] = []

    def imported(target: str, *, repairs: Sequence[str] = (), unknowns: Sequence[str] = ()) -> Job:
        done.append(tuple(repairs))
        return workspace.jobs.start(iter_nothing(), title="-", kind=IMPORT)

    monkeypatch.setattr(workspace, "import_data", imported)
    checks.report = Report(
        (
            finding("off", repairs=("off-palette-nearest", "off-palette-ignore")),
            finding("broken", severity="error", repairs=("leave-out-it",)),
        )
    )
    start = button(dialog, "import-start")
    show(qtbot, dialog, workspace, pets(tmp_path / "pets"))
    assert start.text() == "Import 6 images"
    click(qtbot, dialog, "repair-leave-out-it")
    assert start.text() == "Import and repair"
    click(qtbot, dialog, "repair-leave-out-it")
    assert start.text() == "Import 6 images"
    click(qtbot, dialog, "repair-off-palette-ignore")
    click(qtbot, dialog, "repair-off-palette-nearest")
    assert not button(dialog, "repair-off-palette-ignore").isChecked()
    click(qtbot, dialog, "leave-off-palette-nearest")
    click(qtbot, dialog, "import-start")
    assert done == [()]
    qtbot.waitUntil(lambda: not dialog.isVisible())
    dialog.ask()
    show(qtbot, dialog, workspace, tmp_path / "pets")
    click(qtbot, dialog, "import-repair-all")
    click(qtbot, dialog, "import-start")
    assert done[1:] == [("leave-out-it", "off-palette-nearest")]
    qtbot.waitUntil(lambda: not dialog.isVisible())


def iter_nothing() -> Work:
    yield from ()


@pytest.mark.usefixtures("repairs")
def test_what_cannot_be_imported_needs_its_repair(
    qtbot: QtBot,
    dialog: ImportDialog,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem(code="broken", what="a line has no label", where="map.txt:3")
    seen = SourcePreview(kind="map", title="Map", name="map", total=5, counted=5, problems=(problem,))

    def look(target: str, **rest: Any) -> Work:
        yield Recognised(preview=seen)
        return seen

    monkeypatch.setattr(inspection, "look", look)
    show(qtbot, dialog, workspace, "digits")
    assert "Choose a repair below" in dialog.verdict
    assert "Error: A line has no label: 1 line\nmap.txt:3" in dialog.checks.text
    assert not button(dialog, "import-start").isEnabled()
    click(qtbot, dialog, "repair-leave-out-it")
    assert "Recognised" in dialog.verdict
    assert button(dialog, "import-start").isEnabled()
    assert button(dialog, "import-start").text() == "Import and repair"


def test_skipped_checks_can_be_made_after_all(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, checks: Checks, tmp_path: Path
) -> None:
    checks.go.clear()
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.waitUntil(lambda: bool(checks.targets))
    qtbot.waitUntil(button(dialog, "import-checking.stop").isVisible)
    assert button(dialog, "import-start").isEnabled()
    click(qtbot, dialog, "import-checking.stop")
    qtbot.waitUntil(lambda: "skipped" in dialog.checks.text)
    checks.go.set()
    click(qtbot, dialog, "import-check")
    qtbot.waitUntil(lambda: "Nothing wrong" in dialog.checks.text)
    assert len(checks.targets) == 2
    qtbot.waitUntil(settled(dialog, workspace))


def test_an_import_does_not_wait_for_the_checks(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, checks: Checks, tmp_path: Path
) -> None:
    checks.go.clear()
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.waitUntil(lambda: bool(checks.targets))
    click(qtbot, dialog, "import-start")
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=10_000)
    assert [row.items for row in workspace.opened().datasets()] == [6]
    qtbot.waitUntil(lambda: not workspace.jobs.running())


def test_closing_ends_looking_and_checking(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, checks: Checks, tmp_path: Path
) -> None:
    checks.go.clear()
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.waitUntil(lambda: bool(checks.targets))
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    checks.go.set()
    dialog.ask()
    qtbot.waitUntil(settled(dialog, workspace))
    assert dialog.preview.isVisible()  # it looked again


# Several things


def test_several_things_come_one_after_another(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    first, second = pets(tmp_path / "pets"), pets(tmp_path / "more", count=4)
    drop(dialog, first, second)
    assert dialog.target == str(first)
    assert dialog.waiting == "1 more to come, one after another: more"
    click(qtbot, dialog, "import-start")
    qtbot.waitUntil(lambda: dialog.target == str(second))
    assert dialog.isVisible()
    assert not dialog.waiting
    click(qtbot, dialog, "import-start")
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert [row.name for row in workspace.opened().datasets()] == ["pets", "more"]
    qtbot.waitUntil(lambda: not workspace.jobs.running())


def test_several_things_at_once_and_what_failed_among_them(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    drop(dialog, pets(tmp_path / "pets"), tmp_path / "empty", pets(tmp_path / "more", count=4))
    assert button(dialog, "import-all").text() == "Import all 3"
    click(qtbot, dialog, "import-all")
    qtbot.waitUntil(lambda: len(workspace.opened().datasets()) == 2 and not workspace.jobs.running())
    assert dialog.isVisible()
    assert "there are no files in this" in dialog.errors.text


def test_the_others_can_be_forgotten(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    dialog.ask([str(pets(tmp_path / "pets")), str(tmp_path)])
    click(qtbot, dialog, "import-only")
    assert not dialog.waiting
    assert dialog.target == str(tmp_path / "pets")


def test_it_fits_a_small_screen_and_stays_below_a_large_one(dialog: ImportDialog) -> None:
    size, screen = dialog.size(), dialog.screen().availableSize()
    assert size.height() <= screen.height()
    assert size.width() <= screen.width()


def test_a_file_named_before_the_formats_are_known_can_be_imported_at_once(
    qtbot: QtBot, workspace: Workspace, theme: Theme, checks: Checks, tmp_path: Path
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    dialog = ImportDialog(workspace, theme, window)
    dialog.ask()
    line(dialog).setText(str(write_files(tmp_path / "pets", {"cat/1.png": png(1)})))
    assert button(dialog, "import-start").isEnabled()
    line(dialog).setText("digits")
    assert button(dialog, "import-start").isEnabled()
    line(dialog).setText("no such thing")
    assert not button(dialog, "import-start").isEnabled()
    qtbot.waitUntil(settled(dialog, workspace))


def test_unknowns_join_without_a_label(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    birds = write_files(
        tmp_path / "birds", {f"{kind}/{one}.png": png(one) for kind in ("owl", "tit") for one in (8, 9)}
    )
    assert not button(dialog, "import-unknowns").isVisible()  # nothing to join yet
    show(qtbot, dialog, workspace, pets(tmp_path / "pets"))
    assert not dialog.unknowns.isVisible()
    click(qtbot, dialog, "import-unknowns")
    assert dialog.unknowns.isVisible()
    assert not button(dialog, "import-unknowns").isVisible()
    assert "without a label" in dialog.unknowns.verdict
    second = dialog.findChild(QLineEdit, "data.import-unknowns-target")
    second.setText(str(birds))
    qtbot.waitUntil(settled(dialog, workspace))
    assert dialog.unknowns.verdict.startswith("birds: 4 images")
    assert "2 classes" not in dialog.unknowns.verdict
    assert button(dialog, "import-start").text() == "Import 6 images and unknowns"
    click(qtbot, dialog, "import-start")
    qtbot.waitUntil(lambda: not dialog.isVisible())
    (row,) = workspace.opened().datasets()
    assert (row.items, dict(row.unknowns)) == (10, {"birds": 4})
    assert next(iter(row.label_sets.values())) == ("cat", "dog")
    assert dialog.unknowns.target == ""


def test_unknowns_that_do_not_fit_are_not_imported(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    show(qtbot, dialog, workspace, pets(tmp_path / "pets"))
    click(qtbot, dialog, "import-unknowns")
    second = dialog.findChild(QLineEdit, "data.import-unknowns-target")
    second.setText(str(tmp_path / "nowhere"))
    assert dialog.unknowns.verdict == "There is no such file or folder"
    assert not button(dialog, "import-start").isEnabled()
    (tmp_path / "empty").mkdir()
    second.setText(str(tmp_path / "empty"))
    qtbot.waitUntil(settled(dialog, workspace))
    assert "no files" in dialog.unknowns.verdict
    assert not button(dialog, "import-start").isEnabled()
    click(qtbot, dialog, "import-unknowns-remove")
    assert button(dialog, "import-start").isEnabled()
    assert button(dialog, "import-unknowns").isVisible()
    assert not dialog.unknowns.isVisible()


def test_unknowns_join_one_import_and_not_a_queue(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    drop(dialog, pets(tmp_path / "pets"), pets(tmp_path / "more"))
    qtbot.waitUntil(settled(dialog, workspace))
    assert button(dialog, "import-all").isEnabled()
    click(qtbot, dialog, "import-unknowns")
    dialog.findChild(QLineEdit, "data.import-unknowns-target").setText(str(pets(tmp_path / "birds")))
    assert not button(dialog, "import-all").isEnabled()
