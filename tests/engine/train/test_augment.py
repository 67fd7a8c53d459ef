"""Random changes to training images; references from torchvision, PIL and loops written out."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as tv

from workbench.engine.train.augment import Augment
from workbench.engine.train.image_ops import adjust, blank, resize_regions, warp
from workbench.engine.train.params import AugmentParams
from workbench.engine.train.randaugment import GEOMETRIC, OPERATIONS, change

EVERYTHING = [
    {"flip": True},
    {"translate": 2},
    {"cutout": 3},
    {"crop": 0.3},
    {"rotate": 30.0},
    {"colour": 0.5},
    {"randaugment": 2},
    {"erase": 0.5},
]


def images(count: int = 12, *, channels: int = 3, size: int = 8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, channels, size, size), dtype=np.uint8)


def smooth(count: int = 4, *, side: int = 64) -> Tensor:
    """Coloured blobs: what resampling is about, without noise that would drown it."""
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(2)) * 255
    return F.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 255).round().byte()


def augmented(batch: Tensor, seed: int = 0, **options: object) -> Tensor:
    return Augment(AugmentParams.from_dict(options), torch.Generator().manual_seed(seed))(batch.clone())


def inner(batch: Tensor, margin: int) -> Tensor:
    return batch[..., margin:-margin, margin:-margin].float()


# Laws of all of them


@pytest.mark.parametrize("options", [*EVERYTHING, {key: value for one in EVERYTHING for key, value in one.items()}])
@pytest.mark.parametrize("channels", [1, 3])
def test_changes_are_drawn_from_the_generator_alone(options: dict[str, object], channels: int) -> None:
    batch = torch.from_numpy(images(32, channels=channels, size=16)).contiguous(memory_format=torch.channels_last)
    before, state = batch.clone(), torch.get_rng_state()
    first, second, other = (augmented(batch, seed, **options) for seed in (5, 5, 6))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert not torch.equal(first, before)
    assert torch.equal(state, torch.get_rng_state())
    assert (first.dtype, first.shape) == (torch.uint8, batch.shape)


@pytest.mark.parametrize("options", EVERYTHING)
def test_a_change_leaves_its_input_alone(options: dict[str, object]) -> None:
    batch = torch.from_numpy(images(32, size=16))
    before = batch.clone()
    Augment(AugmentParams.from_dict(options), torch.Generator().manual_seed(0))(batch)
    assert torch.equal(batch, before)


@pytest.mark.parametrize("options", EVERYTHING)
def test_what_is_drawn_on_the_cpu_is_the_same_for_every_device(options: dict[str, object]) -> None:
    """A generator beside the device's makes no difference but to what was always drawn on the device."""
    params, batch = AugmentParams.from_dict(options), torch.from_numpy(images(32, size=16))
    one = Augment(params, torch.Generator().manual_seed(1), host=torch.Generator().manual_seed(3))(batch)
    two = Augment(params, torch.Generator().manual_seed(2), host=torch.Generator().manual_seed(3))(batch)
    assert torch.equal(one, two) == (not options.keys() & {"flip", "translate", "cutout"})


def test_nothing_to_do_is_not_active() -> None:
    assert not Augment(AugmentParams(), torch.Generator()).active
    assert not Augment(AugmentParams(mixup=1.0, randaugment_strength=5.0), torch.Generator()).active
    assert all(Augment(AugmentParams.from_dict(one), torch.Generator()).active for one in EVERYTHING)
    assert AugmentParams(mixup=1.0).active
    assert AugmentParams(cutmix=1.0).mixes
    assert not AugmentParams(randaugment_strength=5.0).active


# Flip, translation, cutout: as they were drawn in every version


