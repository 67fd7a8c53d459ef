"""Laws of every generative family of the registry, as an explorer sees it."""

import dataclasses

import numpy as np
import pytest
import torch
from latent_networks import trained

from workbench.engine.data.pixels import Geometry
from workbench.engine.errors import UserError
from workbench.engine.latent.explorer import EXACT, NO, Explorer, explorer_of
from workbench.engine.latent.inversion import invert
from workbench.engine.models import MODELS, build
from workbench.engine.train.feed import Preprocessing

SMALL = {"nodes": 8, "hidden": 8, "hidden_layers": 1, "couplings": 2}
GENERATIVE = [name for name in MODELS if MODELS[name].task != "classify"]


@pytest.fixture(params=GENERATIVE)
def explorer(request: pytest.FixtureRequest) -> Explorer:
    """Fresh weights for grey images of 32 x 32 pixels, in -1..1 where the family wants that."""
    family = MODELS[request.param]
    fields = {field.name for field in dataclasses.fields(family.params)}
    params = family.params(**{name: value for name, value in SMALL.items() if name in fields})
    middle = (0.5,) if family.normalize == "half" else (0.0,)
    preprocessing = Preprocessing(
        geometry=Geometry(size=32, how="crop", mode="L"), mean=middle, deviation=middle if middle[0] else (1.0,)
    )
    model = build(request.param, params, shape=(1, 32, 32), classes=0, generator=torch.Generator().manual_seed(0))
    if family.spatial:
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return explorer_of(trained(model, preprocessing), run="run")


def test_what_every_family_can_be_asked(explorer: Explorer) -> None:
    codes = np.random.default_rng(0).standard_normal((3, explorer.dims), np.float32)
    pictures = explorer.decode(codes)
    assert (pictures.shape, pictures.dtype) == ((3, 32, 32), np.uint8)
    alone = np.concatenate([explorer.decode(code[None]) for code in codes])
    assert np.abs(alone.astype(int) - pictures).max() <= 1
    assert (explorer.draw(codes, seed=3) == explorer.draw(codes, seed=3)).all()
    pixels = explorer.pixels_of(pictures)
    assert np.isfinite(explorer.score(pixels)).all()
    assert explorer.score_name
    if explorer.encodes == NO:
        with pytest.raises(UserError, match="no codes"):
            explorer.encode(pixels)
        return
    mean, deviation = explorer.encode(pixels)
    assert mean.shape == deviation.shape == codes.shape
    assert deviation.any() == (explorer.encodes != EXACT)


def test_every_family_can_be_searched_for_codes(explorer: Explorer) -> None:
    pixels = explorer.pixels_of(explorer.decode(np.zeros((1, explorer.dims), np.float32)))
    *_, last = invert(explorer, pixels, steps=3, restarts=2)
    assert np.isfinite(last.loss).all()
    assert last.codes.any()
