"""The dense network: flattened pixels into the residual stack."""

from torch import nn

from workbench.engine.models.fnn.params import FnnParams
from workbench.engine.models.layers import DenseStack


def build(params: FnnParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Images [B, C, H, W] of any size to logits [B, classes]."""
    channels, height, width = shape
    stack = DenseStack(
        features=channels * height * width,
        classes=classes,
        hidden_layers=params.hidden_layers,
        nodes=params.nodes,
        activation_name=params.activation,
        normalization=params.normalization,
        dropout=params.dropout,
        residual=params.residual,
    )
    return nn.Sequential(nn.Flatten(), stack)
