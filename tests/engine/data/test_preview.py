"""Pictures to look at: like decode() in everything but 16-bit grey of a part of the range, and quicker."""

import io

import numpy as np
import pytest
from PIL import Image

from workbench.engine.data.decode import decode
from workbench.engine.data.preview import decode_small, decode_whole
from workbench.engine.errors import UserError


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photograph(width: int, height: int) -> Image.Image:
    """Smooth, red to the right and green downwards."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([across, down, np.full_like(across, 40)], -1).astype(np.uint8))


def oriented(image: Image.Image, number: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = number
    return file_of(image, "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize("number", range(1, 9))
def test_small_pictures_stand_upright(number: int) -> None:
    encoded = oriented(photograph(1600, 800), number)
    small = decode_small(encoded, side=100, where="x")
    reference = decode(encoded, mode="RGB", where="x").resize(small.picture.size)
    assert (small.width, small.height) == ((800, 1600) if number >= 5 else (1600, 800))
    assert small.picture.size == ((50, 100) if number >= 5 else (100, 50))
    assert np.abs(np.asarray(small.picture).astype(int) - np.asarray(reference)).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("side", [16, 400])
def test_small_pictures_look_like_decoded_ones(mode: str, side: int) -> None:
    image = photograph(120, 60).convert(mode)
    if image.mode in ("LA", "RGBA"):
        image.putalpha(Image.linear_gradient("L").resize((120, 60)))
    kind = "JPEG" if mode == "CMYK" else "PNG"
    encoded = file_of(image, kind)
    small = decode_small(encoded, side=side, where="x")
    whole = decode(encoded, mode="RGB", where="x")
    assert (small.width, small.height, small.format) == (120, 60, kind)
    assert small.picture.size == ((16, 8) if side == 16 else (120, 60))
    reference = whole.resize(small.picture.size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    assert np.abs(np.asarray(small.picture).astype(int) - np.asarray(reference)).max() <= (40 if mode == "CMYK" else 1)


@pytest.mark.parametrize(("most", "bits"), [(200, 8), (1000, 10), (4095, 12), (4096, 14), (65535, 16)])
def test_deep_grey_uses_the_whole_range_and_is_not_clipped(most: int, bits: int) -> None:
    values = np.linspace(0, most, 64 * 32).reshape(32, 64).astype(np.uint16)
    encoded = file_of(Image.fromarray(values), "PNG")
    whole = decode_whole(encoded, where="x")
    shown = np.asarray(whole.picture)[..., 0].astype(int)
    assert (whole.mode, whole.bits, whole.least, whole.most) == ("16-bit grey", bits, 0, most)
    assert np.abs(shown - values.astype(np.int64) * 255 / (2**bits - 1)).max() <= 0.5
    assert shown.max() >= 60
    assert (np.diff(shown.ravel()) >= 0).all()
    assert whole.value(63, 31) == (most,)
    small = decode_small(encoded, side=64, where="x")
    assert np.array_equal(np.asarray(small.picture), np.asarray(whole.picture))


def test_stored_values() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    see_through = Image.new("RGBA", (2, 1), (1, 2, 3, 128))
    assert decode_whole(file_of(palette, "PNG"), where="x").value(1, 0) == (200, 100, 50)
    assert decode_whole(file_of(see_through, "PNG"), where="x").value(0, 0) == (1, 2, 3, 128)
    turned = decode_whole(oriented(Image.new("RGB", (4, 2), "red"), 6), where="x")
    assert (turned.picture.size, turned.orientation, turned.mode) == ((2, 4), 6, "RGB")


@pytest.mark.parametrize("content", [b"", b"no image", file_of(photograph(300, 200), "JPEG")[:2000]])
def test_what_cannot_be_read_is_told(content: bytes) -> None:
    for call in (lambda: decode_small(content, side=64, where="here"), lambda: decode_whole(content, where="here")):
        with pytest.raises(UserError, match="here"):
            call()


def test_the_limit_holds() -> None:
    encoded = file_of(photograph(100, 100), "PNG")
    with pytest.raises(UserError, match="more than 9,999 pixels"):
        decode_small(encoded, side=64, where="x", limit_pixels=9_999)
