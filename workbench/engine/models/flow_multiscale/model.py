"""A multi-scale flow of convolutions, in the manner of Glow (arXiv 1807.03039) with the gated networks and the learned
dequantisation of Flow++ (arXiv 1902.00275).

At each scale 2 x 2 squares of pixels become channels (squeeze), some steps follow, each of actnorm, a 1x1 convolution
and a coupling, and half of the channels leave (split) after one more coupling, which predicts them from those that
stay; only these go on to the next scale. All convolutions work at half the image's height and width or less, which is
what makes it quick.

Shapes: B images, C channels, H height, W width, D = C H W.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.errors import UserError
from workbench.engine.models.flow.base import Flow, levels_of
from workbench.engine.models.flow.couplings import ConvCoupling
from workbench.engine.models.flow.dequantise import make_dequantiser
from workbench.engine.models.flow_multiscale.layers import ActNorm, InvertibleConv, Mixing, Reverse
from workbench.engine.models.flow_multiscale.params import FlowMultiscaleParams

_FITTED = 512  # images that actnorm is fitted to
_FITTING = 0  # seed of the noise for that


class Step(nn.Module):
    """Layers that mix channels, and a coupling that changes the second half of them.

    Args:
        params: The options.
        channels: Of input and output.
        width: Of the coupling's hidden layers.
    """

    def __init__(self, params: FlowMultiscaleParams, *, channels: int, width: int) -> None:
        super().__init__()
        layers: list[Mixing] = [ActNorm(channels)] if params.actnorm else []
        layers.append(InvertibleConv(channels) if params.mixing == "lu" else Reverse())
        self.mixing = nn.ModuleList(layers)
        self.coupling = _half_coupling(channels, width=width, blocks=params.blocks)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        log_det = x.new_zeros(len(x))
        for layer in (*self.mixing, self.coupling):
            x, more = layer(x)
            log_det = log_det + more
        return x, log_det

    def inverse(self, y: Tensor) -> Tensor:
        y = self.coupling.inverse(y)
        for layer in reversed(self.mixing):
            assert isinstance(layer, Mixing)
            y = layer.inverse(y)
        return y

    def fit(self, x: Tensor) -> Tensor:
        """Fit actnorm to ``x``, and give what the step then makes of it."""
        if isinstance(norm := self.mixing[0], ActNorm):
            norm.fit(x)
        y: Tensor = self(x)[0]
        return y


class Scale(nn.Module):
    """The steps at one scale, and the coupling after which half of the channels leave, unless it is the last."""

    def __init__(self, params: FlowMultiscaleParams, *, channels: int, steps: int, width: int, splits: bool) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Step(params, channels=channels, width=width) for _ in range(steps))
        self.split = _half_coupling(channels, width=width, blocks=0) if splits else None


class MultiscaleFlow(Flow):
    """See the module. A code holds the numbers of the coarsest scale first.

    Args:
        params: The options.
        shape: C, H and W.

    Raises:
        UserError: Height and width cannot be halved as often as there are scales.
    """

    def __init__(self, params: FlowMultiscaleParams, *, shape: tuple[int, int, int]) -> None:
        channels, height, breadth = shape
        if height % 2**params.scales or breadth % 2**params.scales:
            raise UserError(
                f"images of {breadth} x {height} pixels cannot be halved {params.scales} times",
                remedy=f"set data.size to a multiple of {2**params.scales}, or model.scales to less",
            )
        dequantiser = make_dequantiser(
            params.dequantisation,
            shape=shape,
            variance=params.dequantisation_variance,
            width=params.dequantisation_width,
        )
        super().__init__(shape=shape, alpha=params.alpha, dequantiser=dequantiser)
        self.scales = nn.ModuleList(
            Scale(
                params,
                channels=channels * 4 * 2**index,
                steps=params.further_steps if index else params.steps,
                width=params.further_width if index else params.width,
                splits=index < params.scales - 1,
            )
            for index in range(params.scales)
        )

    def transform(self, x: Tensor) -> tuple[Tensor, Tensor]:
        left: list[Tensor] = []
        log_det = x.new_zeros(len(x))
        for scale in self._scales():
            x = F.pixel_unshuffle(x, 2)
            for step in scale.steps:
                x, more = step(x)
                log_det = log_det + more
            if scale.split is not None:
                x, more = scale.split(x)
                log_det = log_det + more
                x, leaving = x.chunk(2, dim=1)
                left.append(leaving)
        return torch.cat([some.flatten(1) for some in (x, *reversed(left))], dim=1), log_det

    def restore(self, codes_BD: Tensor) -> Tensor:
        parts = self._parts(codes_BD)
        x = parts.pop()
        for scale in reversed(list(self._scales())):
            if scale.split is not None:
                x = scale.split.inverse(torch.cat([x, parts.pop()], dim=1))
            for step in reversed(scale.steps):
                assert isinstance(step, Step)
                x = step.inverse(x)
            x = F.pixel_shuffle(x, 2)
        return x

    def prepare(self, images: Tensor) -> None:
        """Fit actnorm to the first of some training images [B, C, H, W]. Call before the first step.

        Raises:
            UserError: They are not in 0..1.
        """
        super().prepare(images)
        with torch.no_grad():
            noise = torch.Generator(images.device).manual_seed(_FITTING)
            levels = levels_of(images[:_FITTED])
            x, _ = self.to_reals(levels + self.dequantiser(levels, noise)[0])
            for scale in self._scales():
                x = F.pixel_unshuffle(x, 2)
                for step in scale.steps:
                    assert isinstance(step, Step)
                    x = step.fit(x)
                if scale.split is not None:
                    x = scale.split(x)[0].chunk(2, dim=1)[0]

    def _parts(self, codes_BD: Tensor) -> list[Tensor]:
        """What leaves at each scale, the finest first, and what remains at the last."""
        channels, height, width = self.shape
        shapes = []
        for index, scale in enumerate(self._scales()):
            height, width = height // 2, width // 2
            all_channels = channels * 4 * 2**index
            shapes.append((all_channels if scale.split is None else all_channels // 2, height, width))
        sizes = [depth * rows * columns for depth, rows, columns in reversed(shapes)]
        pieces = reversed(torch.split(codes_BD, sizes, dim=1))
        return [piece.reshape(-1, *shape) for piece, shape in zip(pieces, shapes, strict=True)]

    def _scales(self) -> Iterator[Scale]:
        for scale in self.scales:
            assert isinstance(scale, Scale)
            yield scale


def _half_coupling(channels: int, *, width: int, blocks: int) -> ConvCoupling:
    """The second half of the channels changes as a network makes of the first."""
    half = channels // 2
    return ConvCoupling(kept=range(half), changed=range(half, channels), width=width, blocks=blocks)


def build(params: FlowMultiscaleParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A :class:`MultiscaleFlow`; it learns nothing of classes."""
    return MultiscaleFlow(params, shape=shape)
