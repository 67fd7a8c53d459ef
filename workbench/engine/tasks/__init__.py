"""Tasks: what a network's output means. Each turns a batch into a loss and metrics, and says which metric counts.

``<task>/params.py`` imports no torch; ``<task>/task.py`` holds the class. To add one, add a line to :data:`TASKS`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from workbench.engine.data.source import Content
from workbench.engine.params import Params
from workbench.engine.registry import Registry
from workbench.engine.tasks.classify.params import ClassifyParams

if TYPE_CHECKING:
    from workbench.engine.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKind:
    """One sort of job.

    Attributes:
        title: One line for a person.
        module: Module under this package that holds ``make(params, *, classes, counts)``.
        params: The class of its options.
        headline: The metric on validation that ranks evaluations, e.g. ``"validation/accuracy"``.
        maximise: Whether larger is better.
        contents: What data it learns from.
    """

    title: str
    module: str
    params: type[Params]
    headline: str
    maximise: bool
    contents: tuple[Content, ...]


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
    ),
)


def ranking_metric(task: str, metrics: Iterable[str]) -> str:
    """The one of ``metrics`` that counts: the task's headline, else the first on validation; empty if there is none."""
    names = list(metrics)
    headline = TASKS[task].headline if task in TASKS else ""
    return headline if headline in names else next((name for name in names if name.startswith("validation/")), "")


def make_task(name: str, params: Params, *, classes: int, counts: Sequence[int] | None = None) -> "Task":
    """The task called ``name`` over ``classes`` classes.

    Args:
        name: A name in :data:`TASKS`.
        params: The options, of that task's class.
        classes: Number of classes.
        counts: Training items of each class; needed by whoever trains.
    """
    module = import_module(f"workbench.engine.tasks.{TASKS[name].module}")
    return cast("Task", module.make(params, classes=classes, counts=counts))
