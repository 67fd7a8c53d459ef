"""The reading side of an imported image set: memory-mapped Arrow, without the weight of the ``datasets`` library.

:mod:`workbench.engine.data.importing` writes the file. Labels that a person gives later live in the project's store.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.engine.data.source import UNKNOWN
from workbench.engine.errors import UserError

if TYPE_CHECKING:
    import datasets

ITEMS = "items.arrow"  # the file's name in an imported set's folder


class ImageSet:
    """Items of one imported set by index, 0-based. Immutable, so safe from several threads.

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
            self.label_sets: dict[str, tuple[str, ...]] = _label_sets(table.schema)
            self._images = pa.chunked_array([chunk.field("bytes") for chunk in table["image"].chunks], type=pa.binary())
            self._labels = {key: table[key].to_numpy().astype(np.int64) for key in self.label_sets}
            self._splits = np.array(table["split"].to_pylist(), dtype=np.str_)
            self._names: list[str] = table["name"].to_pylist()
        except FileNotFoundError:
            raise _unreadable(path, "it is missing") from None
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(path, str(error) or type(error).__name__) from error
        for key, labels in self._labels.items():
            if len(labels) and not UNKNOWN <= labels.min() <= labels.max() < len(self.label_sets[key]):
                raise _unreadable(path, f"a {key} is none of its classes")

    def __len__(self) -> int:
        return len(self._names)

    def classes(self, label_set: str = "") -> tuple[str, ...]:
        """Class names in label order, of the first label set unless one is named."""
        return self.label_sets[label_set or next(iter(self.label_sets))]

    def labels(self, label_set: str = "") -> npt.NDArray[np.int64]:
        """int64[N], -1 where unknown, of the first label set unless one is named."""
        labels: npt.NDArray[np.int64] = self._labels[label_set or next(iter(self.label_sets))]
        return labels.copy()

    def splits(self) -> npt.NDArray[np.str_]:
        """str[N]: ``"train"``, ``"validation"``, ``"test"`` or ``""``."""
        return self._splits.copy()

    def name(self, index: int) -> str:
        return self._names[index]

    def names(self) -> list[str]:
        return list(self._names)

    def encoded(self, index: int) -> bytes:
        """The image file of one item, byte for byte as it was imported."""
        content: bytes = self._images[index].as_py()
        return content

    def hugging_face(self) -> "datasets.Dataset":
        """The same items as a ``datasets.Dataset``, memory-mapped."""
        import datasets  # more than a second of importing, which only export and scripts need

        return datasets.Dataset.from_file(str(self.path))


def _label_sets(schema: Any) -> dict[str, tuple[str, ...]]:
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    sets = {key: tuple(value["names"]) for key, value in features.items() if value.get("_type") == "ClassLabel"}
    if not sets:
        raise ValueError("it has no labels")
    return sets


def _unreadable(path: Path, why: str) -> UserError:
    return UserError(f"the imported images cannot be read ({why})", where=str(path), remedy="import them again")
