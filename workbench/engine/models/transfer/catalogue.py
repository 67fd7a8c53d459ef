"""Writes the table of backbones from the installed libraries: ``python -m workbench.engine.models.transfer.catalogue``.

Run it again after a new torchvision or timm. Networks are built without memory for their weights; one that does not
take a batch of images of its own size and return features is left out, and said.
"""

import csv
import io
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import timm
import torchvision
from torch import nn

from workbench.engine.errors import UserError
from workbench.engine.files import write_bytes
from workbench.engine.models.transfer import library
from workbench.engine.models.transfer.backbones import COLUMNS, TABLE, TIMM, TORCHVISION, Choice, digest
from workbench.engine.resources import resources


def row(choice: Choice) -> dict[str, str | int]:
    """What the table says of one architecture.

    Raises:
        UserError: It cannot be used as a backbone.
    """
    size = library.wanted_by(choice).size
    network = library.without_memory(choice, size=(size, size))
    if len(library.run_through(network, size=(size, size))[""].shape) != 2:
        raise UserError("what it returns are no features", where=str(choice))
    return {
        "library": choice.library,
        "name": choice.name,
        "parameters": published_parameters(choice),
        "size": size,
        "tags": " ".join(_tags(choice)),
        "classifier": " ".join(network.classifier),
        "key": digest({name: tuple(tensor.shape) for name, tensor in network.module.state_dict().items()}),
    }


def published_parameters(choice: Choice) -> int:
    """Parameters of the network as it was published, with its classifier."""

    def make() -> nn.Module:
        if choice.library == TORCHVISION:
            return cast(nn.Module, torchvision.models.get_model(choice.name, weights=None))
        return timm.create_model(choice.name, pretrained=False)

    module = library.unallocated(make)
    return sum(parameter.numel() for parameter in module.parameters())


def _tags(choice: Choice) -> list[str]:
    """Names of the published weights, the usual ones first."""
    if choice.library == TORCHVISION:
        usual = library.torchvision_weights(choice)
        tags = [weights.name for weights in torchvision.models.get_model_weights(choice.name)]
        return sorted(tags, key=lambda tag: (tag != usual.name, tag))
    configs = timm.models.get_arch_pretrained_cfgs(choice.name)
    return [name.partition(".")[2] or "default" for name, config in configs.items() if config.has_weights]


def rows() -> Iterator[dict[str, str | int]]:
    """All rows, torchvision's first; what is left out goes to the log of this program."""
    for name in (TORCHVISION, TIMM):
        for architecture in library.library_names(name):
            choice = Choice(library=name, name=architecture)
            try:
                yield row(choice)
            except UserError as error:
                sys.stderr.write(f"left out: {error}\n")


def write(path: Path) -> None:
    """Write the table to ``path``."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    write_bytes(path, text.getvalue().encode())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write(resources() / TABLE)
