"""What of a project can be trained on, and why the rest cannot."""

from workbench.engine.project.project import DatasetRow

_KINDS = {"images": "images", "masks": "images with masks", "questions": "questions about texts"}


def untrainable(row: DatasetRow, *, task: str = "") -> str:
    """Why nothing can be trained on a dataset yet, in a sentence; empty where something can.

    Args:
        task: Name of the task that is to learn from it; any will do where none is given.
    """
    from workbench.engine.tasks import TASKS  # here, for a window without a project needs no tasks

    if row.label_sets:
        return ""  # one class an image, whatever else there is of it
    able = [name for name in TASKS if row.content in TASKS[name].contents and not TASKS[name].classes]
    if not able:
        return f"There is no task yet that learns from {_KINDS[row.content]}."
    return "" if task in ("", *able) else "Its images have no classes to learn. Choose a task that needs none."
