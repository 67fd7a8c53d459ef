"""A job: everything that decides a run, as one frozen value and as one file.

The file is TOML with the sections ``[task] [data] [augment] [model] [train]``; ``[task]`` and ``[model]`` hold a
``name`` beside the options of what it names. What the form shows, what ``--set section.key=value`` changes and what a
checkpoint remembers are these same values. Nothing here imports torch.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import tomli_w

from workbench.engine.data.binarise import NO
from workbench.engine.errors import UserError
from workbench.engine.files import read_toml
from workbench.engine.models import MODELS
from workbench.engine.params import Params
from workbench.engine.registry import Registry, suggest
from workbench.engine.resources import resources
from workbench.engine.tasks import TASKS
from workbench.engine.tasks.classify.params import ClassifyParams
from workbench.engine.train.params import AugmentParams, DataParams, TrainParams

DEMO_PRESET, LATENT_DEMO_PRESET = "digits-cnn", "digits-vae"  # from data that ships
SECTIONS = ("task", "data", "augment", "model", "train")
VOLATILE = {"data": {"source"}}  # where the data came from does not change what is learned from it
# They count where they are set, so that earlier runs keep their keys.
ADDED = {
    "task": ("class_weights",),
    "data": ("folds", "fold", "groups", "interpolation", "central", "catch_all", "binarize", "binarize_seed"),
    "augment": ("crop", "rotate", "colour", "randaugment", "randaugment_strength", "erase", "mixup", "cutmix"),
    "train": ("ema", "warmup_epochs", "evaluate_epochs"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to train on what, and how.

    Attributes:
        name: A word for people; a preset's name, or the job file's.
        model, task: Names in :data:`MODELS` and :data:`TASKS`; their options are ``model_params`` and ``task_params``.
    """

    name: str
    model: str
    model_params: Params
    task: str = "classify"
    task_params: Params = field(default_factory=ClassifyParams)
    data: DataParams = field(default_factory=DataParams)
    augment: AugmentParams = field(default_factory=AugmentParams)
    train: TrainParams = field(default_factory=TrainParams)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, name: str) -> Self:
        """Build from the tables of a job file; :class:`UserError` for anything unknown or wrong."""
        sections: dict[str, dict[str, Any]] = {}
        for key, table in values.items():
            if key == "name" and isinstance(table, str):
                name = table
            elif key not in SECTIONS:
                raise UserError(f"there is no section [{key}]", remedy=suggest(key, list(SECTIONS)))
            elif not isinstance(table, dict):
                raise UserError(f"{key} must be a section", remedy=f"write [{key}] and its keys below it")
            else:
                sections[key] = dict(table)
        model = _name(sections.get("model", {}), "model", MODELS)
        task = _name(sections.get("task", {}), "task", TASKS, default=MODELS[model].task)
        job = cls(
            name=name,
            model=model,
            model_params=MODELS[model].params.from_dict(_without_name(sections.get("model", {})), section="model"),
            task=task,
            task_params=TASKS[task].params.from_dict(_without_name(sections.get("task", {})), section="task"),
            data=DataParams.from_dict(sections.get("data", {}), section="data"),
            augment=AugmentParams.from_dict(sections.get("augment", {}), section="augment"),
            train=TrainParams.from_dict(sections.get("train", {}), section="train"),
        )
        job.check()
        return job

    def check(self) -> None:
        """Raise :class:`UserError` where the sections contradict one another."""
        family = MODELS[self.model]
        if family.task != self.task:
            raise UserError(
                f"the model {self.model!r} is not for the task {self.task!r}",
                remedy=f"use {listed([*models_for(self.task), f'the task {family.task!r}'])}",
            )
        if self.learns_classes:
            if self.data.binarize != NO:
                raise UserError(
                    f"data.binarize = {self.data.binarize} is for networks that make images, and {self.model!r} tells "
                    "classes apart",
                    remedy="set data.binarize = no",
                )
            return
        if self.data.normalize not in ("auto", family.normalize):
            raise UserError(
                f"the model {self.model!r} makes images on the scale {family.normalize!r}, not {self.data.normalize!r}",
                remedy="set data.normalize = auto",
            )
        if self.augment.mixes:
            raise UserError(
                "mixup and cutmix mix labels, and this task has none",
                remedy="set augment.mixup = 0 and augment.cutmix = 0",
            )
        if self.data.catch_all:
            raise UserError("data.catch_all names a class, and this task has none", remedy="leave data.catch_all empty")

    @property
    def learns_classes(self) -> bool:
        """Whether each item has to have a label."""
        return TASKS[self.task].classes

    def to_dict(self) -> dict[str, Any]:
        """The job file's tables, every option spelled out, so that a later default changes no old run."""
        return {
            "name": self.name,
            "task": {"name": self.task, **_plain(self.task_params)},
            "data": _plain(self.data),
            "augment": _plain(self.augment),
            "model": {"name": self.model, **_plain(self.model_params)},
            "train": _plain(self.train),
        }

    @classmethod
    def from_toml(cls, text: str, *, name: str) -> Self:
        """The job that a job file's text describes; :class:`UserError` if it is none."""
        try:
            return cls.from_dict(tomllib.loads(text), name=name)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise UserError(f"this is not TOML ({error})") from None

    def to_toml(self) -> str:
        """The text of a job file that says all of it."""
        return tomli_w.dumps(self.to_dict())

    def with_settings(self, settings: Sequence[str]) -> Self:
        """A copy with each ``section.key=value`` applied, whatever their order; of two for one key the last counts.

        ``model.name`` (and ``task.name``) starts from that model's (task's) defaults. A model brings the task that it
        serves.
        """
        job = self
        texts: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
        for setting in settings:
            path, equals, text = setting.partition("=")
            section, dot, key = path.strip().partition(".")
            if not equals or not dot:
                raise UserError(f"{setting!r} is no setting", remedy="write section.key=value, e.g. train.steps=500")
            if section not in SECTIONS:
                raise UserError(f"there is no section {section!r}", remedy=suggest(section, list(SECTIONS)))
            texts[section][key] = text.strip()
        if (model := texts["model"].pop("name", None)) is not None:
            job = replace(job, model=model, model_params=MODELS[model].params())
            if "name" not in texts["task"] and MODELS[model].task != job.task:
                texts["task"]["name"] = MODELS[model].task
        if (task := texts["task"].pop("name", None)) is not None:
            job = replace(job, task=task, task_params=TASKS[task].params())
        for section in SECTIONS:
            attribute = _attribute(section)
            changed: dict[str, Any] = {attribute: job._section(section).with_texts(texts[section], section=section)}
            job = replace(job, **changed)
        job.check()
        return job

    def _section(self, section: str) -> Params:
        params: Params = getattr(self, _attribute(section))
        return params

    @property
    def channels_last(self) -> bool:
        """Whether images and weights lie in memory with their channels last."""
        return self.train.channels_last and MODELS[self.model].spatial

    def key(self, *, fingerprint: str, split: str) -> str:
        """SHA-256 over all that decides the result: equal keys are the same run."""
        values = self.to_dict()
        del values["name"]
        for section, keys in VOLATILE.items():
            for key in keys:
                values[section].pop(key)
        for section, added in ADDED.items():
            usual = _plain(type(self._section(section))())
            for key in added:
                if key in usual and values[section][key] == usual[key]:
                    del values[section][key]
        if values["data"]["normalize"] == "auto" and not MODELS[self.model].pretrained:
            # What it amounts to, and what earlier runs call it
            values["data"]["normalize"] = MODELS[self.model].normalize
        text = json.dumps([values, fingerprint, split], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def models_for(task: str) -> list[str]:
    """Names of the models that serve a task."""
    return [name for name in MODELS if MODELS[name].task == task]


def listed(names: Sequence[str]) -> str:
    """``"a, b or c"`` of one name or more."""
    return " or ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _attribute(section: str) -> str:
    return f"{section}_params" if section in ("model", "task") else section


def _plain(params: Params) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in params.to_dict().items()}


