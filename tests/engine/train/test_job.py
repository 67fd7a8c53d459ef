"""Jobs: the file, the settings, the key, the presets that ship."""

import dataclasses
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.errors import UserError
from workbench.engine.files import write_toml
from workbench.engine.models import MODELS
from workbench.engine.params import Params
from workbench.engine.tasks import TASKS
from workbench.engine.train.job import SECTIONS, Job, load_job, models_for, preset, presets
from workbench.engine.train.params import DataParams, TrainParams

FNN = {"model": {"name": "fnn"}}
ALL = [
    *(Job.from_dict({"model": {"name": name}}, name="n") for name in MODELS),
    *(Job.from_dict({"model": {"name": models_for(name)[0]}, "task": {"name": name}}, name="n") for name in TASKS),
]


def job(**sections: dict[str, Any]) -> Job:
    return Job.from_dict({**FNN, **sections}, name="n")


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(UserError) as caught:
        Job.from_dict(values, name="n")
    return str(caught.value)


def params_of(one: Job, section: str) -> Params:
    params: Params = getattr(one, f"{section}_params" if section in ("model", "task") else section)
    return params


# The file


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.model}-{one.task}")
def test_a_job_survives_its_file(tmp_path: Path, one: Job) -> None:
    write_toml(tmp_path / "n.toml", one.to_dict())
    assert load_job(tmp_path / "n.toml") == one
    assert list(one.to_dict()) == ["name", *SECTIONS]
    for section in SECTIONS:
        spelled = one.to_dict()[section].keys() - {"name"}
        assert spelled == {field.name for field in dataclasses.fields(params_of(one, section))}


