"""The form: one copy of the values, every mistake explained where it stands, and laws over every parameter."""

import gc
import time
import typing
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS
from workbench.engine.params import Meaning, Params, Value, param
from workbench.engine.preferences import Preferences
from workbench.engine.tasks import TASKS
from workbench.engine.train.job import SECTIONS, Job, preset, presets
from workbench.engine.train.params import AugmentParams, DataParams, TrainParams
from workbench.gui.form import TITLES, JobForm, ParamsForm
from workbench.gui.theme import Theme
from workbench.gui.widgets.forms.field import bounds_of, label_of, text_of
from workbench.gui.widgets.forms.fields import settle

KINDS: dict[str, type[Params]] = {
    **{f"model {name}": MODELS[name].params for name in MODELS},
    **{f"task {name}": TASKS[name].params for name in TASKS},
    **{kind.__name__: kind for kind in (DataParams, AugmentParams, TrainParams, Preferences)},
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Params):
    """One field of each type, and two that must agree."""

    on: bool = param(False, "A switch.")
    count: int = param(3, "A count of things.", low=0, high=1000, unit="px")
    rate: float = param(0.5, "A rate.", low=0, high=1)
    way: str = param("left", "A choice.", choices=("left", "right"))
    first_word: str = param("", "Some text.", label="Opening")
    rates: tuple[float, ...] = param((), "Some rates.", low=0, high=1)
    fine_point: int = param(1, "Seldom needed.", low=0, advanced=True)

    def check(self) -> None:
        if self.way == "right" and not self.on:
            raise UserError("way = right needs on", remedy="switch it on")


@pytest.fixture
def show(qtbot: QtBot) -> Callable[[QWidget], None]:
    def show(form: QWidget) -> None:
        qtbot.addWidget(form)
        form.resize(380, 700)
        with qtbot.waitExposed(form):
            form.show()
        form.activateWindow()

    return show


@pytest.fixture
def sample(theme: Theme, show: Callable[[QWidget], None]) -> ParamsForm[Sample]:
    form = ParamsForm(Sample(), theme=theme, name="sample.form")
    show(form)
    return form


@pytest.fixture
def job_form(theme: Theme, show: Callable[[QWidget], None]) -> JobForm:
    job = preset("digits-cnn")
    form = JobForm(job, theme=theme, baseline=job)
    show(form)
    return form


def child(form: QWidget, name: str, kind: type[Any] = QWidget) -> Any:
    found = form.findChild(kind, f"{form.objectName()}.{name}")
    assert found is not None, name
    return found


def write(qtbot: QtBot, form: QWidget, name: str, text: str, *, done: bool = True) -> QLineEdit:
    """Replace the text of an editor by typing; ``done`` also presses Return."""
    editor: QLineEdit = child(form, name, QLineEdit)
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    qtbot.keyClicks(editor, text)
    if done:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    return editor


def messages(form: QWidget) -> list[str]:
    labels = [label for label in form.findChildren(QLabel) if label.property("role") == "error"]
    return [label.text() for label in labels if label.text() and not label.isHidden()]


def told(form: ParamsForm[Any] | JobForm) -> list[Any]:
    heard: list[Any] = []
    form.changed.connect(heard.append)
    return heard


# -- one set of parameters ---------------------------------------------------------------------------------------------