def _without_name(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key != "name"}


def _name(table: Mapping[str, Any], section: str, registry: Registry[Any], *, default: str = "") -> str:
    name = table.get("name", default)
    if not name or not isinstance(name, str):
        raise UserError(f"[{section}] needs a name", remedy=suggest("", registry.names()))
    assert registry[name]
    return name


def load_job(path: Path) -> Job:
    """The job in the TOML file ``path``; its name is the file's unless it states one."""
    try:
        return Job.from_dict(read_toml(path), name=path.stem)
    except UserError as error:
        if error.where:
            raise
        raise UserError(error.what, where=str(path), remedy=error.remedy) from None


def presets() -> list[str]:
    """Names of the job files that ship."""
    return sorted(path.stem for path in (resources() / "presets").glob("*.toml"))


def preset_about(name: str) -> str:
    """What a preset that ships is, in a sentence or two: the words at the head of its file."""
    lines = []
    for line in (resources() / "presets" / f"{name}.toml").read_text("utf-8").splitlines():
        words = line.removeprefix("#").strip()
        if not line.startswith("#") or words.startswith("- "):  # a list is for those who read the file
            break
        lines.append(words)
    return " ".join(lines)


def preset(name: str) -> Job:
    """The preset called ``name``."""
    if name not in presets():
        raise UserError(f"there is no preset called {name!r}", remedy=suggest(name, presets()))
    return load_job(resources() / "presets" / f"{name}.toml")
