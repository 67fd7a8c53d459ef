"""From item ids to batches: order and scaling; reference values from torchvision and numpy."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from workbench.engine.data.pixels import ArrayPixels, Geometry
from workbench.engine.errors import UserError
from workbench.engine.train.feed import (
    Feed,
    Order,
    Preprocessing,
    Scale,
    channel_statistics,
    evaluation_sample,
)

CPU = torch.device("cpu")


def images(count: int = 12, *, channels: int = 3, size: int = 8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, channels, size, size), dtype=np.uint8)


def pixels(array: np.ndarray) -> ArrayPixels:
    return ArrayPixels(array, rows=None, unreadable={})


def preprocessing(mean: tuple[float, ...], deviation: tuple[float, ...]) -> Preprocessing:
    return Preprocessing(geometry=Geometry(size=8, how="crop", mode="RGB"), mean=mean, deviation=deviation)


def test_an_epoch_is_a_permutation_and_every_epoch_another() -> None:
    order = Order(np.arange(100, 140), batch=10, drop_last=True, seed=3)
    epochs = [torch.cat([order[4 * epoch + position] for position in range(4)]).tolist() for epoch in range(3)]
    assert all(sorted(epoch) == list(range(100, 140)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_the_order_depends_on_the_position_alone() -> None:
    forwards = [
        batch.tolist() for batch in map(Order(np.arange(50), batch=7, drop_last=True, seed=1).__getitem__, range(30))
    ]
    jumping = Order(np.arange(50), batch=7, drop_last=True, seed=1)
    for number in (29, 3, 17, 0, 8):
        assert jumping[number].tolist() == forwards[number]
    assert Order(np.arange(50), batch=7, drop_last=True, seed=2)[0].tolist() != forwards[0]


def test_the_last_batch_is_left_out_or_short() -> None:
    assert Order(np.arange(25), batch=10, drop_last=True, seed=0).per_epoch == 2
    keeping = Order(np.arange(25), batch=10, drop_last=False, seed=0)
    assert keeping.per_epoch == 3
    assert [len(keeping[number]) for number in range(4)] == [10, 10, 5, 10]


def test_a_split_smaller_than_a_batch_is_one_batch() -> None:
    order = Order(np.arange(5), batch=10, drop_last=True, seed=0)
    assert order.per_epoch == 1
    assert sorted(order[0].tolist()) == list(range(5))


def test_scaling_is_what_torchvision_does() -> None:
    array = images()
    mean, deviation = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
    feed = Feed(
        pixels(array),
        np.arange(12),
        device=CPU,
        scale=Scale(preprocessing(mean, deviation), CPU, channels_last=True),
    )
    batch, labels = feed.batch(torch.tensor([3, 0, 7]))
    wanted = v2.functional.normalize(torch.from_numpy(array[[3, 0, 7]]).float() / 255, list(mean), list(deviation))
    torch.testing.assert_close(batch, wanted, atol=2e-6, rtol=0)
    assert labels.tolist() == [3, 0, 7]


def test_selected_items_are_found_in_their_rows() -> None:
    array = images(3)
    rows = np.full(100, -1)
    rows[[50, 7, 99]] = (0, 1, 2)
    some = ArrayPixels(array, rows=rows, unreadable={})
    scale = Scale(preprocessing((0.0,) * 3, (1.0,) * 3), CPU, channels_last=False)
    feed = Feed(some, np.arange(100), device=CPU, scale=scale)
    assert (feed.images(torch.tensor([99, 50])).numpy() == array[[2, 0]]).all()


def test_channel_statistics_are_numpys() -> None:
    array = images(2500, size=4)
    items = np.arange(0, 2500, 2)
    mean, deviation = channel_statistics(pixels(array), items)
    chosen = array[items] / 255
    np.testing.assert_allclose(mean, chosen.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(deviation, chosen.std((0, 2, 3)), rtol=1e-9)


def test_a_constant_channel_cannot_be_standardised() -> None:
    with pytest.raises(UserError, match="constant"):
        channel_statistics(pixels(np.full((4, 1, 2, 2), 9, np.uint8)), np.arange(4))


def test_the_evaluated_sample_is_always_the_same() -> None:
    items = np.arange(1000, 3000)
    sample = evaluation_sample(items, most=50, seed=4)
    assert len(np.unique(sample)) == 50
    assert np.isin(sample, items).all()
    assert (sample == evaluation_sample(items, most=50, seed=4)).all()
    assert (evaluation_sample(items, most=5000, seed=4) == items).all()


def test_preprocessing_survives_its_dictionary() -> None:
    one = preprocessing((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))
    assert Preprocessing.from_dict(one.to_dict()) == one
