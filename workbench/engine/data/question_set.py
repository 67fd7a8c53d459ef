"""The reading side of an imported set of questions: memory-mapped Arrow, one question decoded at a time.

:mod:`workbench.engine.data.arrow` writes the file.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from workbench.engine.data.arrow import read_metadata
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.item_table import ItemTable
from workbench.engine.data.source import Answer, Content, Palette, Question
from workbench.engine.errors import UserError


class QuestionSet(ItemTable):
    """Questions about texts by index, 0-based. Immutable, so safe from several threads.

    Args:
        path: The Arrow stream file.

    Raises:
        UserError: There is no such file, or it is not one that an import of questions wrote.
    """

    content: Content = "questions"
    palette: Palette | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label_sets: dict[str, tuple[str, ...]] = {}
        try:
            with pa.memory_map(str(path)) as file:
                table = pa.ipc.open_stream(file).read_all()
            table.validate(full=True)  # offsets are checked here once, so that no later read can leave the file
            if read_metadata(table.schema)[0] != "questions":
                raise ValueError("it holds no questions")
            self._table = table.select(["context", "question", "answers", "impossible"])
            super().__init__(table)
        except FileNotFoundError:
            raise _unreadable(path, "it is missing") from None
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(path, str(error) or type(error).__name__) from error

    def questions(self) -> list[str]:
        """What is asked, of all items, for lists and searches."""
        texts: list[str] = self._table["question"].to_pylist()
        return texts

    def question(self, index: int) -> Question:
        """One item whole."""
        columns = self._table
        answers = columns["answers"][index].as_py()
        return Question(
            context=columns["context"][index].as_py(),
            question=columns["question"][index].as_py(),
            answers=tuple(map(Answer, answers["text"], answers["answer_start"])),
            split=str(self._splits[index]),
            name=self._names[index],
            group=str(self._groups[index]),
            impossible=columns["impossible"][index].as_py(),
        )

    def records(self) -> Iterator[Question]:
        """All items in order, as the import found them."""
        return map(self.question, range(len(self)))


ItemSet = ImageSet | QuestionSet


def open_items(path: Path) -> ItemSet:
    """The imported set in ``path``, whatever its items are; :class:`UserError` where it cannot be read."""
    try:
        with pa.memory_map(str(path)) as file:
            content = read_metadata(pa.ipc.open_stream(file).schema)[0]
    except FileNotFoundError:
        raise _unreadable(path, "it is missing") from None
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, str(error) or type(error).__name__) from error
    return QuestionSet(path) if content == "questions" else ImageSet(path)


def _unreadable(path: Path, why: str) -> UserError:
    return UserError(f"the imported data cannot be read ({why})", where=str(path), remedy="import it again")
