"""The deeper convolutional network: three pairs of convolutions, each pair pooled and dropped out."""

from torch import nn

from workbench.engine.errors import UserError
from workbench.engine.models.cnn_deep.params import CnnDeepParams
from workbench.engine.models.layers import Dropout, feature_norm, image_norm, named

FILTERS = (32, 64, 128)
SMALLEST = 2 ** len(FILTERS)


def build(params: CnnDeepParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Images [B, C, H, W] of at least 8 x 8 to logits [B, classes].

    Raises:
        UserError: The image is smaller than three poolings need.
    """
    channels, height, width = shape
    if min(height, width) < SMALLEST:
        raise UserError(
            f"images of {width} x {height} pixels are too small for cnn-deep",
            remedy=f"enlarge the images to at least {SMALLEST} x {SMALLEST} or use the fnn model",
        )
    stages: dict[str, nn.Module] = {}
    for index, filters in enumerate(FILTERS):
        stages[f"stage_{index}"] = named(
            conv_0=nn.Conv2d(channels, filters, 3, padding="same"),
            activation_0=nn.ReLU(),
            norm_0=image_norm(params.normalization, channels=filters, height=height, width=width),
            conv_1=nn.Conv2d(filters, filters, 3, padding="same"),
            activation_1=nn.ReLU(),
            norm_1=image_norm(params.normalization, channels=filters, height=height, width=width),
            pool=nn.MaxPool2d(2),
            dropout=Dropout(params.dropout if index else params.dropout_first),
        )
        channels, height, width = filters, height // 2, width // 2
    return named(
        **stages,
        flatten=nn.Flatten(),
        dense=nn.Linear(channels * height * width, params.nodes),
        activation=nn.ReLU(),
        norm=feature_norm(params.normalization, features=params.nodes),
        dropout=Dropout(params.dropout),
        last=nn.Linear(params.nodes, classes),
    )