def test_the_draws_of_earlier_runs_are_kept() -> None:
    """Rows, columns, mirrored, then the square's row and column, one whole number an image each."""
    batch, reach, side = images(20, size=9), 2, 4
    generator = torch.Generator().manual_seed(8)
    drawn = [torch.randint(high, (20,), generator=generator).tolist() for high in (5, 5, 2, 9, 9)]
    wanted = []
    for image, down, right, mirrored, row, column in zip(batch, *drawn, strict=True):
        mirror = image[:, :, ::-1] if mirrored else image
        padded = np.pad(mirror, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
        moved = padded[:, down : down + 9, right : right + 9].copy()
        top, left = max(row - side // 2, 0), max(column - side // 2, 0)
        moved[:, top : row - side // 2 + side, left : column - side // 2 + side] = 128
        wanted.append(moved)
    found = augmented(torch.from_numpy(batch), 8, flip=True, translate=reach, cutout=side)
    assert (found.numpy() == np.stack(wanted)).all()


def test_flipping_mirrors_about_half_of_the_images() -> None:
    batch = torch.from_numpy(images(400))
    flipped = augmented(batch, flip=True)
    mirrored = (flipped == batch.flip(-1)).flatten(1).all(1)
    kept = (flipped == batch).flatten(1).all(1)
    assert bool((mirrored | kept).all())
    assert 150 < int(mirrored.sum()) < 250


def test_translation_is_a_crop_of_the_reflected_image() -> None:
    batch = torch.from_numpy(images(200))
    reach = 2
    moved = augmented(batch, translate=reach)
    padded = F.pad(batch.float(), (reach,) * 4, mode="reflect").byte()
    seen = set()
    for image, source in zip(moved, padded, strict=True):
        found = [
            (down, right)
            for down in range(2 * reach + 1)
            for right in range(2 * reach + 1)
            if torch.equal(image, source[:, down : down + 8, right : right + 8])
        ]
        assert len(found) == 1
        seen.add(found[0])
    assert len(seen) == (2 * reach + 1) ** 2


def test_cutout_blanks_one_square_at_most_of_its_side() -> None:
    batch = torch.full((300, 3, 8, 8), 7, dtype=torch.uint8)
    cut = augmented(batch, cutout=3)
    blank = (cut == 128).all(1)
    assert set(cut.unique().tolist()) == {7, 128}
    sizes = blank.sum((1, 2))
    assert int(sizes.max()) == 9
    assert int(sizes.min()) >= 4  # its centre lies on the image


# Random resized crop


def test_a_region_is_resized_as_torchvision_does() -> None:
    batch = smooth(side=40)
    regions = [(0, 0, 40, 40), (5, 3, 20, 31), (0, 30, 9, 10), (39, 0, 1, 40)]
    found = resize_regions(batch, regions)
    for image, result, region in zip(batch, found, regions, strict=True):
        wanted = tv.resized_crop(image.float(), *region, size=[40, 40], antialias=True)
        assert (result.float() - wanted).abs().max() <= 1
    assert torch.equal(found[0], batch[0])


def test_crops_have_the_areas_and_aspects_that_were_asked_for() -> None:
    """Images that show their own coordinates say which region they are of."""
    side, least = 200, 0.25
    ramp = torch.arange(side, dtype=torch.uint8)
    batch = torch.stack((ramp[:, None].expand(side, side), ramp[None].expand(side, side)))[None].expand(600, 2, -1, -1)
    found = augmented(batch, crop=least).float()
    heights = found[:, 0, -20, 0] - found[:, 0, 19, 0]
    widths = found[:, 1, 0, -20] - found[:, 1, 0, 19]
    heights, widths = (extent * side / (side - 39) for extent in (heights, widths))
    areas, aspects = heights * widths / side**2, widths / heights
    assert least - 0.02 < float(areas.min()) < least + 0.03
    assert 0.93 < float(areas.max()) <= 1.02
    assert 0.55 < float(areas.mean()) < 0.65
    assert 3 / 4 - 0.03 < float(aspects.min()) < 0.78
    assert 1.28 < float(aspects.max()) < 4 / 3 + 0.03
    assert abs(float(aspects.log().mean())) < 0.03
    assert float(found[:, 0, 0, 0].min()) == 0  # at the top edge, and at the bottom one
    assert float(found[:, 0, -1, 0].max()) == side - 1
    assert float(found[:, 0, 0, 0].std()) > 5


def test_where_no_crop_fits_all_of_the_image_is_kept() -> None:
    batch = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (50, 3, 4, 64), dtype=np.uint8))
    assert torch.equal(augmented(batch, crop=1.0), batch)


# Turning


@pytest.mark.parametrize("angle", [-70.0, -10.0, 30.0])
def test_a_turn_is_that_of_torchvision(angle: float) -> None:
    batch = smooth()
    radians = math.radians(angle)
    matrix = torch.tensor(
        [[[math.cos(radians), math.sin(radians), 0], [-math.sin(radians), math.cos(radians), 0]]] * len(batch)
    )
    turned = tv.rotate(batch.float(), -angle, interpolation=InterpolationMode.BILINEAR)
    back = tv.rotate(batch.float(), angle, interpolation=InterpolationMode.BILINEAR)
    found = inner(warp(batch, matrix, reflect=True), 18)
    errors = [(found - inner(one, 18)).abs().max() for one in (turned, back)]
    assert min(errors) <= 1
    assert max(errors) > 20


def test_turns_reach_both_ways_and_mirror_the_edge() -> None:
    batch = torch.full((40, 1, 32, 32), 200, dtype=torch.uint8)
    assert torch.equal(augmented(batch, rotate=45.0), batch)  # nothing comes from outside
    bar = torch.zeros(200, 1, 41, 41, dtype=torch.uint8)
    bar[:, :, 20, 20:] = 255  # from the middle to the right
    turned = augmented(bar, rotate=20.0).float()[:, 0, :, 35]
    angles = torch.rad2deg(torch.atan(((turned * torch.arange(41.0)).sum(1) / turned.sum(1) - 20) / 15))
    assert -21 < float(angles.min()) < -17
    assert 17 < float(angles.max()) < 21
    assert abs(float(angles.mean())) < 3


def test_warping_follows_its_definition_where_sides_differ() -> None:
    image = F.interpolate(smooth(1), size=(30, 50), mode="bilinear").round().byte()
    shifted = warp(image, torch.tensor([[[1.0, 0, 3], [0, 1.0, -2]]]), reflect=False)
    assert torch.equal(shifted[..., 2:, :-3], image[..., :-2, 3:])
    assert bool((shifted[..., :2, :] == 128).all())
    assert bool((shifted[..., -3:] == 128).all())


# Colour


def test_adjustments_follow_their_definitions() -> None:
    batch = torch.from_numpy(images(3, size=5))
    x = batch.double()
    brightness, contrast, saturation = (torch.tensor(values) for values in ([0.5, 1, 1], [1, 1.8, 1], [1, 1, 0.25]))
    found = adjust(batch, brightness_B=brightness, contrast_B=contrast, saturation_B=saturation).double()
    wanted = torch.stack(
        (
            x[0] * 0.5,
            (x[1].mean() + 1.8 * (x[1] - x[1].mean())).clamp(0, 255),
            (x[2].mean(0) + 0.25 * (x[2] - x[2].mean(0))).clamp(0, 255),
        )
    )
    assert (found - wanted).abs().max() <= 0.5 + 1e-3


def test_colours_change_no_more_than_asked_and_the_order_of_channels_does_not_matter() -> None:
    grey = torch.full((500, 3, 4, 4), 100, dtype=torch.uint8)
    changed = augmented(grey, colour=0.3)
    values = changed[:, 0, 0, 0].float()
    assert torch.equal(changed, changed[:, :1, :1, :1].expand_as(changed))  # grey and even: brightness alone counts
    assert 70 <= float(values.min()) < 73
    assert 127 < float(values.max()) <= 130
    batch = torch.from_numpy(images(30))
    assert torch.equal(augmented(batch.flip(1), colour=0.4, randaugment=0).flip(1), augmented(batch, colour=0.4))


# RandAugment


@pytest.mark.parametrize("strength", [3.0, 9.0, 30.0])
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_what_the_paper_says(name: str, sign: int, strength: float) -> None:
    batch, share = smooth(3), strength / 30
    found = change(batch, [OPERATIONS.index(name)] * 3, [sign] * 3, strength=strength)
    pillow = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in batch]
    signed, lookup = sign * share, list(range(256))

    def moved(*, angle: float = 0, shift: tuple[float, float] = (0, 0), shear: tuple[float, float] = (0, 0)) -> Tensor:
        matrix = {(True, False): (1, shear[0], 0, 0, 1, 0), (False, True): (1, 0, 0, shear[1], 1, 0)}
        if chosen := matrix.get((bool(shear[0]), bool(shear[1]))):  # around the middle, as PIL does around the corner
            a, b, _, d, e, _ = chosen
            middle = 32.0
            data = (a, b, middle - a * middle - b * middle, d, e, middle - d * middle - e * middle)
        else:
            data = (1, 0, shift[0], 0, 1, shift[1])
        rotated = [
            image.rotate(angle, Image.Resampling.BILINEAR)
            if angle
            else image.transform((64, 64), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
            for image in pillow
        ]
        return torch.from_numpy(np.stack([np.asarray(image) for image in rotated])).permute(0, 3, 1, 2)

    if name in GEOMETRIC:
        wanted = {
            "shear-x": lambda: moved(shear=(0.3 * signed, 0)),
            "shear-y": lambda: moved(shear=(0, 0.3 * signed)),
            "translate-x": lambda: moved(shift=(150 / 331 * 64 * signed, 0)),
            "translate-y": lambda: moved(shift=(0, 150 / 331 * 64 * signed)),
            "rotate": lambda: moved(angle=30 * signed),
        }[name]()
        inside = (wanted > 0).all(1, keepdim=True) & (found != 128).any(1, keepdim=True)
        inside = -F.max_pool2d(-F.pad(inside.float(), (2, 2, 2, 2)), 5, 1) > 0  # not where the edge blends into grey
        assert float(inside.float().mean()) > 0.2
        assert float(((found.float() - wanted.float()).abs() * inside).max()) <= 3
        return
    x = batch.float()
    factor = 1 + 0.9 * signed
    levels = 8 - round(4 * share)
    wanted = {
        "identity": lambda: x,
        "brightness": lambda: x * factor,
        "colour": lambda: x.mean(1, keepdim=True) + factor * (x - x.mean(1, keepdim=True)),
        "contrast": lambda: x.mean((1, 2, 3), True) + factor * (x - x.mean((1, 2, 3), True)),
        "sharpness": lambda: sharpened(x, factor),  # in bytes: both its parts are rounded
        "posterize": lambda: torch.tensor([value >> (8 - levels) << (8 - levels) for value in lookup])[batch.long()],
        "solarize": lambda: torch.tensor([255 - v if v >= 255 * (1 - share) else v for v in lookup])[batch.long()],
        "autocontrast": lambda: (x - x.amin((2, 3), True)) * 255 / (x.amax((2, 3), True) - x.amin((2, 3), True)),
        "equalize": lambda: torch.stack([tv.equalize(image) for image in batch]),
    }[name]()
    assert (found.float() - wanted.clamp(0, 255).float()).abs().max() <= (2 if name == "sharpness" else 1.01)


def sharpened(x: Tensor, factor: float) -> Tensor:
    """Blended with the mean of each pixel's surroundings, its own weight five of thirteen; the edge stays."""
    kernel = torch.tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
    blurred = x.clone()
    blurred[..., 1:-1, 1:-1] = F.conv2d(x, kernel.expand(3, 1, 3, 3), groups=3)
    return blurred + factor * (x - blurred)


def test_every_image_draws_its_own_operations() -> None:
    """Copies of one image come out in many ways, each of them one operation and sign on that image."""
    one = smooth(1)
    changed = augmented(one.expand(300, -1, -1, -1), randaugment=1)
    single = {
        bytes(change(one, [number], [sign], strength=9.0).numpy().tobytes())
        for number in range(len(OPERATIONS))
        for sign in (-1, 1)
    }
    seen = {image.numpy().tobytes() for image in changed}
    assert seen == single
    assert len(single) > 20


def test_two_operations_follow_one_another_and_strength_counts() -> None:
    one = smooth(1).expand(200, -1, -1, -1)
    once, twice = augmented(one, randaugment=1), augmented(one, randaugment=2)
    assert len({image.numpy().tobytes() for image in twice}) > 2 * len({image.numpy().tobytes() for image in once})
    weak, strong = (augmented(one, randaugment=1, randaugment_strength=strength).float() for strength in (3.0, 20.0))
    assert (strong - one).abs().mean() > 1.5 * (weak - one).abs().mean()


# Erasing


def test_blanks_are_what_a_loop_blanks() -> None:
    batch = images(4, size=10)
    corners = [(0, 0, 3, 4), (-2, 8, 5, 5), (5, 5, 0, 3), (9, 9, 9, 9)]
    wanted = batch.copy()
    for image, (top, left, height, width) in zip(wanted, corners, strict=True):
        image[:, max(top, 0) : max(top + height, 0), max(left, 0) : left + width] = 128
    found = blank(torch.from_numpy(batch), *torch.tensor(corners).unbind(1))
    assert (found.numpy() == wanted).all()


def test_erasing_blanks_a_rectangle_within_some_of_the_images() -> None:
    batch = torch.zeros(1000, 3, 100, 100, dtype=torch.uint8)
    erased = augmented(batch, erase=0.25)[:, 0] == 128
    hit = erased.any(1).any(1)
    assert 200 < int(hit.sum()) < 300
    rows, columns = erased[hit].any(2), erased[hit].any(1)
    areas = erased[hit].sum((1, 2))
    assert torch.equal(areas, rows.sum(1) * columns.sum(1))  # full rectangles
    shares, aspects = areas / 1e4, rows.sum(1) / columns.sum(1)
    assert 0.015 < float(shares.min()) < 0.05
    assert 0.28 < float(shares.max()) < 0.345
    assert 0.28 < float(aspects.min()) < 0.4
    assert 2.5 < float(aspects.max()) < 3.6
