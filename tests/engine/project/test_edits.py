"""What a person changes of a dataset: replayed from a journal, undone and done again."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.project.edits import MASK, PUBLISHED, Curated, Edit, EditJournal, as_imported, replay
from workbench.engine.project.project import Project

N = 6


def imported() -> Curated:
    return as_imported(
        labels={"label": np.array([0, 1, 0, 1, -1, 0]), "coarse": np.zeros(N, np.int64)},
        classes={"label": ("ant", "bee"), "coarse": ("insect",), MASK: ("road", "water")},
        splits=np.array(["train", "train", "", "validation", "", "test"]),
    )


def items(*ids: int) -> np.ndarray:
    return np.array(ids, np.int64)


def split(value: str, *ids: int, protocol: str = "") -> Edit:
    return Edit(kind="split", text="", parts={value: items(*ids)}, value=protocol)


def test_nothing_edited_is_what_was_imported() -> None:
    before = imported()
    assert replay(before, []) is before
    assert (before.digest, before.protocol, before.moved) == ("", "", 0)


def test_splits() -> None:
    state = replay(imported(), [split("validation", 0, 1), split("", 5), split("a much longer name", 2)])
    assert state.splits.tolist() == ["validation", "validation", "a much longer name", "validation", "", ""]
    assert state.moved == 4


def test_a_division_names_its_protocol_and_what_was_moved_since() -> None:
    edits = [
        split("test", 0),
        Edit(kind="split", text="", parts={"train": items(0, 1, 2), "test": items(3, 4, 5)}, value="random 50/50"),
        split("test", 1),
        split("train", 1, 2),
    ]
    state = replay(imported(), edits)
    assert state.splits.tolist() == ["train", "train", "train", "test", "test", "test"]
    assert (state.protocol, state.moved) == ("random 50/50", 2)


def test_exclusions_and_labels() -> None:
    edits = [
        Edit(kind="exclude", text="", parts={"": items(1, 2, 3)}),
        Edit(kind="include", text="", parts={"": items(2)}),
        Edit(kind="label", text="", parts={"1": items(0, 4), "-1": items(5)}, label_set="label"),
    ]
    state = replay(imported(), edits)
    assert state.excluded.tolist() == [False, True, False, True, False, False]
    assert state.labels["label"].tolist() == [1, 1, 0, 1, 1, -1]
    assert state.labels["coarse"].tolist() == [0] * N
    assert state.relabelled.tolist() == [True, False, False, False, True, True]


def test_names_and_colours_of_classes() -> None:
    edits = [
        Edit(kind="name", text="", label_set="label", label=1, value="wasp"),
        Edit(kind="colour", text="", label_set=MASK, label=0, value="#102030"),
    ]
    state = replay(imported(), edits)
    assert state.classes["label"] == ("ant", "wasp")
    assert state.colours[MASK] == {0: "#102030"}
    assert state.digest == ""  # no item is another one for it


def test_the_imported_state_is_never_written_to() -> None:
    before = imported()
    replay(before, [split("test", 0), Edit(kind="label", text="", parts={"1": items(0)}, label_set="label")])
    assert before.splits[0] == "train"
    assert before.labels["label"][0] == 0
    assert not before.relabelled.any()


def test_the_digest_tells_edits_apart() -> None:
    one = replay(imported(), [split("test", 0, 1)]).digest
    assert one == replay(imported(), [split("test", 0, 1)]).digest
    others = [[split("test", 0)], [split("train", 0, 1)], [Edit(kind="exclude", text="", parts={"": items(0, 1)})]]
    assert len({one, *(replay(imported(), edits).digest for edits in others)}) == 4


@pytest.fixture
def journal(tmp_path: Path) -> EditJournal:
    project = Project(tmp_path / "project")
    for name in ("one", "two"):
        project.add_dataset(
            name, id=name, kind="made", origin="", signature=name, fingerprint=name, items=N,
            label_sets={"label": ("ant", "bee")}, splits={"": N},
        )  # fmt: skip
    return project.edits("one")


def told(edits: list[Edit]) -> list[str]:
    return [edit.text for edit in edits]


def edit(text: str) -> Edit:
    return Edit(kind="exclude", text=text, parts={"": items(0)})


def test_an_edit_comes_back_as_it_was(journal: EditJournal) -> None:
    whole = Edit(
        kind="split", text="ünï", parts={"train": items(3, 1), "": items(), "test": items(5)}, value="random",
        label_set="label", label=1,
    )  # fmt: skip
    journal.add(whole)
    (back,) = journal.done()
    assert (back.kind, back.text, back.value, back.label_set, back.label) == ("split", "ünï", "random", "label", 1)
    assert {key: part.tolist() for key, part in back.parts.items()} == {"train": [3, 1], "": [], "test": [5]}


def test_undo_and_redo(journal: EditJournal) -> None:
    assert (journal.undo(), journal.redo(), journal.last(), journal.next()) == (None, None, None, None)
    for text in ("a", "b", "c"):
        journal.add(edit(text))
    undone = [journal.undo(), journal.undo()]
    assert [one.text for one in undone if one] == ["c", "b"]
    assert told(journal.done()) == ["a"]
    last, following = journal.last(), journal.next()
    assert last
    assert following
    assert (last.text, following.text) == ("a", "b")
    again = journal.redo()
    assert again
    assert again.text == "b"
    assert told(journal.done()) == ["a", "b"]


def test_a_new_edit_ends_what_could_be_redone(journal: EditJournal) -> None:
    journal.add(edit("a"))
    journal.add(edit("b"))
    journal.undo()
    journal.add(edit("c"))
    assert journal.redo() is None
    assert told(journal.done()) == ["a", "c"]


def test_each_dataset_has_its_own(journal: EditJournal, tmp_path: Path) -> None:
    journal.add(edit("a"))
    other = Project(tmp_path / "project").edits("two")
    assert other.done() == []
    assert other.undo() is None
    assert told(Project(tmp_path / "project").edits("one").done()) == ["a"]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["add", "undo", "redo"]), max_size=14))
def test_the_journal_is_a_stack_with_a_way_forward(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    project = Project(tmp_path_factory.mktemp("journal"))
    project.add_dataset(
        "one", id="one", kind="made", origin="", signature="", fingerprint="", items=N, label_sets={}, splits={"": N}
    )
    journal, past, future = project.edits("one"), list[str](), list[str]()
    for number, step in enumerate(steps):
        if step == "add":
            journal.add(edit(str(number)))
            past.append(str(number))
            future.clear()
        elif step == "undo":
            journal.undo()
            future += [past.pop()] if past else []
        else:
            journal.redo()
            past += [future.pop()] if future else []
        assert told(journal.done()) == past
        last, following = journal.last(), journal.next()
        assert (last.text if last else None) == (past[-1] if past else None)
        assert (following.text if following else None) == (future[-1] if future else None)


def test_back_to_the_published_splits() -> None:
    edits = [
        Edit(kind="split", text="", parts={"train": items(0, 1, 2, 3, 4, 5)}, value="random 100"),
        Edit(kind="split", text="", parts={"test": items(5), "": items(0, 1, 2, 3, 4)}, value=PUBLISHED),
    ]
    assert replay(imported(), edits[:1]).protocol == "random 100"
    assert replay(imported(), edits).protocol == ""
