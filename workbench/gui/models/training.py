"""What of a project can be trained on, and why the rest cannot."""

from workbench.engine.project.project import DatasetRow

_KINDS = {"images": "images", "masks": "images with masks", "questions": "questions about texts"}


def untrainable(row: DatasetRow) -> str:
    """Why nothing can be trained on a dataset yet, in a sentence; empty where something can."""
    from workbench.engine.tasks import TASKS  # here, for a window without a project needs no tasks

    if row.label_sets:
        return ""  # one class an image, whatever else there is of it
    if not any(row.content in TASKS[name].contents for name in TASKS):
        return f"There is no task yet that learns from {_KINDS[row.content]}."
    return "Its images have no classes to learn."
