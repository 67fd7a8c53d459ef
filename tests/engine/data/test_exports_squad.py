"""Questions written as SQuAD JSON and read again are the same questions."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from helpers import shared_data
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.data.exports import EXPORTS
from workbench.engine.data.exports.squad import write_squad
from workbench.engine.data.source import Answer, Listing, Question
from workbench.engine.data.sources.squad import open_squad
from workbench.engine.data.tree import open_tree
from workbench.engine.events import Progress


def listing_of(questions: Iterable[Question]) -> Listing:
    items = tuple(questions)
    return Listing(
        kind="x", name="x", label_sets={}, total=len(items), records=lambda: iter(items), content="questions"
    )


def written(listing: Listing, folder: Path) -> tuple[str, ...]:
    """Write and return the notes."""
    folder.mkdir(parents=True)
    work = write_squad(listing, folder)
    while True:
        try:
            assert isinstance(next(work), Progress)
        except StopIteration as end:
            notes: tuple[str, ...] = end.value
            return notes


def again(folder: Path) -> list[Question]:
    with open_tree(folder) as tree:
        listing = open_squad(tree)
    assert (listing.problems, listing.notes) == ((), ())
    return list(listing.records())  # type: ignore[arg-type]


def question(name: str, *, split: str = "train", group: str = "A", context: str = "Ä 🐑.", **more: bool) -> Question:
    answers = () if more.get("impossible") else (Answer("🐑", 2), Answer(".", 3))
    return Question(context, f"{name}?", answers, split, name, group, **more)


def test_the_shape_of_version_1_1(tmp_path: Path) -> None:
    questions = [
        question("1"), question("2"), question("3", context="other"), question("4", group="B", context="other"),
    ]  # fmt: skip
    assert written(listing_of(questions), tmp_path / "out") == ()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["train.json"]
    content = (tmp_path / "out" / "train.json").read_bytes()
    assert "Ä 🐑.".encode() in content
    values = json.loads(content)
    answers = [{"text": "🐑", "answer_start": 2}, {"text": ".", "answer_start": 3}]

    def qa(name: str) -> dict[str, object]:
        return {"id": name, "question": f"{name}?", "answers": answers}

    assert values == {
        "version": "1.1",
        "data": [
            {
                "title": "A",
                "paragraphs": [
                    {"context": "Ä 🐑.", "qas": [qa("1"), qa("2")]},
                    {"context": "other", "qas": [qa("3")]},
                ],
            },
            {"title": "B", "paragraphs": [{"context": "other", "qas": [qa("4")]}]},
        ],
    }


def test_splits_are_files_and_an_impossible_question_makes_version_2(tmp_path: Path) -> None:
    questions = [
        question("1"), question("2", split="validation", impossible=True), question("3", split="test"),
        question("4", split=""),
    ]  # fmt: skip
    written(listing_of(questions), tmp_path / "out")
    files = {path.name: json.loads(path.read_bytes()) for path in (tmp_path / "out").iterdir()}
    assert sorted(files) == ["all.json", "dev.json", "test.json", "train.json"]
    assert {values["version"] for values in files.values()} == {"v2.0"}
    flags = {name: values["data"][0]["paragraphs"][0]["qas"][0]["is_impossible"] for name, values in files.items()}
    assert flags == {"all.json": False, "dev.json": True, "test.json": False, "train.json": False}
    assert again(tmp_path / "out") == questions


def test_questions_without_answers_are_told(tmp_path: Path) -> None:
    bare = Question("text", "Why?", (), "train", "1", "A")
    secret = Question("text", "Why?", (), "test", "2", "A")
    [note] = written(listing_of([bare, secret]), tmp_path / "out")
    assert note.startswith("1 questions outside the test split")


@pytest.mark.parametrize(
    "name", ["covidqa_200414.json", "policyqa_test_509.json", "xquad.ar.json", "xquad.zh.json", "xquad_en_train.json"]
)
def test_published_files_come_back(tmp_path: Path, name: str) -> None:
    with open_tree(shared_data("squad", name)) as tree:
        listing = open_squad(tree)
    written(listing, tmp_path / "out")
    assert again(tmp_path / "out") == list(listing.records())


def test_it_is_registered_for_questions() -> None:
    assert EXPORTS["squad"].contents == ("questions",)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=200)
@given(
    rows=st.lists(
        st.tuples(TEXT, TEXT, st.integers(-5, 30), st.sampled_from(["", "train", "validation", "test"]), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    groups=st.lists(TEXT, min_size=1, max_size=3),
)
def test_any_questions_come_back(
    rows: list[tuple[str, str, int, str, bool]], groups: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    questions = [
        Question(
            context=context,
            question=text,
            answers=() if impossible else (Answer(text or "x", start), Answer(context or "y", 0)),
            split=split,
            name=f"id {number}",
            group=groups[number % len(groups)],
            impossible=impossible,
        )
        for number, (context, text, start, split, impossible) in enumerate(rows)
    ]
    folder = tmp_path_factory.mktemp("any") / "out"
    written(listing_of(questions), folder)
    found = again(folder)
    assert Counter(found) == Counter(questions)
    for split in ("train", "validation", "test", ""):
        assert [one for one in found if one.split == split] == [one for one in questions if one.split == split]