def test_typing_makes_new_parameters(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    heard = told(sample)
    write(qtbot, sample, "count", "12")
    assert sample.params == Sample(count=12)
    assert [value.count for value in heard] == [1, 12]
    assert sample.valid


def test_editors_take_what_the_command_line_takes(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    texts: list[tuple[str, str, Value]] = [
        ("count", "1e2", 100),
        ("count", "1_000", 1000),
        ("rate", "1e-3", 0.001),
        ("rate", " .25 ", 0.25),
        ("rates", "[0.2]*3 + [0.1]", (0.2, 0.2, 0.2, 0.1)),
        ("rates", "0.3*3, 0.1", (0.3, 0.3, 0.3, 0.1)),
        ("first_word", "so it goes", "so it goes"),
    ]
    for field, text, value in texts:
        editor = write(qtbot, sample, field, text)
        assert getattr(sample.params, field) == value
        assert editor.text() == text  # it stays as it was typed


def test_a_wrong_value_is_explained_and_the_last_right_one_kept(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    write(qtbot, sample, "count", "12")
    heard = told(sample)
    editor = write(qtbot, sample, "count", "abc")
    assert sample.params.count == 12
    assert not heard
    assert not sample.valid
    assert set(sample.errors) == {"count"}
    assert messages(sample) == ["Count must be a whole number, not 'abc'."]
    assert editor.property("invalid") is True
    write(qtbot, sample, "count", "1001")
    assert messages(sample) == ["Count = 1001 is too large. The most is 1000."]
    write(qtbot, sample, "count", "7")
    assert sample.valid
    assert not messages(sample)
    assert editor.property("invalid") is False
    assert sample.params.count == 7


def test_a_mistake_on_its_way_to_a_number_is_not_shown_at_once(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    validity = []
    sample.validity_changed.connect(lambda: validity.append(sample.valid))
    write(qtbot, sample, "rate", "1e", done=False)
    assert not sample.valid  # but it is known
    assert not messages(sample)
    qtbot.waitUntil(lambda: messages(sample) == ["Rate must be a number, not '1e'."], timeout=3000)
    qtbot.keyClicks(child(sample, "rate"), "-3")
    assert sample.params.rate == 0.001
    assert not messages(sample)
    assert validity[-1] is True


def test_a_switch_and_a_choice(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    box = child(sample, "on", QCheckBox)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert sample.params == Sample(on=True)
    child(sample, "way").setFocus()
    qtbot.keyClick(child(sample, "way"), Qt.Key.Key_Down)
    assert sample.params == Sample(on=True, way="right")


def test_a_click_on_a_label_reaches_what_it_names(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    def label(text: str) -> QLabel:
        return next(label for label in sample.findChildren(QLabel) if label.text() == text)

    qtbot.mouseClick(label("On"), Qt.MouseButton.LeftButton)
    assert sample.params.on
    qtbot.mouseClick(label("Count"), Qt.MouseButton.LeftButton)
    assert child(sample, "count").hasFocus()


def test_a_contradiction_is_shown_where_it_was_made_and_ends_where_it_is_resolved(
    qtbot: QtBot, sample: ParamsForm[Sample]
) -> None:
    way = child(sample, "way", QComboBox)
    way.setFocus()
    qtbot.keyClick(way, Qt.Key.Key_Down)
    assert sample.params == Sample()
    assert way.currentText() == "right"
    assert messages(sample) == ["Way = right needs on. Switch it on."]
    write(qtbot, sample, "rate", "x")  # another mistake does not stand in the way
    qtbot.keyClick(child(sample, "on"), Qt.Key.Key_Space)
    assert sample.params == Sample(on=True, way="right")
    assert set(sample.errors) == {"rate"}


def test_what_holds_is_taken_whatever_does_not() -> None:
    params, errors = settle(Sample(), {"count": "x", "way": "right", "on": "true", "rate": "0.1"})
    assert params == Sample(on=True, way="right", rate=0.1)
    assert set(errors) == {"count"}


def test_changes_are_marked_and_taken_back(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    editor, reset = child(sample, "count"), child(sample, "count.reset", QToolButton)
    label = next(label for label in sample.findChildren(QLabel) if label.buddy() is editor)
    place = editor.geometry()
    assert reset.isHidden()
    write(qtbot, sample, "count", "12")
    assert reset.isVisible()
    assert label.font().bold()
    assert editor.geometry() == place  # nothing moved
    heard = told(sample)
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert reset.hasFocus()
    qtbot.keyClick(reset, Qt.Key.Key_Space)
    assert heard == [Sample()]
    assert editor.text() == "3"
    assert reset.isHidden()
    assert not label.font().bold()
    assert editor.hasFocus()


def test_a_wrong_text_is_taken_back_too(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    write(qtbot, sample, "rate", "nonsense")
    qtbot.mouseClick(child(sample, "rate.reset"), Qt.MouseButton.LeftButton)
    assert child(sample, "rate").text() == "0.5"
    assert sample.valid
    assert not messages(sample)


def test_reset_all_counts_and_restores(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    button = child(sample, "reset-all", QPushButton)
    assert not button.isEnabled()
    write(qtbot, sample, "count", "12")
    write(qtbot, sample, "rate", "oops")
    assert button.text() == "Reset all (2 changed)"
    heard = told(sample)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert sample.params == Sample()
    assert heard == [Sample()]
    assert sample.valid
    assert child(sample, "rate").text() == "0.5"
    assert button.text() == "Reset all"


def test_setting_from_outside_is_silent_and_forgets_what_was_wrong(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    write(qtbot, sample, "rate", "oops")
    heard = told(sample)
    sample.set_params(Sample(count=5, on=True), baseline=Sample(count=5))
    assert not heard
    assert sample.valid
    assert child(sample, "count").text() == "5"
    assert child(sample, "rate").text() == "0.5"
    assert child(sample, "reset-all").text() == "Reset all (1 changed)"


def test_handing_back_what_was_told_disturbs_no_typing(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    sample.changed.connect(lambda params: sample.set_params(params))
    write(qtbot, sample, "rate", "0.05", done=False)
    assert child(sample, "rate").text() == "0.05"
    assert sample.params.rate == 0.05
    write(qtbot, sample, "rates", "[0.2]*2 + [0.1]", done=False)
    assert sample.params.rates == (0.2, 0.2, 0.1)


def test_advanced_fields_are_folded_and_say_when_they_hold_changes(qtbot: QtBot, sample: ParamsForm[Sample]) -> None:
    heading = child(sample, "advanced")
    assert heading.text() == ""  # it paints its words itself
    assert heading.accessibleName() == "Advanced (1), folded"
    assert not child(sample, "fine_point").isVisible()
    heading.setFocus()
    qtbot.keyClick(heading, Qt.Key.Key_Space)
    assert child(sample, "fine_point").isVisible()
    write(qtbot, sample, "fine_point", "2")
    qtbot.mouseClick(heading, Qt.MouseButton.LeftButton)
    assert heading.accessibleName() == "Advanced (1), 1 changed, folded"
    assert heading.note == "1 changed"
    sample.set_params(Sample())
    assert heading.note == ""


def test_help_of_the_field_in_focus(sample: ParamsForm[Sample]) -> None:
    strip = child(sample, "help")
    child(sample, "advanced").setFocus()
    assert strip.text() == "Choose a setting to read what it does."
    child(sample, "count").setFocus()
    assert strip.text() == "Count\nA count of things.\nFrom 0 to 1,000 px · Default 3 · count"
    child(sample, "on").setFocus()
    assert strip.text() == "On\nA switch.\nDefault off · on"


def test_the_wheel_changes_no_choice(sample: ParamsForm[Sample]) -> None:
    box = child(sample, "way", QComboBox)
    box.setFocus()
    where = QPointF(box.rect().center())
    wheel = QWheelEvent(
        where,
        QPointF(box.mapToGlobal(where.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, wheel)
    assert box.currentText() == "left"


# -- laws over every parameter ----------------------------------------------------------------------------------------


def candidates(kind: type[Params], field: str) -> list[Value]:
    meaning, hint = kind.meanings()[field], typing.get_type_hints(kind)[field]
    if hint is bool:
        return [True, False]
    if meaning.choices:
        return list(meaning.choices)
    if hint is str:
        return ["cuda:1", ""]
    low, high = meaning.low or 0, meaning.high if meaning.high is not None else 1e9
    middle = low + (high - low) / 3
    if hint in (int, float):
        return [hint(value) for value in (low, high, middle, 1)]
    return [(), (low, low, low, middle), (1e-3,), (1.0, 0.1 + 0.2)]


@every_kind
def test_every_field_has_an_editor_that_gives_back_every_value(kind: type[Params], theme: Theme, qtbot: QtBot) -> None:
    form = ParamsForm(kind(), theme=theme, name="law.form")
    qtbot.addWidget(form)
    for field, meaning in kind.meanings().items():
        editor = child(form, field)
        assert editor.accessibleName() == label_of(field, meaning)
        assert meaning.help in editor.accessibleDescription()
        assert bounds_of(meaning) in editor.accessibleDescription()
        assert field in editor.toolTip()
        assert child(form, f"{field}.reset").accessibleName() == f"Reset {label_of(field, meaning)}"
        tried = 0
        for value in candidates(kind, field):
            try:
                wanted = kind().with_text(field, text_of(value))
            except UserError:  # it contradicts another field's default
                continue
            form.set_params(kind())
            enter(editor, text_of(value))
            assert form.params == wanted
            assert getattr(form.params, field) == value
            assert form.valid
            tried += 1
        assert tried, field


def enter(editor: QWidget, text: str) -> None:
    """What a screen reader does on its user's behalf."""
    if isinstance(editor, QCheckBox):
        editor.setChecked(text == "true")
    elif isinstance(editor, QComboBox):
        editor.setCurrentText(text)
    else:
        assert isinstance(editor, QLineEdit)
        editor.setText(text)


def test_values_are_written_as_people_write_them() -> None:
    texts: dict[Value, str] = {
        1e-7: "1e-7",
        1e20: "1e20",
        0.001: "0.001",
        2000.0: "2000",
        True: "true",
        (0.2,) * 10 + (0.1,): "0.2*10, 0.1",
        (): "",
    }
    assert {value: text_of(value) for value in texts} == texts


def test_names_are_made_readable() -> None:
    plain = {"learning_rate": "Learning rate", "beta2": "Beta 2", "l2": "L2"}
    assert {name: label_of(name, Meaning(help="")) for name in plain} == plain
    assert label_of("memory_gib", Meaning(help="", unit="GiB")) == "Memory"
    assert label_of("memory_gib", Meaning(help="", label="Room for images")) == "Room for images"


# -- a whole job ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", presets())
def test_every_preset_comes_out_as_it_went_in(name: str, job_form: JobForm) -> None:
    heard = told(job_form)
    job = preset(name)
    job_form.set_job(job, baseline=job)
    assert job_form.job == job
    assert job_form.valid
    assert not heard
    assert child(job_form, "reset-all").text() == "Reset all"
    for section in SECTIONS:
        params = (
            job.model_params if section == "model" else job.task_params if section == "task" else getattr(job, section)
        )
        for field, value in params.to_dict().items():
            if (section, field) != ("data", "source"):
                editor = child(job_form, f"{section}.{field}")
                assert editor.value_text() == text_of(value), (section, field)


def test_the_source_is_kept_but_not_shown(qtbot: QtBot, job_form: JobForm) -> None:
    assert job_form.findChild(QWidget, "train.form.data.source") is None
    write(qtbot, job_form, "data.limit", "100")
    assert job_form.job == replace(preset("digits-cnn"), data=preset("digits-cnn").data.replace(limit=100))


def test_steps_and_epochs_replace_one_another_at_once(qtbot: QtBot, job_form: JobForm) -> None:
    steps, epochs = child(job_form, "train.steps"), child(job_form, "train.epochs")
    assert (steps.text(), epochs.text()) == ("0", "20")
    write(qtbot, job_form, "train.steps", "5", done=False)
    assert (steps.text(), epochs.text()) == ("5", "0")
    assert not child(job_form, "train.epochs.reset").isHidden()
    qtbot.mouseClick(child(job_form, "train.steps.reset"), Qt.MouseButton.LeftButton)  # 0 alone would contradict
    assert (steps.text(), epochs.text()) == ("0", "20")
    assert job_form.job == preset("digits-cnn")
    write(qtbot, job_form, "train.epochs", "0")
    assert messages(job_form) == ["Steps and epochs cannot both be set (or both be 0). Set one of them."]
    assert job_form.job == preset("digits-cnn")
    write(qtbot, job_form, "train.steps", "7")
    assert job_form.valid
    assert (steps.text(), epochs.text()) == ("7", "0")
    write(qtbot, job_form, "train.steps", "junk")
    write(qtbot, job_form, "train.epochs", "3")
    assert (steps.text(), epochs.text()) == ("0", "3")  # what was wrong there counts no more
    assert job_form.valid


def test_errors_and_changes_show_in_the_heading_of_their_section(qtbot: QtBot, job_form: JobForm) -> None:
    write(qtbot, job_form, "augment.cutout", "4")
    write(qtbot, job_form, "augment.translate", "many")
    heading = child(job_form, "augment")
    assert heading.note == "1 to correct"
    assert "1 to correct" in heading.accessibleName()
    assert not job_form.valid
    assert set(job_form.errors) == {("augment", "translate")}
    assert job_form.first_error() == "Augmentation, Translate: Translate must be a whole number, not 'many'."
    write(qtbot, job_form, "augment.translate", "3")
    assert heading.note == "2 changed"
    assert job_form.first_error() == ""


def test_switching_the_model_rebuilds_its_section_alone(qtbot: QtBot, job_form: JobForm) -> None:
    write(qtbot, job_form, "train.batch_size", "64")
    write(qtbot, job_form, "model.nodes", "wrong")
    learning_rate = child(job_form, "train.learning_rate")
    job_form.set_model("kan")
    expected = preset("digits-cnn")
    expected = replace(
        expected, model="kan", model_params=MODELS["kan"].params(), train=expected.train.replace(batch_size=64)
    )
    assert job_form.job == expected
    assert job_form.valid
    assert child(job_form, "train.learning_rate") is learning_rate
    assert child(job_form, "model").detail == "kan"
    assert child(job_form, "model").note == ""  # measured against that family's defaults
    write(qtbot, job_form, "model.degree", "3")
    assert job_form.job.model_params == MODELS["kan"].params(degree=3)  # type: ignore[call-arg]
    assert len(job_form.findChildren(QWidget, "train.form.model.nodes")) == 1


def test_a_model_that_does_not_exist_changes_nothing(job_form: JobForm) -> None:
    with pytest.raises(UserError, match="no model"):
        job_form.set_model("nosuch")
    assert job_form.job == preset("digits-cnn")


def test_reset_all_restores_the_baseline(qtbot: QtBot, job_form: JobForm) -> None:
    write(qtbot, job_form, "train.steps", "5")
    write(qtbot, job_form, "model.nodes", "wrong")
    button = child(job_form, "reset-all")
    assert button.text() == "Reset all (3 changed)"
    heard = told(job_form)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert job_form.job == preset("digits-cnn")
    assert heard[-1] == preset("digits-cnn")
    assert job_form.valid


def visible_fields(form: JobForm) -> set[str]:
    prefix = len(form.objectName()) + 1
    editors = [*form.findChildren(QLineEdit), *form.findChildren(QComboBox), *form.findChildren(QCheckBox)]
    return {editor.objectName()[prefix:] for editor in editors if editor.isVisible()} - {"search"}


def test_search_finds_by_name_label_help_and_choice_wherever_it_is_folded(qtbot: QtBot, job_form: JobForm) -> None:
    before = visible_fields(job_form)
    assert "augment.cutout" not in before
    search = child(job_form, "search")
    qtbot.keyClicks(search, "denominator")  # in the help of an advanced field
    assert visible_fields(job_form) == {"train.epsilon"}
    assert child(job_form, "data").isHidden()
    search.clear()
    qtbot.keyClicks(search, "Cutout")
    assert visible_fields(job_form) == {"augment.cutout"}
    search.clear()
    qtbot.keyClicks(search, "bf16")
    assert visible_fields(job_form) == {"train.precision"}
    search.clear()
    qtbot.keyClicks(search, "train.learning_rate")
    assert visible_fields(job_form) == {"train.learning_rate", "train.learning_rates"}
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert visible_fields(job_form) == before
    qtbot.keyClicks(search, "zebra")
    assert not visible_fields(job_form)
    assert any("zebra" in label.text() for label in job_form.findChildren(QLabel) if label.isVisible())


def test_reveal_unfolds_scrolls_and_focuses(qtbot: QtBot, job_form: JobForm) -> None:
    qtbot.keyClicks(child(job_form, "search"), "cutout")
    job_form.reveal("data", "colour")
    editor = child(job_form, "data.colour")
    assert editor.hasFocus()
    assert not editor.visibleRegion().isEmpty()
    assert "data.colour" in child(job_form, "help").text()
    job_form.reveal("train", "keep_best")
    last = child(job_form, "train.keep_best")
    assert last.hasFocus()
    assert last.visibleRegion().boundingRect() == last.rect()


@pytest.mark.parametrize("switched", [False, True])
def test_tab_goes_from_top_to_bottom(qtbot: QtBot, job_form: JobForm, switched: bool) -> None:
    if switched:
        job_form.set_model("fastnet")
    for heading in [*TITLES, *(f"{section}.advanced" for section in ("data", "train"))]:
        child(job_form, heading).setChecked(True)
    write(qtbot, job_form, "train.batch_size", "3")
    QApplication.processEvents()
    child(job_form, "search").setFocus()
    stops: list[QWidget] = []
    while (now := QApplication.focusWidget()) is not None and now not in stops:
        stops.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    content = child(job_form, "task").parentWidget()
    heights = [stop.mapTo(content, stop.rect().center()).y() for stop in stops if content.isAncestorOf(stop)]
    assert len(stops) > 60
    # a row's button and editor may be centred a pixel apart
    assert all(after >= before - 2 for before, after in pairwise(heights))
    names = [stop.objectName() for stop in stops]
    assert names[:3] == ["train.form.search", "train.form.reset-all", "train.form.task"]
    assert names.index("train.form.train.batch_size.reset") == names.index("train.form.train.batch_size") + 1


def test_long_words_are_never_clipped(qtbot: QtBot, job_form: JobForm) -> None:
    for width in (320, 380, 500, 320):
        job_form.resize(width, 700)
        for section in SECTIONS:
            child(job_form, section).setChecked(True)
        write(qtbot, job_form, "train.learning_rates", "a list of numbers that is not one, at great length")
        QApplication.processEvents()
        for label in job_form.findChildren(QLabel):
            if label.isVisible():
                assert label.height() >= label.heightForWidth(label.width()), (width, label.text())
                words = max(map(label.fontMetrics().horizontalAdvance, label.text().split()), default=0)
                assert label.width() >= words, (width, label.text())
        columns = {
            child(job_form, f"{section}.{field}").mapTo(job_form, QPoint()).x()
            for section, field in (("train", "steps"), ("model", "nodes"), ("data", "limit"), ("augment", "cutout"))
        }
        assert len(columns) == 1, "editors stand in one column"


def test_building_and_setting_are_quick(theme: Theme, qtbot: QtBot) -> None:
    jobs: list[Job] = [preset("cifar10-fast"), preset("digits-cnn")]

    def build() -> float:
        start = time.perf_counter()
        form = JobForm(jobs[0], theme=theme)
        took = time.perf_counter() - start
        qtbot.addWidget(form)
        return took

    def change(form: JobForm, job: Job) -> float:
        start = time.perf_counter()
        form.set_job(job, baseline=job)
        return time.perf_counter() - start

    assert min(build() for _ in range(4)) < 0.06 * 2  # twice what is asked: another test may run beside it
    form = JobForm(jobs[0], theme=theme)
    qtbot.addWidget(form)
    assert min(change(form, jobs[turn % 2]) for turn in range(1, 6)) < 0.02 * 2


def test_a_form_leaves_nothing_behind(theme: Theme, qtbot: QtBot) -> None:
    form = JobForm(preset("digits-cnn"), theme=theme)
    form.set_model("kan")
    gone: list[str] = []
    form.destroyed.connect(lambda: gone.append("form"))
    child(form, "train.steps").destroyed.connect(lambda: gone.append("editor"))
    watch = weakref.ref(form)
    form.deleteLater()
    del form
    qtbot.waitUntil(lambda: set(gone) == {"form", "editor"})
    gc.collect()
    assert watch() is None
