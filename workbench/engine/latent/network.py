"""A checkpoint's network between numpy arrays: codes to pictures, pixels to codes, as fast as the network allows.

Everything here may be called from any thread. A network has one user at a time and serves them in the order in which
they came, in passes that are short, so that dragging stays live while something long goes on. Shapes: N codes or
images, D dimensions, C channels, H = W pixels, R restarts.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.engine.data.pixels import Bytes
from workbench.engine.device import mix
from workbench.engine.errors import UserError
from workbench.engine.latent.explorer import not_generative
from workbench.engine.models.generative import Generative
from workbench.engine.models.layers import summary
from workbench.engine.train.evaluate import autocast
from workbench.engine.train.feed import Preprocessing, Scale
from workbench.engine.train.trained import Trained

Singles = NDArray[np.float32]
_DRAW, _SCORE = 11, 12  # purposes of a seed, as in the feed
# A pass of a billion multiply-adds takes some 20 ms on two cores: what somebody who drags waits for at most.
_MACS, _LARGEST, _MOST = 1e9, 32 * 1024**2, 4096
_ACCELERATOR = 64  # times as much of each for a device that wants to be filled


class _Turns:
    """A lock that is handed on in the order in which threads asked for it, which Python's own is not."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._taken = False


class _Decoding(nn.Module):
    """A network seen from its codes, to be counted."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, codes_BD: Tensor) -> Tensor:
        return cast(Generative, self.model).decode(codes_BD)


class Pictures:
    """Network input to bytes for people: undoes the preprocessing, rounds and clamps.

    Args:
        preprocessing: What images went through.
        device: Where they are.
    """

    def __init__(self, preprocessing: Preprocessing, device: torch.device) -> None:
        factor = 255 * torch.tensor(preprocessing.deviation)
        shift = 255 * torch.tensor(preprocessing.mean) + 0.5  # the half makes cutting off into rounding
        alike = bool((factor == factor[0]).all() and (shift == shift[0]).all())
        self._alike = float(factor[0]) if alike else None
        self._shift = (shift[0] if alike else shift.view(1, -1, 1, 1)).to(device)
        self._factor = factor.view(1, -1, 1, 1).to(device)
        self._reversed = preprocessing.geometry.mode == "BGR"

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        """uint8 [B, H, W], or [B, H, W, 3], red before blue."""
        x_BCHW = images_BCHW.float()
        if self._alike is not None:
            x_BCHW = torch.add(self._shift, x_BCHW, alpha=self._alike)
        else:
            x_BCHW = torch.addcmul(self._shift, x_BCHW, self._factor)
        x_BCHW.clamp_(0, 255)
        if x_BCHW.shape[1] == 1:
            return x_BCHW[:, 0].to(torch.uint8)
        x_BCHW = x_BCHW.flip(1) if self._reversed else x_BCHW
        return x_BCHW.permute(0, 2, 3, 1).to(torch.uint8, memory_format=torch.contiguous_format)


class Network:
    """A generative checkpoint, ready to be asked.

    Args:
        trained: The checkpoint. Its weights get no gradients from here on.

    Raises:
        UserError: It makes no images.
    """

    def __init__(self, trained: Trained) -> None:
        if not isinstance(trained.model, Generative):
            raise not_generative(trained.job.model)
        trained.model.requires_grad_(False)
        self._trained, self.model = trained, cast(Generative, trained.model)
        self._device, self._turns = trained.device, _Turns()
        self._context = autocast(trained.job.train.precision, trained.device)
        self._scale = Scale(trained.preprocessing, trained.device, channels_last=trained.job.channels_last)
        self._pictures = Pictures(trained.preprocessing, trained.device)
        self._unit = torch.tensor(trained.preprocessing.deviation, device=trained.device).view(1, -1, 1, 1)
        self.code_rows = self._rows(_Decoding(trained.model), (self.model.dims,))
        self.image_rows = self._rows(trained.model, trained.meta.shape)

    def _rows(self, module: nn.Module, shape: tuple[int, ...]) -> int:
        """How many codes or images a pass has at most: its multiply-adds and its memory decide, never the clock."""
        with self._trained.lock:
            layers = summary(module, shape)
        macs = sum(row.macs for row in layers)
        sizes = (int(np.prod(row.output_shape)) for row in layers)
        largest = 4 * max(int(np.prod(self._trained.meta.shape)), *shape, *sizes)
        more = 1 if self._device.type == "cpu" else _ACCELERATOR
        return int(max(1, min(_MOST, more * _MACS / max(1, macs), more * _LARGEST / largest)))

    def decode(self, codes: Singles) -> Bytes:
        """Pictures of codes float32[N, D]."""
        found: Bytes = self._passes(codes, self.code_rows, lambda codes: self._pictures(self.model.decode(codes)))
        return found

    def draw(self, codes: Singles, *, seed: int) -> Bytes:
        """Pictures of codes with the noise of the likelihood."""
        noise = self._noise(seed, _DRAW)
        found: Bytes = self._passes(codes, self.code_rows, lambda codes: self._pictures(self.model.draw(codes, noise)))
        return found

    def encode(self, pixels: Bytes) -> tuple[Singles, Singles]:
        """Means and deviations float32[N, D] of pixels uint8[N, C, H, W]."""

        def both(pixels: Tensor) -> Tensor:
            return torch.stack([part.float() for part in self.model.encode(self._scale(pixels))], 1)

        found: Singles = self._passes(pixels, self.image_rows, both)
        return found[:, 0], found[:, 1]

    def score(self, pixels: Bytes, *, seed: int) -> Singles:
        """What the network makes of pixels uint8[N, C, H, W], float32[N]."""
        noise = self._noise(seed, _SCORE)
        found: Singles = self._passes(
            pixels, self.image_rows, lambda pixels: self.model.score(self._scale(pixels), noise).float()
        )
        return found

    def descend(
        self, pixels: Bytes, codes: Singles, *, steps: int, rate: float, prior: float
    ) -> Generator[tuple[Singles, Singles], None, None]:
        """Move codes towards what decodes to ``pixels`` with Adam, its rate falling to nothing by a cosine.

        Args:
            pixels: uint8[N, C, H, W].
            codes: Where to begin, float32[N, R, D].
            prior: Weight of the mean square of a code beside the mean squared difference of pixels in 0..1.

        Yields:
            After every step codes float32[N, R, D], and the root mean squared difference of each, float32[N, R].
        """
        count, restarts, dims = codes.shape
        moved = _tensor(codes).to(self._device).reshape(-1, dims).clone().requires_grad_()
        with torch.no_grad():
            targets = self._scale(_tensor(pixels).to(self._device)).repeat_interleave(restarts, 0)
        optimiser = torch.optim.Adam([moved], lr=rate)
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = rate * (1 + np.cos(np.pi * step / steps)) / 2
            with self._alone(), torch.enable_grad():
                apart = (self.model.decode(moved).float() - targets) * self._unit
                squares = apart.square().mean((1, 2, 3))
                (moved.grad,) = torch.autograd.grad((squares + prior * moved.square().mean(1)).sum(), moved)
            before = moved.detach().cpu().numpy().copy()
            optimiser.step()
            yield before.reshape(codes.shape), squares.detach().sqrt().cpu().numpy().reshape(count, restarts)

    def _noise(self, seed: int, purpose: int) -> torch.Generator:
        return torch.Generator(self._device).manual_seed(mix(seed, purpose))

    def _passes(self, rows: NDArray[np.uint8] | Singles, most: int, work: Callable[[Tensor], Tensor]) -> Any:
        """``work`` on ``rows``, at most so many at a time."""
        parts = []
        for start in range(0, max(1, len(rows)), most):
            some = _tensor(rows[start : start + most])
            with self._alone(), torch.inference_mode():
                parts.append(work(some.to(self._device)).cpu())
        return (torch.cat(parts) if parts[1:] else parts[0]).numpy()

    @contextlib.contextmanager
    def _alone(self) -> Generator[None, None, None]:
        try:
            with self._turns, self._trained.lock, self._context():
                yield
        except torch.OutOfMemoryError:
            raise UserError(
                "the device has not enough memory left for this network",
                remedy="stop what else uses it, or use the device cpu",
            ) from None


def _tensor(array: NDArray[np.uint8] | Singles) -> Tensor:
    """``array`` as a tensor that may be shared with it; torch minds what cannot be written."""
    whole = np.ascontiguousarray(array)
    return torch.from_numpy(whole if whole.flags.writeable else whole.copy())
