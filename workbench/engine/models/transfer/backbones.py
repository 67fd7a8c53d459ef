"""The networks that can be reused, from a table that ships: listing them loads neither library.

The table (``resources/backbones.csv``) is made by :mod:`.catalogue` from the versions installed then. Another version
may lack some names and know others; a name that is not in the table is asked of the libraries when it is built.
"""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.engine.resources import resources

TABLE = "backbones.csv"
COLUMNS = ("library", "name", "parameters", "size", "tags", "classifier", "key")
TORCHVISION, TIMM = "torchvision", "timm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """One architecture.

    Attributes:
        name: As ``model.backbone`` takes it: ``torchvision/resnet18``.
        library: ``torchvision`` or ``timm``.
        parameters: As published, with the classifier.
        size: Height and width of the images that it was made for, in pixels.
        tags: Its sets of published weights, the usual one first; ``name.tag`` names one.
        classifier: Names of its last layers' modules, which a new head replaces.
        key: Digest of its tensors' names and shapes without the classifier; see :func:`digest`.
    """

    name: str
    library: str
    parameters: int
    size: int
    tags: tuple[str, ...]
    classifier: tuple[str, ...]
    key: str

    @property
    def weights(self) -> bool:
        """Whether there are published weights."""
        return bool(self.tags)


def backbones() -> tuple[Backbone, ...]:
    """All of the table, torchvision's first, by name."""
    with (resources() / TABLE).open(newline="", encoding="utf-8") as file:
        return tuple(
            Backbone(
                name=f"{row['library']}/{row['name']}",
                library=row["library"],
                parameters=int(row["parameters"]),
                size=int(row["size"]),
                tags=tuple(row["tags"].split()),
                classifier=tuple(row["classifier"].split()),
                key=row["key"],
            )
            for row in csv.DictReader(file)
        )


def digest(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """What tells a network's tensors, names and shapes, from those of another: 12 hexadecimal digits."""
    text = "\n".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in sorted(shapes.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A ``model.backbone`` taken apart. ``tag`` is empty for the usual weights."""

    library: str
    name: str
    tag: str = ""

    @property
    def full(self) -> str:
        """The name that a library takes, with the tag."""
        return f"{self.name}.{self.tag}" if self.tag else self.name

    def __str__(self) -> str:
        return f"{self.library}/{self.full}"


def choose(backbone: str) -> Choice:
    """What ``model.backbone`` names; a bare name is torchvision's where torchvision has it."""
    library, slash, rest = backbone.strip().rpartition("/")
    name, _, tag = rest.partition(".")
    if not slash:
        known = {entry.name for entry in backbones() if entry.library == TORCHVISION}
        library = TORCHVISION if f"{TORCHVISION}/{name}" in known else TIMM
    return Choice(library=library, name=name, tag=tag)
