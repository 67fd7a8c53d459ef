"""The reading side of an imported image set: memory-mapped Arrow, without the weight of the ``datasets`` library.

:mod:`workbench.engine.data.arrow` writes the file. What a person changes later lives in the project's store.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.engine.data.arrow import label_sets_of, read_metadata
from workbench.engine.data.item_table import ItemTable
from workbench.engine.data.source import UNKNOWN, Content, Palette, Record
from workbench.engine.errors import UserError

if TYPE_CHECKING:
    import datasets


class ImageSet(ItemTable):
    """Images, each with a mask or without, by index, 0-based. Immutable, so safe from several threads.

    Attributes:
        content: ``"images"`` or ``"masks"``.
        palette: The masks' classes; ``None`` without masks.
        label_sets: Label set to its classes; empty where the images have no classes of their own.

    Args:
        path: The Arrow stream file.

    Raises:
        UserError: There is no such file, or it is not one that an import wrote.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with pa.memory_map(str(path)) as file:
                table = pa.ipc.open_stream(file).read_all()
            table.validate(full=True)  # offsets are checked here once, so that no later read can leave the file
            self.content: Content
            self.content, self.palette = _metadata(table.schema)
            self.label_sets: dict[str, tuple[str, ...]] = label_sets_of(table.schema)
            if not self.label_sets and self.content == "images":
                raise ValueError("it has no labels")
            self._images = _files(table["image"])
            self._masks = _files(table["mask"]) if self.content == "masks" else None
            # Not to_numpy(), which imports pandas: half a second before the first image is seen.
            self._labels = {key: np.array(table[key].to_pylist(), dtype=np.int64) for key in self.label_sets}
            super().__init__(table)
        except FileNotFoundError:
            raise _unreadable(path, "it is missing") from None
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(path, str(error) or type(error).__name__) from error
        for key, labels in self._labels.items():
            if len(labels) and not UNKNOWN <= labels.min() <= labels.max() < len(self.label_sets[key]):
                raise _unreadable(path, f"a {key} is none of its classes")

    def classes(self, label_set: str = "") -> tuple[str, ...]:
        """Class names in label order, of the first label set unless one is named."""
        return self.label_sets[label_set or next(iter(self.label_sets))]

    def labels(self, label_set: str = "") -> npt.NDArray[np.int64]:
        """int64[N], -1 where unknown, of the first label set unless one is named."""
        labels: npt.NDArray[np.int64] = self._labels[label_set or next(iter(self.label_sets))]
        return labels.copy()

    def encoded(self, index: int) -> bytes:
        """The image file of one item, byte for byte as it was imported."""
        content: bytes = self._images[index].as_py()
        return content

    def mask(self, index: int) -> bytes | None:
        """The mask's file of one item, byte for byte as it was imported; ``None`` in a set without masks."""
        if self._masks is None:
            return None
        content: bytes = self._masks[index].as_py()
        return content

    def records(self) -> Iterator[Record]:
        """All items in order, as the import found them."""
        labels = list(self._labels.values())
        for index, name in enumerate(self._names):
            yield Record(
                image=self.encoded(index),
                labels=tuple(int(column[index]) for column in labels),
                split=str(self._splits[index]),
                name=name,
                mask=self.mask(index),
                group=str(self._groups[index]),
            )

    def hugging_face(self) -> "datasets.Dataset":
        """The same items as a ``datasets.Dataset``, memory-mapped."""
        import datasets  # more than a second of importing, which only export and scripts need

        return datasets.Dataset.from_file(str(self.path))


def _metadata(schema: Any) -> tuple[Content, Palette | None]:
    content, palette = read_metadata(schema)
    if content == "questions":
        raise ValueError("it holds questions")
    if content == "masks" and palette is None:
        raise ValueError("its masks have no palette")
    return content, palette


def _files(column: Any) -> Any:
    return pa.chunked_array([chunk.field("bytes") for chunk in column.chunks], type=pa.binary())


def _unreadable(path: Path, why: str) -> UserError:
    return UserError(f"the imported images cannot be read ({why})", where=str(path), remedy="import them again")