def test_the_least_file(tmp_path: Path) -> None:
    (tmp_path / "try me.toml").write_text('model.name = "cnn"')
    one = load_job(tmp_path / "try me.toml")
    assert (one.name, one.model, one.task) == ("try me", "cnn", "classify")
    assert (one.data, one.train) == (DataParams(), TrainParams())
    (tmp_path / "try me.toml").write_text('name = "stated"\nmodel.name = "cnn"')
    assert load_job(tmp_path / "try me.toml").name == "stated"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "[model] needs a name: {}. Known: fnn, cnn"),
        ("[model]\nname = 3", "[model] needs a name: {}. Known: fnn, cnn"),
        ('[model]\nname = "fn"', "there is no model called 'fn': {}. Did you mean 'fnn'?"),
        ('model = "fnn"', "model must be a section: {}. Write [model] and its keys below it"),
        ('model.name = "fnn"\n[trian]', "there is no section [trian]: {}. Did you mean 'train'?"),
        ('model.name = "fnn"\n[model.deep]', "there is no setting model.deep: {}."),
        ('model.name = "fnn"\nname = 3', "there is no section [name]: {}."),
        ('model.name = "fnn"\ntrain.stpes = 3', "there is no setting train.stpes: {}. Did you mean 'steps'?"),
        ('model.name = "fnn"\ntrain.steps = true', "train.steps must be a whole number, not True: {}"),
        ('model.name = "fnn"\ntrain.steps = -1', "train.steps = -1 is too small: {}. The least is 0"),
        ('model.name = "fnn"\ntrain.learning_rate = nan', "train.learning_rate must be finite, not nan: {}"),
        ('model.name = "fnn"\ntrain.learning_rate = 1' + "0" * 400, "train.learning_rate is beyond all numbers"),
        ('model.name = "fnn"\ntrain.optimizer = "adamm"', "train.optimizer cannot be 'adamm': {}. Did you mean 'adam'"),
        ('model.name = "fnn"\ntrain = {steps = 5, epochs = 2}', "train.steps and epochs cannot both be set"),
        ('model.name = "fnn"\ntrain.steps = 0', "train.steps and epochs cannot both be set (or both be 0): {}"),
        ('model.name = "fnn"\ntask.name = "sing"', "there is no task called 'sing': {}."),
        ('model.name = "kan"\nmodel.degree = 5\nmodel.control_points = 5', "model.control_points = 5 is too small"),
        ('model.name = "fnn"\ndata = {validation = 0.5, test = 0.5}', "data.validation and test leave nothing"),
        ('model.name = "fnn"\ntrain.schedule = "list"', "train.schedule = list needs learning_rates: {}."),
        ('model.name = "fnn"\ntrain.learning_rates = [-1]', "train.learning_rates cannot be negative: {}"),
        ('model.name = "fnn"\ntrain = {nesterov = true, momentum = 0.0}', "train.nesterov needs a momentum"),
        ("model.name = ", "this is not TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "job.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_job(path)
    message = str(caught.value)
    assert message.startswith(sentence.format(path))
    assert message.count(str(path)) == 1
    assert "\n" not in message


def test_a_file_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        load_job(tmp_path / "none.toml")
    with pytest.raises(UserError, match="this is a folder, not a file"):
        load_job(tmp_path)


KEYS = st.sampled_from([*SECTIONS, "name", "steps", "epochs", "nodes", "source"]) | st.text(max_size=3)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.sampled_from(["fnn", "kan", "classify"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_toml_is_a_job_or_the_users_mistake(values: dict[str, Any]) -> None:
    values = tomllib.loads(tomli_w.dumps(values))
    message = ""
    try:
        one = Job.from_dict(values, name="n")
    except UserError as error:
        message = str(error)
    else:
        assert Job.from_dict(one.to_dict(), name="n") == one
    assert "\n" not in message


# Steps and epochs


def test_steps_and_epochs_replace_each_other() -> None:
    in_file = job(train={"epochs": 2.5}).train
    assert (in_file.steps, in_file.epochs) == (0, 2.5)
    by_steps = job(train={"epochs": 2.5}).with_settings(["train.steps=7"]).train
    assert (by_steps.steps, by_steps.epochs) == (7, 0.0)
    by_epochs = job(train={"steps": 7}).with_settings(["train.epochs=0.5"]).train
    assert (by_epochs.steps, by_epochs.epochs) == (0, 0.5)
    assert job().with_settings(["train.steps=0", "train.epochs=3"]).train.epochs == 3.0


def test_steps_and_epochs_are_not_both_set() -> None:
    assert "steps and epochs cannot both be set" in refusal({**FNN, "train": {"steps": 5, "epochs": 1}})
    for settings in (["train.steps=5", "train.epochs=1"], ["train.steps=0"], ["train.epochs=0"]):
        with pytest.raises(UserError, match="steps and epochs cannot both be"):
            job().with_settings(settings)
    with pytest.raises(UserError, match=r"train\.steps must be a whole number, not 'x'"):
        job(train={"epochs": 1}).with_settings(["train.steps=x"])


def test_the_two_ways_to_space_evaluations_replace_each_other() -> None:
    by_epochs = job(train={"evaluate_every": 50}).with_settings(["train.evaluate_epochs=0.5"]).train
    assert (by_epochs.evaluate_every, by_epochs.evaluate_epochs) == (0, 0.5)
    by_steps = job(train={"evaluate_epochs": 1}).with_settings(["train.evaluate_every=50"]).train
    assert (by_steps.evaluate_every, by_steps.evaluate_epochs) == (50, 0.0)
    assert "evaluate_every and evaluate_epochs cannot both be set" in refusal(
        {**FNN, "train": {"evaluate_every": 5, "evaluate_epochs": 1}}
    )


# Models and their tasks

GENERATIVE = [name for name in MODELS if MODELS[name].task != "classify"]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_brings_the_task_that_it_serves(name: str) -> None:
    task = MODELS[name].task
    assert Job.from_dict({"model": {"name": name}}, name="n").task == task
    assert job().with_settings([f"model.name={name}"]).task == task
    assert job(task={"mirror": True}).with_settings([f"model.name={name}"]).task_params == (
        TASKS[task].params() if task != "classify" else TASKS[task].params(mirror=True)
    )


@pytest.mark.parametrize("name", GENERATIVE)
def test_a_model_for_another_task_is_refused_and_those_that_serve_are_named(name: str) -> None:
    said = refusal({"model": {"name": name}, "task": {"name": "classify"}})
    assert "is not for the task 'classify'" in said
    assert all(served in said for served in models_for("classify"))
    with pytest.raises(UserError, match="is not for the task"):
        job().with_settings([f"task.name={MODELS[name].task}"])
    both = job().with_settings([f"task.name={MODELS[name].task}", f"model.name={name}"])
    assert both == job().with_settings([f"model.name={name}"])


@pytest.mark.parametrize("name", GENERATIVE)
def test_what_suits_no_network_that_makes_images(name: str) -> None:
    own = MODELS[name].normalize
    for scale in ("unit", "half", "imagenet", "standardize", "minus-114"):
        values = {"model": {"name": name}, "data": {"normalize": scale}}
        if scale == own:
            assert Job.from_dict(values, name="n").data.normalize == own
        else:
            assert "data.normalize = auto" in refusal(values)
    assert "mix labels" in refusal({"model": {"name": name}, "augment": {"mixup": 0.2}})
    assert "catch_all" in refusal({"model": {"name": name}, "data": {"catch_all": "none"}})


def test_a_classifier_sees_grey_levels() -> None:
    assert "Set data.binarize = no" in refusal({**FNN, "data": {"binarize": "once"}})


# Settings


def test_settings_change_what_they_name() -> None:
    one = job().with_settings(["train.batch_size=64", " data.source = a=b ", "model.nodes=7", "task.mirror=on"])
    assert (one.train.batch_size, one.data.source) == (64, "a=b")
    assert (one.model_params.to_dict()["nodes"], one.task_params.to_dict()["mirror"]) == (7, True)
    assert one.augment == job().augment
    assert job().with_settings([]) == job()


def test_the_last_of_two_settings_counts() -> None:
    assert job().with_settings(["train.seed=1", "train.seed=2"]).train.seed == 2


def test_another_model_starts_from_its_defaults() -> None:
    before = job(model={"name": "fnn", "nodes": 7})
    assert before.with_settings(["model.name= kan "]) == Job.from_dict({"model": {"name": "kan"}}, name="n")
    wanted = Job.from_dict({"model": {"name": "kan", "degree": 3}}, name="n")
    assert before.with_settings(["model.name=kan", "model.degree=3"]) == wanted
    assert before.with_settings(["model.degree=3", "model.name=kan"]) == wanted
    assert before.with_settings(["task.name=classify"]) == before


@pytest.mark.parametrize(
    "settings",
    [
        ["train.schedule=list", "train.learning_rates=[0.2]*2 + [0.1]"],
        ["data.validation=0.85", "data.test=0.05"],
        ["train.nesterov=true", "train.momentum=0", "train.momentum=0.5"],
    ],
)
def test_settings_are_judged_together(settings: list[str]) -> None:
    assert job().with_settings(settings) != job()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("train.steps", "'train.steps' is no setting. Write section.key=value"),
        ("steps=5", "'steps=5' is no setting"),
        ("", "'' is no setting"),
        ("=5", "'=5' is no setting"),
        ("tarin.steps=5", "there is no section 'tarin'. Did you mean 'train'?"),
        ("train.stpes=5", "there is no setting train.stpes. Did you mean 'steps'?"),
        ("train.=5", "there is no setting train.."),
        ("data.name=x", "there is no setting data.name."),
        ("train.steps=", "train.steps must be a whole number, not ''"),
        ("model.name=fnm", "there is no model called 'fnm'. Did you mean 'fnn'?"),
        ("model.name=", "there is no model called ''."),
        ("task.name=", "there is no task called ''."),
    ],
)
def test_settings_that_are_none(setting: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        job().with_settings([setting])
    assert str(caught.value).startswith(sentence)


# The key

TRAIN_LATER = ("ema", "warmup_epochs", "evaluate_epochs")
DATA_AT_FIRST = (
    "protocol",
    "label",
    "split_seed",
    "validation",
    "test",
    "limit",
    "size",
    "resize",
    "colour",
    "on_error",
)


NEEDED = {"objective": {"samples": 5}}  # what has to be set before a field can have another value


def prepared(one: Job, section: str, name: str) -> Job:
    attribute = f"{section}_params" if section in ("model", "task") else section
    changed: dict[str, Any] = {attribute: params_of(one, section).replace(**NEEDED.get(name, {}))}
    return dataclasses.replace(one, **changed)


def others(one: Job, section: str, name: str) -> list[Job]:
    """``one`` with another value in one field, as far as that contradicts nothing."""
    params = params_of(one, section)
    value, meaning = getattr(params, name), params.meanings()[name]
    if isinstance(value, bool):
        candidates: list[Any] = [not value]
    elif isinstance(value, int | float):
        candidates = [value + 1, value + 0.125, value / 2, value - 1]
    elif isinstance(value, tuple):
        candidates = [(0.5,)]
    else:
        candidates = list(meaning.choices or ["other"])
    attribute = f"{section}_params" if section in ("model", "task") else section
    found: list[Job] = []
    for candidate in candidates:
        changes = {name: candidate} | ({"steps": 0} if name == "epochs" else {})
        try:
            changed: dict[str, Any] = {attribute: params.replace(**changes)}
        except UserError:
            continue
        if candidate != value:
            found.append(dataclasses.replace(one, **changed))
    assert found, f"{section}.{name}"
    return found


def unit(one: Job) -> Job:
    """What ``auto`` amounts to where the network was not trained before."""
    auto = one.data.normalize == "auto" and not MODELS[one.model].pretrained
    usual = MODELS[one.model].normalize
    return dataclasses.replace(one, data=one.data.replace(normalize=usual)) if auto else one


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.model}-{one.task}")
def test_the_key_knows_every_option_but_where_the_data_came_from(one: Job) -> None:
    def key(of: Job) -> str:
        return of.key(fingerprint="f", split="s")

    seen = {key(one)}
    for section in SECTIONS:
        for name in params_of(one, section).meanings():
            base = prepared(one, section, name)
            seen.add(key(base))
            for other in others(base, section, name):
                if (section, name) == ("data", "source") or unit(other) == unit(one):
                    assert key(other) in seen
                else:
                    assert key(other) not in seen
                seen.add(key(other))
    assert key(dataclasses.replace(one, name="another")) == key(one)
    assert len({key(one), one.key(fingerprint="F", split="s"), one.key(fingerprint="f", split="S")}) == 3


def test_options_that_came_later_leave_the_keys_of_earlier_jobs() -> None:
    """What the key was made of before there were mixing, averages and weighed classes."""
    one = job(train={"steps": 5}, augment={"flip": True})
    tables = one.to_dict()
    values: dict[str, Any] = {
        "task": {key: tables["task"][key] for key in ("name", "label_smoothing", "mirror")},
        "data": {key: tables["data"][key] for key in DATA_AT_FIRST} | {"normalize": "unit"},
        "augment": {"flip": True, "translate": 0, "cutout": 0},
        "model": tables["model"],
        "train": {key: value for key, value in tables["train"].items() if key not in TRAIN_LATER},
    }
    text = json.dumps([values, "f", "s"], sort_keys=True)
    assert one.key(fingerprint="f", split="s") == hashlib.sha256(text.encode()).hexdigest()


def test_the_key_survives_the_file() -> None:
    one = job(train={"steps": 5})
    again = Job.from_dict(tomllib.loads(tomli_w.dumps(one.to_dict())), name="m")
    assert one.key(fingerprint="f", split="s") == again.key(fingerprint="f", split="s")
    assert len(one.key(fingerprint="f", split="s")) == 64


# Presets


@pytest.mark.parametrize("name", presets())
def test_presets_are_valid(name: str) -> None:
    one = preset(name)
    assert one.name == name
    assert one.data.source
    assert Job.from_dict(one.to_dict(), name="other") == one


def test_an_unknown_preset() -> None:
    assert "digits-cnn" in presets()
    with pytest.raises(UserError, match=r"there is no preset called 'digits-cn'\. Did you mean 'digits-cnn'\?"):
        preset("digits-cn")
    with pytest.raises(UserError, match="there is no preset"):
        preset("../presets/digits-cnn")
