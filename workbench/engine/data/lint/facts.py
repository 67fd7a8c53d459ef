"""What an examination finds out about every item of a dataset: one array a fact, stored beside the imported file.

Plain facts that can be had from one item alone. What is wrong with them is decided in
:mod:`workbench.engine.data.lint.checks`; how they are had, in :mod:`workbench.engine.data.lint.examine`.
"""

import dataclasses
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from workbench.engine.data.source import Content
from workbench.engine.errors import UserError
from workbench.engine.files import write_bytes

_VERSION = 1
_COUNTS = "mask_counts"
_TEXTS = ("errors", "mask_errors", "mask_colours")
_BROKEN = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, NotImplementedError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip

Fault = Literal["", "empty-file", "unreadable", "truncated", "too-large"]
Integers = NDArray[np.int64]
Sides = NDArray[np.int32]
Words = NDArray[np.str_]

# Field to type and to the shape of one item's part.
_OF_ALL: Mapping[str, tuple[Any, tuple[int, ...]]] = {"digests": (np.uint8, (16,)), "perceptual": (np.uint64, ())}
_OF_IMAGES: Mapping[str, tuple[Any, tuple[int, ...]]] = {
    "width": (np.int32, ()),
    "height": (np.int32, ()),
    "bytes": (np.int64, ()),
    "format": (np.str_, ()),
    "mode": (np.str_, ()),
    "alpha": (np.bool_, ()),
    "faults": (np.str_, ()),
    "miniatures": (np.uint8, (8, 9)),
    "mean": (np.float32, (3,)),
    "deviation": (np.float32, (3,)),
}
_OF_MASKS: Mapping[str, tuple[Any, tuple[int, ...]]] = {
    "mask_stray": (np.int64, ()),
    "mask_ignored": (np.int64, ()),
    "mask_width": (np.int32, ()),
    "mask_height": (np.int32, ()),
    "mask_mode": (np.str_, ()),
}
_OF_QUESTIONS: Mapping[str, tuple[Any, tuple[int, ...]]] = {
    "answers": (np.int64, ()),
    "wrong_answers": (np.int64, ()),
    "movable_answers": (np.int64, ()),
    "empty_answers": (np.int64, ()),
    "context_length": (np.int64, ()),
    "question_length": (np.int64, ()),
    "impossible": (np.bool_, ()),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """Facts about N items, by item id. Do not change the arrays.

    The arrays of images have no rows where the items are questions, and the other way round; those of masks have none
    where there are no masks.

    Attributes:
        content: What the items are.
        limit_pixels: The most pixels that were decoded of an image.
        digests: uint8[N, 16]. Images: start of the SHA-256 of the size and the decoded upright RGB pixels, so that the
            same picture has the same one in any lossless file. Questions: of the context. Zeros where unreadable.
        perceptual: uint64[N]. Images: difference hash, bit ``8 * row + column`` (most significant first) is set where
            a pixel of the miniature is darker than the one right of it. Questions: hash of the question, without
            regard to case, white space and a final question mark.

        width, height: int32[N], upright pixels; 0 where the file does not say.
        bytes: int64[N], of the encoded file.
        format, mode: str[N], as Pillow names them (``"JPEG"``, ``"RGB"``); empty where the file does not say.
        alpha: bool[N], some pixels may be transparent.
        faults: str[N], what kind of fault keeps it from being decoded: a :data:`Fault`, ``""`` for none.
        errors: Item id to the sentence of what is wrong with its file.
        miniatures: uint8[N, 8, 9], the image in grey.
        mean, deviation: float32[N, 3] in 0..1 of red, green and blue over the image.

        mask_counts: int64[N, C], pixels a class.
        mask_stray, mask_ignored: int64[N], pixels whose colour is no class, and that the mask itself leaves out.
        mask_width, mask_height: int32[N], pixels; 0 where unreadable.
        mask_mode: str[N], Pillow's.
        mask_errors: Item id to what is wrong with its mask's file.
        mask_colours: Item id to which colours its stray pixels have, in words, the most frequent first.

        answers: int64[N], answers of a question.
        wrong_answers: int64[N], answers whose text does not stand where they say.
        movable_answers: int64[N], wrong ones of which it is certain where they belong.
        empty_answers: int64[N], answers without a visible character.
        context_length, question_length: int64[N], characters without surrounding white space.
        impossible: bool[N], the source says that the text does not answer it.
    """

    content: Content
    limit_pixels: int
    digests: NDArray[np.uint8]
    perceptual: NDArray[np.uint64]
    width: Sides
    height: Sides
    bytes: Integers
    format: Words
    mode: Words
    alpha: NDArray[np.bool_]
    faults: Words
    errors: Mapping[int, str]
    miniatures: NDArray[np.uint8]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    mask_counts: Integers
    mask_stray: Integers
    mask_ignored: Integers
    mask_width: Sides
    mask_height: Sides
    mask_mode: Words
    mask_errors: Mapping[int, str]
    mask_colours: Mapping[int, str]
    answers: Integers
    wrong_answers: Integers
    movable_answers: Integers
    empty_answers: Integers
    context_length: Integers
    question_length: Integers
    impossible: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.digests)

    @classmethod
    def blank(cls, count: int, *, content: Content = "images", classes: int = 0, limit_pixels: int = 0) -> Self:
        """Facts of ``count`` items about which nothing is known yet, in arrays of the right shapes.

        Args:
            classes: Classes of the masks.
        """
        rows = {
            **dict.fromkeys(_OF_ALL, count),
            **dict.fromkeys(_OF_IMAGES, 0 if content == "questions" else count),
            **dict.fromkeys(_OF_MASKS, count if content == "masks" else 0),
            **dict.fromkeys(_OF_QUESTIONS, count if content == "questions" else 0),
        }
        values: dict[str, Any] = {
            name: np.zeros((rows[name], *shape), kind) for name, (kind, shape) in _shapes().items()
        }
        values |= {name: {} for name in _TEXTS}
        values[_COUNTS] = np.zeros((count if content == "masks" else 0, classes), np.int64)
        return cls(content=content, limit_pixels=limit_pixels, **values)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The facts of several stretches of items, one after the other. ``parts`` is not empty."""
        values: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in (*_shapes(), _COUNTS)
        }
        values |= {name: {} for name in _TEXTS}
        start = 0
        for part in parts:
            for name in _TEXTS:
                values[name].update({start + item: text for item, text in getattr(part, name).items()})
            start += len(part)
        return cls(content=parts[0].content, limit_pixels=parts[0].limit_pixels, **values)

    def of(self, items: Integers) -> Self:
        """The facts of some items, which then have the ids 0, 1, ... in the order given."""
        place = {int(item): index for index, item in enumerate(items)}
        changes: dict[str, Any] = {
            name: {place[item]: text for item, text in getattr(self, name).items() if item in place} for name in _TEXTS
        }
        for name in (*_shapes(), _COUNTS):
            array = getattr(self, name)
            changes[name] = array[items] if len(array) else array
        return dataclasses.replace(self, **changes)

    def save(self, path: Path) -> None:
        """Write everything to ``path``, which holds the old or the new facts at any moment."""
        arrays = {name: getattr(self, name) for name in (*_shapes(), _COUNTS)}
        head = {
            "version": _VERSION,
            "content": self.content,
            "limit_pixels": self.limit_pixels,
            **{name: {str(item): text for item, text in getattr(self, name).items()} for name in _TEXTS},
        }
        buffer = io.BytesIO()
        np.savez_compressed(buffer, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays)
        write_bytes(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Self:
        """What :meth:`save` wrote.

        Raises:
            UserError: There is no such file, it is damaged, or it is from another version.
        """
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                head = json.loads(file["head"].tobytes())
                if head.pop("version") != _VERSION:
                    raise ValueError("they are from another version")
                arrays: dict[str, Any] = {name: file[name] for name in (*_shapes(), _COUNTS)}
            arrays |= {name: {int(item): str(text) for item, text in head.pop(name).items()} for name in _TEXTS}
            facts = cls(content=head["content"], limit_pixels=int(head["limit_pixels"]), **arrays)
            facts._check_shapes()
        except _BROKEN as error:
            why = str(error) or type(error).__name__
            raise UserError(f"the facts about the items cannot be read ({why})", where=str(path)) from error
        return facts

    def _check_shapes(self) -> None:
        """``ValueError`` where the arrays do not belong together."""
        like = Facts.blank(len(self), content=self.content, classes=self.mask_counts.shape[-1])
        for name in (*_shapes(), _COUNTS):
            array, expected = getattr(self, name), getattr(like, name)
            if array.shape != expected.shape or array.dtype.kind != expected.dtype.kind:
                raise ValueError(f"{name} has the wrong shape")


def _shapes() -> Mapping[str, tuple[Any, tuple[int, ...]]]:
    return {**_OF_ALL, **_OF_IMAGES, **_OF_MASKS, **_OF_QUESTIONS}
