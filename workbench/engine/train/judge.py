"""A finished classifier as a judge of images that another network made."""

import torch
from torch import Tensor
from torch.nn import functional as F

from workbench.engine.errors import UserError
from workbench.engine.models.layers import answers, last_dense
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED
from workbench.engine.train.evaluate import autocast
from workbench.engine.train.feed import Scale
from workbench.engine.train.trained import Trained, load_trained

_LUMINANCE = (0.299, 0.587, 0.114)  # as images are turned to grey when they are decoded


def load_judge(project: Project, name: str, *, preferences: Preferences) -> "ClassifierJudge":
    """The network that the run ``name`` of the project ended with.

    Raises:
        UserError: There is no such run, it has not finished, or it is no classifier.
    """
    run = project.run(name)
    if run.status().state != FINISHED:
        raise UserError(
            f"run {run.id} has not finished and cannot judge", remedy="resume it, or choose another run as the judge"
        )
    trained = load_trained(run, checkpoint="last", preferences=preferences)
    assert trained.classifier
    return ClassifierJudge(trained, run=run.id)


class ClassifierJudge:
    """What a classifier says of images uint8 [N, C, H, W], grey or in red, green and blue, of any size.

    Called with them it gives logits float32 [N, K] and features float32 [N, F], what its last layer sees, both on its
    device. Images are enlarged or reduced to what it was trained with, and made grey or coloured.

    Attributes:
        run: Id of its run.
        classes: Their names.
    """

    def __init__(self, trained: Trained, *, run: str) -> None:
        self.run, self.classes = run, trained.meta.classes
        self._trained = trained
        self._geometry = trained.preprocessing.geometry
        self._scale = Scale(trained.preprocessing, trained.device, channels_last=trained.job.channels_last)
        self._context = autocast(trained.job.train.precision, trained.device)
        blank = torch.zeros(1, *trained.meta.shape, dtype=torch.uint8, device=trained.device)
        with trained.lock, torch.inference_mode(), self._context():
            self._last = last_dense(trained.model, self._scale(blank))

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        with self._trained.lock, torch.inference_mode(), self._context():
            images = self._scale(self._fitted(pictures.to(self._trained.device)))
            logits, features = answers(self._trained.model, images, last=self._last)
        return logits.float(), features.float()

    def _fitted(self, pictures: Tensor) -> Tensor:
        """uint8 [N, C, H, W] of the judge's channels and size."""
        grey = self._geometry.mode == "L"
        if pictures.shape[1] == 3 and grey:
            weights = torch.tensor(_LUMINANCE, device=pictures.device).view(1, 3, 1, 1)
            pictures = (pictures * weights).sum(1, keepdim=True).round().to(torch.uint8)
        elif pictures.shape[1] == 1 and not grey:
            pictures = pictures.expand(-1, 3, -1, -1)
        if self._geometry.mode == "BGR":
            pictures = pictures.flip(1)
        sides = self._geometry.shape[1:]
        if pictures.shape[2:] != sides:
            resized = F.interpolate(pictures.float(), sides, mode="bilinear", antialias=True)
            pictures = resized.round().clamp(0, 255).to(torch.uint8)
        return pictures
