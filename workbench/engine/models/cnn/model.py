"""The small convolutional network: three convolutions, two poolings, the dense stack."""

from torch import nn

from workbench.engine.errors import UserError
from workbench.engine.models.cnn.params import CnnParams
from workbench.engine.models.layers import DenseStack, image_norm, named

FILTERS = (32, 64, 64)


def build(params: CnnParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Images [B, C, H, W] to logits [B, classes].

    Convolution 3x3 and normalisation three times, each followed by ReLU, the first two also by pooling to half.

    Raises:
        UserError: The image is too small: the last map has no position, or a single one, of which centring would
            leave nothing.
    """
    channels, *size = shape
    shrink = 0 if params.padding == "same" else 2
    layers: dict[str, nn.Module] = {}
    for stage, filters in enumerate(FILTERS):
        size = [side - shrink for side in size]
        if min(size) < 1 or (params.normalization == "layer" and size == [1, 1]):
            raise _too_small(params, shape)
        height, width = size
        layers[f"conv_{stage}"] = nn.Conv2d(channels, filters, 3, padding=params.padding)
        layers[f"norm_{stage}"] = image_norm(params.normalization, channels=filters, height=height, width=width)
        layers[f"activation_{stage}"] = nn.ReLU()
        if stage < len(FILTERS) - 1:
            layers[f"pool_{stage}"] = nn.MaxPool2d(2)
            size = [side // 2 for side in size]
        channels = filters
    layers["flatten"] = nn.Flatten()
    layers["stack"] = DenseStack(
        features=channels * height * width,
        classes=classes,
        hidden_layers=params.hidden_layers,
        nodes=params.nodes,
        activation_name="relu",
        normalization=params.normalization,
        dropout=params.dropout,
    )
    return named(**layers)


def _too_small(params: CnnParams, shape: tuple[int, int, int]) -> UserError:
    _, height, width = shape
    wider = 'set model padding to "same" or ' if params.padding == "valid" else ""
    least = {("valid", True): 22, ("valid", False): 18, ("same", True): 8, ("same", False): 4}[
        (params.padding, params.normalization == "layer")
    ]
    return UserError(
        f"images of {width} x {height} pixels are too small for this cnn",
        remedy=f"{wider}enlarge the images to at least {least} x {least}",
    )
