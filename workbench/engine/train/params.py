"""Options of a job's sections ``[data]``, ``[augment]`` and ``[train]``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from workbench.engine.data.binarise import BINARISATIONS, Binarisation
from workbench.engine.device import PRECISIONS
from workbench.engine.errors import UserError
from workbench.engine.params import Params, param
from workbench.engine.project.splits import AUTOMATIC, PROTOCOLS
from workbench.engine.project.splits.groups import check_rule

OPTIMISERS = ("sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "radam")
NORMALIZATIONS = {  # mean and deviation of red, green and blue, for pixels in 0..1
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "minus-114": ((114 / 255,) * 3, (1 / 255,) * 3),
}
SCHEDULES = ("constant", "step", "cosine", "one-cycle", "list")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataParams(Params):
    """What to train on, and what becomes of an image before the network sees it."""

    source: str = param("", "A dataset of the project, a path to import, or an identifier such as digits.")
    protocol: str = param(
        AUTOMATIC,
        "How the data is divided: auto takes the splits made in the Data panel, else the published ones as far as they "
        "go, and draws the rest.",
        choices=(AUTOMATIC, *PROTOCOLS.names()),
    )
    label: str = param("", "Which labels to learn, where the data has several sets; empty for the first.")
    split_seed: int = param(0, "Seed of the splits that are drawn here.", low=0, high=2**31 - 1, advanced=True)
    validation: float = param(0.1, "Share drawn for validation, where it is drawn here.", low=0.001, high=0.9)
    test: float = param(0.1, "Share drawn for the test split, where it is drawn here.", low=0, high=0.9)
    folds: int = param(5, "k-fold: equal parts, each of which validates once.", low=2, high=1000)
    fold: int = param(1, "k-fold: the part to validate on, from 1 to folds.", low=1, high=1000)
    groups: str = param(
        "",
        "What belongs together and stays in one split where splits are drawn here: empty for nothing, source for the "
        "groups of the source, folder for the folder of each file, or a regular expression over the file's name, whose "
        "first group counts.",
    )
    limit: int = param(0, "Use at most this many items of each split; 0 uses all.", low=0)
    catch_all: str = param(
        "",
        "Name of one more class, made of the items that have no label: what is of no class. Empty leaves them out.",
    )
    size: int = param(
        0,
        "Height and width in pixels; 0 is what the network was trained with, else the images' own size, or 64 where "
        "they differ.",
        low=0,
        high=4096,
    )
    resize: str = param(
        "crop", "crop scales the short side and cuts the middle out, squash scales both.", choices=("crop", "squash")
    )
    colour: str = param(
        "auto",
        "rgb, bgr (the channels in reverse), grey, or what the network was trained with, else what the first images "
        "are.",
        choices=("auto", "rgb", "bgr", "grey"),
        advanced=True,
    )
    interpolation: str = param(
        "auto",
        "How images are resized; auto is what the network was trained with, else bilinear.",
        choices=("auto", "nearest", "bilinear", "bicubic", "lanczos"),
        advanced=True,
    )
    central: float = param(
        0.0,
        "Share of the scaled image's side that is cut out of its middle; 0 is what the network was trained with, else "
        "1.",
        low=0,
        high=1,
        advanced=True,
    )
    normalize: str = param(
        "auto",
        "auto is what the network was trained with, else what its kind takes: half for a GAN, unit for all others. "
        "unit maps pixels to 0..1; standardize also gives each channel mean 0 and deviation 1 over the training split; "
        "imagenet takes ImageNet's mean and deviation; half maps to -1..1; minus-114 takes 114 from pixels in 0..255.",
        choices=("auto", *NORMALIZATIONS, "standardize"),
    )
    binarize: str = param(
        "no",
        "Make grey images black and white, for networks that make images: once makes a pixel white with its own grey "
        "level as the chance, by one draw that never changes; threshold makes the brighter half white; dynamic draws "
        "anew for every batch, and evaluates on the draw of once.",
        choices=BINARISATIONS,
    )
    binarize_seed: int = param(0, "Seed of that draw.", low=0, high=2**31 - 1, advanced=True)
    on_error: str = param(
        "stop", "What to do about an image that cannot be read: stop, or skip and count it.", choices=("stop", "skip")
    )

    def check(self) -> None:
        if self.validation + self.test >= 1:
            raise UserError("validation and test leave nothing to train on", remedy="make the shares smaller")
        if 0 < self.central < 0.1:
            raise UserError(f"central = {self.central:g} would enlarge a speck", remedy="use 0.1 to 1, or 0")
        if self.catch_all != " ".join(self.catch_all.split()):
            raise UserError(f"catch_all = {self.catch_all!r} is no name of a class", remedy="take needless space out")
        if self.fold > self.folds:
            raise UserError(f"fold = {self.fold} is more than folds = {self.folds}", remedy="count folds from 1")
        check_rule(self.groups)

    @property
    def binarisation(self) -> Binarisation:
        """What becomes of grey levels."""
        return Binarisation(how=self.binarize, seed=self.binarize_seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentParams(Params):
    """Random changes to training images, drawn anew for each batch, on the device."""

    flip: bool = param(False, "Mirror half of the images left to right.")
    translate: int = param(
        0, "Shift by up to this many pixels each way; the edge is reflected.", low=0, high=64, unit="px"
    )
    cutout: int = param(0, "Blank a square of this side at a random place.", low=0, high=512, unit="px")
    crop: float = param(
        0.0,
        "Least share of the image's area that a random crop keeps; 0 never crops. The crop is cut out of the image as "
        "the network would see it and enlarged to that size again, so a small one is blurred.",
        low=0,
        high=1,
    )
    rotate: float = param(
        0.0, "Turn by up to this angle each way; the edge is reflected.", low=0, high=180, unit="degrees"
    )
    colour: float = param(
        0.0, "Change brightness, contrast and saturation by up to this share each way.", low=0, high=1
    )
    randaugment: int = param(
        0,
        "RandAugment: this many operations for each image, drawn from fourteen (shear, shift, turn, colour, sharpness, "
        "equalise and the like).",
        label="RandAugment",
        low=0,
        high=10,
    )
    randaugment_strength: float = param(
        9.0, "RandAugment: how far an operation goes.", label="Their strength", low=0, high=30
    )
    erase: float = param(
        0.0, "Share of the images of which a random rectangle, 2 to 33 % of the area, is blanked.", low=0, high=1
    )
    mixup: float = param(
        0.0,
        "Mixup: blend each image and its label with another of the batch; the blend is drawn from a beta distribution "
        "with this parameter (0.2 mostly blends a little, 1 equally often by any share), 0 never blends.",
        low=0,
        high=100,
    )
    cutmix: float = param(
        0.0,
        "CutMix: paste a rectangle of another image of the batch, and as much of its label; the area is drawn from a "
        "beta distribution with this parameter, 0 never pastes. With mixup, each batch takes one of the two.",
        low=0,
        high=100,
    )

    @property
    def alters(self) -> bool:
        """Whether images are changed one by one."""
        kinds = (self.flip, self.translate, self.cutout, self.crop, self.rotate, self.colour)
        return any((*kinds, self.randaugment, self.erase))

    @property
    def mixes(self) -> bool:
        """Whether images of a batch are mixed with one another."""
        return bool(self.mixup or self.cutmix)

    @property
    def active(self) -> bool:
        """Whether training sees anything but the images as they are."""
        return self.alters or self.mixes


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainParams(Params):
    """How to train. A step is one update of the weights; an epoch one pass over the training split."""

    steps: int = param(2000, "Steps to take in all; setting it replaces epochs.", low=0, high=10**9)
    epochs: float = param(0.0, "Epochs to train in all; setting it replaces steps.", low=0, high=1e6)
    batch_size: int = param(50, "Images a step.", low=1, high=1_000_000)
    drop_last: bool = param(True, "Leave out the incomplete batch at the end of an epoch.", advanced=True)
    seed: int = param(0, "Seed of weights, order, dropout and augmentation.", low=0, high=2**31 - 1)

    optimizer: str = param("adamw", "The rule that turns gradients into updates.", choices=OPTIMISERS)
    learning_rate: float = param(1e-3, "Size of an update; the schedule scales it.", low=0, high=1e4)
    momentum: float = param(0.9, "Momentum of SGD and RMSprop.", low=0, high=0.99999)
    nesterov: bool = param(False, "Nesterov's form of SGD's momentum.")
    beta1: float = param(0.9, "Decay of the Adam family's mean gradient.", low=0, high=0.99999, advanced=True)
    beta2: float = param(
        0.999, "Decay of the Adam family's mean squared gradient.", low=0, high=0.999999, advanced=True
    )
    epsilon: float = param(1e-8, "Added to a denominator by the adaptive rules.", low=1e-16, high=1, advanced=True)
    weight_decay: float = param(
        0.0, "Decoupled decay: a step also shrinks every weight by learning rate times this.", low=0, high=100
    )
    l2: float = param(
        0.0, "Kernel L2: this times the sum of squared kernel weights is added to the loss.", low=0, high=100
    )
    accumulate: int = param(1, "Batches whose gradients are averaged before a step.", low=1, high=10_000)
    clip_norm: float = param(0.0, "Scale gradients down to this norm; 0 never does.", low=0)

    schedule: str = param("constant", "How the learning rate changes over the run.", choices=SCHEDULES)
    warmup_steps: int = param(0, "Steps over which the learning rate rises from near 0.", low=0)
    warmup_epochs: float = param(
        0.0, "Epochs over which the learning rate rises from near 0; instead of warmup_steps.", low=0, high=1e6
    )
    decay_every: int = param(0, "step schedule: steps between two decays; 0 for a third of the run.", low=0)
    decay_factor: float = param(0.1, "step schedule: what a decay multiplies the learning rate by.", low=0, high=1)
    peak_at: float = param(0.3, "one-cycle: share of the run at which the learning rate peaks.", low=0, high=1)
    start_factor: float = param(0.04, "one-cycle: first learning rate, as a share of the peak.", low=0, high=1)
    final_factor: float = param(0.0, "cosine and one-cycle: last learning rate, as a share of the peak.", low=0, high=1)
    learning_rates: tuple[float, ...] = param(
        (), "list schedule: one learning rate a step or epoch, the last one lasting; [0.2]*10 + [0.1] is understood."
    )
    schedule_unit: str = param("epoch", "list schedule: what one entry lasts.", choices=("step", "epoch"))

    ema: float = param(
        0.0,
        "Decay of a moving average of the weights (0.99 to 0.9999), which is what is then evaluated and saved; 0 keeps "
        "none. It is shorter over the first steps.",
        low=0,
        high=0.99999,
    )

    precision: str = param("fp32", "Arithmetic of the forward pass; weights stay fp32.", choices=PRECISIONS)
    channels_last: bool = param(True, "Memory layout that convolutions prefer.", advanced=True)
    compile: bool = param(False, "torch.compile the network: slow to start, faster afterwards on a GPU.", advanced=True)

    evaluate_every: int = param(0, "Steps between evaluations; 0 evaluates at exponentially spaced steps.", low=0)
    evaluate_epochs: float = param(0.0, "Epochs between evaluations; instead of evaluate_every.", low=0, high=1e6)
    evaluate_first: int = param(100, "Exponential evaluation: the first step.", low=1, advanced=True)
    evaluate_factor: float = param(
        1.1, "Exponential evaluation: ratio of two steps.", low=1.001, high=100, advanced=True
    )
    evaluation_batch: int = param(2000, "Images evaluated at once, at most.", low=1, high=1_000_000, advanced=True)
    evaluation_sample: int = param(
        5000, "Training images that are evaluated; always the same ones.", low=1, advanced=True
    )
    average_rate: float = param(
        0.01, "Weight of the newest step in the moving averages.", low=1e-6, high=1, advanced=True
    )
    recalibrate: bool = param(
        False, "Before evaluating, recompute batch-norm statistics over the evaluated training images.", advanced=True
    )
    patience: int = param(
        0, "Stop after this many evaluations without a better validation score; 0 never stops early.", low=0
    )

    checkpoint_steps: int = param(0, "Steps between checkpoints; 0 leaves it to the clock.", low=0)
    checkpoint_minutes: float = param(1.0, "Minutes between checkpoints; 0 leaves it to the steps.", low=0, high=10_000)
    checkpoint_keep: int = param(10, "Newest checkpoints kept, beside the best.", low=1, high=100_000)
    keep_best: bool = param(True, "Also keep the checkpoint of the best validation score.", advanced=True)
    init_from: str = param("", "Start from the weights of this run instead of random ones.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, section: str = "") -> Self:
        """Setting ``epochs`` alone leaves ``steps`` at 0: one of the two counts."""
        if values.get("epochs") and "steps" not in values:
            values = {**values, "steps": 0}
        # super() without arguments does not survive slots=True, which makes a new class
        return super(TrainParams, cls).from_dict(values, section=section)

    def with_texts(self, texts: Mapping[str, str], *, section: str = "") -> Self:
        """As the base, and setting one of ``steps`` and ``epochs`` clears the other; between evaluations alike."""
        for one, two in (("steps", "epochs"), ("evaluate_every", "evaluate_epochs")):
            for key, other in ((one, two), (two, one)):
                if key in texts and other not in texts:
                    texts = {**texts, other: "0"}
        return super(TrainParams, self).with_texts(texts, section=section)

    def check(self) -> None:
        if bool(self.steps) == bool(self.epochs):
            raise UserError("steps and epochs cannot both be set (or both be 0)", remedy="set one of them")
        if self.schedule == "list" and not self.learning_rates:
            raise UserError("schedule = list needs learning_rates", remedy="for example [0.2]*10 + [0.1]")
        if any(rate < 0 for rate in self.learning_rates):
            raise UserError("learning_rates cannot be negative")
        if self.warmup_steps and self.warmup_epochs:
            raise UserError("warmup_steps and warmup_epochs cannot both be set", remedy="set one of them")
        if self.evaluate_every and self.evaluate_epochs:
            raise UserError("evaluate_every and evaluate_epochs cannot both be set", remedy="set one of them")
        if self.nesterov and not self.momentum:
            raise UserError("nesterov needs a momentum above 0")
