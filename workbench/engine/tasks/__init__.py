"""Tasks: what a network's output means. Each turns a batch into a loss and metrics, and says which metric counts.

``<task>/params.py`` imports no torch; ``<task>/task.py`` holds the class. To add one, add a line to :data:`TASKS`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from workbench.engine.data.source import Content
from workbench.engine.params import Params
from workbench.engine.registry import Registry
from workbench.engine.tasks.adversarial.params import AdversarialParams
from workbench.engine.tasks.autoencode.params import AutoencodeParams
from workbench.engine.tasks.classify.params import ClassifyParams
from workbench.engine.tasks.density.params import DensityParams

if TYPE_CHECKING:
    from workbench.engine.tasks.task import Setting, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKind:
    """One sort of job.

    Attributes:
        title: One line for a person.
        module: Module under this package that holds ``make(params, setting)``.
        params: The class of its options.
        headline: The metric on validation that ranks evaluations, e.g. ``"validation/accuracy"``.
        maximise: Whether larger is better.
        contents: What data it learns from.
        classes: Whether it learns classes, and so needs data that has some.
        from_start: Whether the network is evaluated, and previews of it are made, before the first step too.
    """

    title: str
    module: str
    params: type[Params]
    headline: str
    maximise: bool
    contents: tuple[Content, ...]
    classes: bool = False
    from_start: bool = True


TASKS: Registry[TaskKind] = Registry("task")
TASKS.add(
    "classify",
    TaskKind(
        title="Say which class an image belongs to",
        module="classify.task",
        params=ClassifyParams,
        headline="validation/accuracy",
        maximise=True,
        contents=("images",),
        classes=True,
        from_start=False,
    ),
)
TASKS.add(
    "autoencode",
    TaskKind(
        title="Learn codes of images, and to make images of codes",
        module="autoencode.task",
        params=AutoencodeParams,
        headline="validation/elbo",
        maximise=True,
        contents=("images", "masks"),
    ),
)
TASKS.add(
    "adversarial",
    TaskKind(
        title="Draw images that cannot be told from real ones, against a network that tries to",
        module="adversarial.task",
        params=AdversarialParams,
        headline="validation/pixel_distance",
        maximise=False,
        contents=("images", "masks"),
    ),
)
TASKS.add(
    "density",
    TaskKind(
        title="Say how probable an image is, with an exact code for each",
        module="density.task",
        params=DensityParams,
        headline="validation/bits_per_dim",
        maximise=False,
        contents=("images", "masks"),
    ),
)


def ranking_metric(task: str, metrics: Iterable[str]) -> str:
    """The one of ``metrics`` that counts: the task's headline, else the first on validation; empty if there is none."""
    names = list(metrics)
    headline = TASKS[task].headline if task in TASKS else ""
    return headline if headline in names else next((name for name in names if name.startswith("validation/")), "")


def make_task(name: str, params: Params, setting: "Setting") -> "Task":
    """The task called ``name``.

    Args:
        name: A name in :data:`TASKS`.
        params: The options, of that task's class.
        setting: What it is to serve.
    """
    module = import_module(f"workbench.engine.tasks.{TASKS[name].module}")
    return cast("Task", module.make(params, setting))
