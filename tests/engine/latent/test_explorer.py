"""What a generative checkpoint is asked, and how its answers become pictures."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from latent_networks import BGR, GREY, HALF, Linear, explorer, trained
from processes import run as run_python
from torch import nn

from workbench.engine.data.pixels import Geometry
from workbench.engine.errors import UserError
from workbench.engine.latent import network as network_module
from workbench.engine.latent.explorer import explorer_of
from workbench.engine.latent.network import Network, Pictures
from workbench.engine.train.feed import Preprocessing, Scale

RNG = np.random.default_rng(5)
MIXED = Preprocessing(geometry=Geometry(size=4, how="crop", mode="RGB"), mean=(0.5,) * 3, deviation=(0.1, 0.2, 0.3))


@pytest.mark.parametrize("preprocessing", [GREY, HALF, BGR, MIXED])
@pytest.mark.parametrize("channels_last", [False, True])
def test_pictures_undo_the_preprocessing(preprocessing: Preprocessing, channels_last: bool) -> None:
    pixels = torch.from_numpy(RNG.integers(0, 256, (5, *preprocessing.geometry.shape), np.uint8))
    cpu = torch.device("cpu")
    seen = Scale(preprocessing, cpu, channels_last=channels_last)(pixels)
    pictures = Pictures(preprocessing, cpu)(seen)
    known = Scale(preprocessing, cpu, channels_last=channels_last).pixels(seen)
    assert pictures.dtype == torch.uint8
    assert pictures.is_contiguous()
    if preprocessing.geometry.mode == "L":
        assert (pictures == pixels[:, 0]).all()
    else:
        assert (pictures == known.permute(0, 2, 3, 1)).all()
    if preprocessing.geometry.mode == "BGR":
        assert (pictures == pixels.flip(1).permute(0, 2, 3, 1)).all()


def test_pictures_round_and_clamp_and_leave_their_input() -> None:
    images = torch.tensor([-3.0, -0.001, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.7]).reshape(1, 1, 2, 3)
    before = images.clone()
    pictures = Pictures(GREY, torch.device("cpu"))(images)
    assert pictures.flatten().tolist() == [0, 0, 0, 1, 255, 255]
    assert (images == before).all()


@pytest.mark.parametrize("preprocessing", [GREY, BGR])
def test_a_code_and_its_picture_find_each_other(preprocessing: Preprocessing) -> None:
    explored = explorer(preprocessing, dims=3)
    assert (explored.run, explored.step, explored.family, explored.dims) == ("run", 7, "vae", 3)
    assert (explored.encodes, explored.score_name, explored.score_unit) == ("posterior", "closeness", "nats")
    assert (explored.protocol, explored.shape) == ("hand-made", preprocessing.geometry.shape)
    codes = RNG.normal(0, 0.3, (6, 3)).astype(np.float32)
    pictures = explored.decode(codes)
    assert pictures.shape == ((6, 4, 4) if preprocessing is GREY else (6, 4, 4, 3))
    mean, deviation = explored.encode(explored.pixels_of(pictures))
    assert mean == pytest.approx(codes, abs=0.05)
    assert (deviation == 0.25).all()
    assert mean.dtype == deviation.dtype == np.float32
    assert (explored.pictures_of(explored.pixels_of(pictures)) == pictures).all()


def test_a_readonly_code_and_odd_strides_will_do() -> None:
    explored = explorer()
    codes = RNG.normal(0, 0.3, (8, 4)).astype(np.float32)[::2, ::2]
    codes.setflags(write=False)
    one_by_one = np.concatenate([explored.decode(code[None]) for code in codes])
    assert (explored.decode(codes) == one_by_one).all()


def test_noise_follows_from_the_seed() -> None:
    explored = explorer()
    codes = np.zeros((4, 2), np.float32)
    first, again, other = (explored.draw(codes, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert (first[0] != first[1]).any()
    pixels = explored.pixels_of(explored.decode(codes))
    assert (explored.score(pixels) == explored.score(pixels, seed=0)).all()
    assert (explored.score(pixels) != explored.score(pixels, seed=1)).any()
    assert explored.score(pixels).shape == (4,)


def test_many_codes_go_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Linear((1, 4, 4), 2)
    monkeypatch.setattr(network_module, "_MOST", 5)
    explored = explorer_of(trained(model, GREY), run="run")
    assert explored.network.code_rows == explored.network.image_rows == 5
    codes = RNG.normal(0, 0.3, (12, 2)).astype(np.float32)
    model.calls.clear()
    pictures = explored.decode(codes)
    assert model.calls == [5, 5, 2]
    assert (pictures == np.concatenate([explored.decode(codes[:7]), explored.decode(codes[7:])])).all()
    mean, _ = explored.encode(explored.pixels_of(pictures))
    assert mean == pytest.approx(codes, abs=0.05)


def test_a_pass_is_small_where_the_network_is_large() -> None:
    small, large = Linear((1, 4, 4), 2), Linear((1, 4, 4), 2)
    large.decoder = nn.Sequential(nn.Linear(2, 20_000), nn.Linear(20_000, 16))  # type: ignore[assignment]
    large.encode = lambda images: (images.flatten(1)[:, :2],) * 2  # type: ignore[method-assign, assignment, return-value]
    large.forward = lambda images: large.decode(images.flatten(1)[:, :2])  # type: ignore[method-assign]
    rows = [Network(trained(model, GREY)).code_rows for model in (small, large)]
    assert rows[0] == 4096
    assert rows[1] == 32 * 1024**2 // (4 * 20_000)


def test_what_gives_no_codes_says_so() -> None:
    explored = explorer(encodes="no")
    with pytest.raises(UserError, match="gives images no codes"):
        explored.encode(np.zeros((1, 1, 4, 4), np.uint8))
    explored.decode(np.zeros((1, 2), np.float32))


def test_what_makes_no_images_is_refused() -> None:
    with pytest.raises(UserError, match="makes no images"):
        explorer_of(trained(nn.Linear(2, 2), GREY), run="run")


def test_threads_take_turns_in_the_order_in_which_they_came() -> None:
    turns, order = network_module._Turns(), []
    came = [threading.Event() for _ in range(4)]

    def come(number: int) -> None:
        came[number].set()
        with turns:
            order.append(number)

    with ThreadPoolExecutor(4) as pool:
        with turns:
            futures = []
            for number in range(4):
                futures.append(pool.submit(come, number))
                while len(turns._queue) <= number:
                    came[number].wait(5)
        for future in futures:
            future.result(5)
    assert order == [0, 1, 2, 3]
    with turns:  # and it is free again
        pass


def test_threads_at_once_get_their_own_answers() -> None:
    explored = explorer(dims=3)
    codes = RNG.normal(0, 0.3, (40, 3)).astype(np.float32)
    expected = [explored.decode(code[None]) for code in codes]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda code: explored.decode(code[None]), codes))
    assert all((one == other).all() for one, other in zip(found, expected, strict=True))
    assert not explored.network._trained.lock.locked()


def test_an_error_of_the_network_frees_it() -> None:
    explored = explorer()
    with pytest.raises(AssertionError):
        explored.decode(np.zeros((1, 3), np.float32))
    with pytest.raises(RuntimeError):
        explored.network.decode(np.zeros((1, 3), np.float32))
    assert explored.decode(np.zeros((1, 2), np.float32)).shape == (1, 4, 4)


def test_torch_comes_with_a_network_and_not_before() -> None:
    names = ("explorer", "codes", "originals", "plane", "manifold", "walk", "arithmetic", "sampling", "inversion")
    modules = [*(f"workbench.engine.latent.{name}" for name in names), "workbench.engine.export.latent"]
    loaded = run_python(f"import sys, {', '.join(modules)}; print(*sys.modules)").split()
    assert set(modules) <= set(loaded)
    assert not {"torch", "scipy", "PySide6"} & set(loaded)
