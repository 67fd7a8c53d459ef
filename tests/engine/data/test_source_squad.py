"""SQuAD files: published ones, their relatives, and thousands of damaged ones."""

import contextlib
import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import shared_data, write_files, write_tar, write_zip
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.data.importing import open_source
from workbench.engine.data.source import Answer, Listing, Question
from workbench.engine.data.sources import squad
from workbench.engine.data.tree import Tree, open_tree
from workbench.engine.errors import UserError

CONTEXT = "Zoë saw 🐑🐑 in York. In York it rained."
NO_ANSWER = {"id": "q3", "question": "Why?", "answers": [], "is_impossible": True}


def qa(id: object = "q1", text: str = "York", start: object = 14, **more: object) -> dict[str, Any]:
    return {"id": id, "question": "Where?", "answers": [{"text": text, "answer_start": start}], **more}


def file_of(*qas: Any, context: Any = CONTEXT, title: object = "Sheep") -> dict[str, Any]:
    return {"version": "1.1", "data": [{"title": title, "paragraphs": [{"context": context, "qas": list(qas)}]}]}


def as_bytes(values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode()


def opened(path: Path) -> Listing:
    with open_tree(path) as tree:
        return squad.open_squad(tree)


def questions(listing: Listing) -> list[Question]:
    found = list(listing.records())
    assert all(isinstance(item, Question) for item in found)
    return found  # type: ignore[return-value]


def read(tmp_path: Path, content: bytes | dict[str, Any], *, name: str = "sheep.json") -> Listing:
    content = content if isinstance(content, bytes) else as_bytes(content)
    return opened(write_files(tmp_path, {name: content}) / name)


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        opened(path)
    return str(caught.value)


def recognised(path: Path) -> bool:
    with open_tree(path) as tree:
        return squad.recognise(tree)


def test_what_a_question_is(tmp_path: Path) -> None:
    listing = read(tmp_path, file_of(qa(), qa("q2", "in York", 999)))
    assert (listing.kind, listing.name, listing.content, listing.total) == ("squad", "sheep", "questions", 2)
    assert (listing.label_sets, listing.notes, listing.problems) == ({}, (), ())
    assert questions(listing) == [
        Question(CONTEXT, "Where?", (Answer("York", 14),), "", "q1", "Sheep"),
        Question(CONTEXT, "Where?", (Answer("in York", 999),), "", "q2", "Sheep"),
    ]
    assert CONTEXT[14:18] == "York"  # characters, though four bytes stand for a sheep
    assert [question.answers[0].fits(CONTEXT) for question in questions(listing)] == [True, False]
    assert questions(listing) == list(listing.records())


def test_version_2(tmp_path: Path) -> None:
    plausible = {"plausible_answers": [{"text": "York", "answer_start": 14}] * 2}
    listing = read(tmp_path, file_of(qa(is_impossible=False), {**NO_ANSWER, **plausible}))
    assert [(one.impossible, len(one.answers)) for one in questions(listing)] == [(False, 1), (True, 0)]
    assert listing.notes == ("2 plausible answers to questions without an answer were left out.",)


@pytest.mark.parametrize("make", ["folder", "zip", "tar"])
def test_several_files_are_splits(tmp_path: Path, make: str) -> None:
    files = {
        "squad/train-v1.1.json": as_bytes(file_of(qa("a"))),
        "squad/my_dev.json": as_bytes(file_of(qa("b"))),
        "squad/Test.json": as_bytes(file_of({"id": "c", "question": "Who?"}, qa("d", answers=[]))),
        "squad/more.json": as_bytes(file_of(qa("e"))),
        "squad/README.md": b"about",
        "squad/cat_to_name.json": b'{"1": "rose"}',
    }
    match make:
        case "folder":
            path = write_files(tmp_path / "in", files)
        case "zip":
            path = write_zip(tmp_path / "in.zip", files)
        case _:
            path = write_tar(tmp_path / "in.tar.gz", files)
    assert recognised(path)
    listing = opened(path)
    assert [(one.name, one.split) for one in questions(listing)] == [
        ("a", "train"), ("b", "validation"), ("c", "test"), ("d", "test"), ("e", ""),
    ]  # fmt: skip
    assert listing.notes == ("2 files that are no SQuAD JSON left out.",)
    assert listing.problems == ()


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.json", "train"), ("policyqa_test_509.json", "test"), ("xquad_en_dev.json", "validation"),
        ("training/x.json", "train"), ("valid-2.json", "validation"), ("testament.json", ""), ("train_test.json", ""),
        ("test/train.json", "train"),
    ],
)  # fmt: skip
def test_names_that_say_the_split(tmp_path: Path, name: str, split: str) -> None:
    root = write_files(tmp_path / "in", {name: as_bytes(file_of(qa()))})
    assert [one.split for one in questions(opened(root))] == [split]


def test_groups(tmp_path: Path) -> None:
    def article(id: str, **keys: object) -> dict[str, Any]:
        return {"paragraphs": [{"context": CONTEXT, "qas": [qa(id)], **keys.pop("inside", {})}], **keys}  # type: ignore[dict-item]

    articles = [
        article("a"), article("b", title="York"), article("c", document_id=7),
        article("d", inside={"document_id": 630}), article("e", title=""), article("f", title=None),
    ]  # fmt: skip
    listing = read(tmp_path, {"data": articles})
    assert [one.group for one in questions(listing)] == ["article 1", "York", "7", "630", "", "article 6"]
    with_more = write_files(tmp_path / "two", {f"{k}.json": as_bytes({"data": [article(k)]}) for k in "ab"})
    assert [one.group for one in questions(opened(with_more))] == ["article 1", "article 2"]


def test_numbers_as_ids(tmp_path: Path) -> None:
    listing = read(tmp_path, file_of(qa(262), qa("x"), qa("262")))
    assert [one.name for one in questions(listing)] == ["262", "x"]
    [problem] = listing.problems
    path = tmp_path / "sheep.json"
    assert (problem.code, problem.severity) == ("listed-twice", "error")
    assert problem.where == f"{path}: data[0].paragraphs[0].qas[2]"
    assert f"first at {path}: data[0].paragraphs[0].qas[0]" in problem.what


PARTS: list[tuple[tuple[object, ...], object, str, str, int]] = [
    # where, what is put there, the path and a part of the sentence in the problem, questions that are left
    (("data", 0), 3, "data[0]", "a number and not an object", 0),
    (("data", 0, "paragraphs"), "x", "data[0].paragraphs", "a text and not a list", 0),
    (("data", 0, "paragraphs"), None, "data[0].paragraphs", "null and not a list", 0),
    (("data", 0, "title"), [1], "data[0].title", "a list and not a text", 0),
    (("data", 0, "paragraphs", 0, "context"), 5.0, "data[0].paragraphs[0].context", "not a text", 0),
    (("data", 0, "paragraphs", 0, "context"), "a\0b", "data[0].paragraphs[0].context", "null character at 1", 0),
    (("data", 0, "paragraphs", 0, "qas", 1), [], "data[0].paragraphs[0].qas[1]", "a list and not an object", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "id"), True, "qas[1].id", "true and neither", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "id"), " ", "qas[1].id", "empty", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "question"), None, "qas[1].question", "null and not a text", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "is_impossible"), "no", "qas[1]", "not true or false", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "is_impossible"), True, "qas[1]", "impossible and has answers", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers"), {}, "qas[1].answers", "an object and not a list", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers"), [], "qas[1]", "no answer", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers", 0), "York", "qas[1].answers[0]", "a text and not an object", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers", 0, "text"), "", "qas[1].answers[0]", "empty text", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers", 0, "answer_start"), 14.0, "answer_start", "not a whole", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers", 0, "answer_start"), float("nan"), "answer_start", "not a", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers", 0, "answer_start"), 10**17, "answer_start", "beyond", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers", 0, "answer_start"), "HUGE", "answer_start", "not a", 1),
    (("data", 0, "paragraphs", 0, "qas", 1, "answers", 0, "answer_start"), False, "answer_start", "false and not", 1),
]


@pytest.mark.parametrize(("at", "value", "path", "says", "left"), PARTS)
def test_a_broken_part_is_named_and_left_out(
    tmp_path: Path, at: tuple[Any, ...], value: object, path: str, says: str, left: int
) -> None:
    values = file_of(qa("q1"), qa("q2"))
    values["data"] += file_of(qa("q9"))["data"]
    inside: Any = values
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    content = as_bytes(values).replace(b'"HUGE"', b"1" + b"0" * 6000)
    listing = read(tmp_path, content)
    [problem] = listing.problems
    assert says in problem.what
    assert problem.where.startswith(f"{tmp_path / 'sheep.json'}: data[0]")
    assert path in problem.where
    assert len(problem.what) < 200
    assert (listing.total, len(questions(listing))) == (left + 1, left + 1)


def test_one_broken_answer_of_two(tmp_path: Path) -> None:
    answers = [{"text": "York", "answer_start": 14}, {"text": "York"}]
    listing = read(tmp_path, file_of({"id": "a", "question": "Where?", "answers": answers}))
    assert [one.answers for one in questions(listing)] == [(Answer("York", 14),)]
    assert [problem.what for problem in listing.problems] == ["there is no answer_start in this object"]


def test_half_a_character(tmp_path: Path) -> None:
    listing = read(tmp_path, json.dumps(file_of(qa("\ud83d"), qa("whole"))).encode())
    assert [one.name for one in questions(listing)] == ["whole"]
    assert "lone surrogate" in listing.problems[0].what
    assert "🐑" in questions(listing)[0].context  # written as two escapes, which belong together


def test_a_key_twice_leaves_that_part_out(tmp_path: Path) -> None:
    content = as_bytes(file_of(qa("a"), qa("b"))).replace(b'"id": "a"', b'"id": "a", "id": "c"')
    listing = read(tmp_path, content)
    assert [one.name for one in questions(listing)] == ["b"]
    assert "given twice" in listing.problems[0].what


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_read_and_noted(tmp_path: Path, encoding: str) -> None:
    content = json.dumps(file_of(qa()), ensure_ascii=False).encode(encoding)
    path = write_files(tmp_path, {"sheep.json": content}) / "sheep.json"
    assert recognised(path)
    listing = opened(path)
    assert questions(listing)[0].context == CONTEXT
    assert "was read as UTF-" in listing.notes[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (as_bytes(file_of(qa()))[:-40], "damaged or cut short"),
        (as_bytes(file_of(qa())) + b"}", "damaged or cut short"),
        (as_bytes(file_of(qa())).replace("ë".encode(), b"\xeb"), "is not UTF-8 text from byte"),
        (b'{"data": [{"paragraphs": [{"context": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"data": {"paragraphs": [{"context": 1}]}}', "data is an object and not a list"),
        (b'{"articles": [{"paragraphs": [{"context": 1}]}]}', "no data in this object"),
        (b'{"data": [{"paragraphs": [{"context": 1}]}], "data": []}', "given twice"),
        (b"[]", "a list and not an object"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_files(tmp_path, {"sheep.json": content}) / "sheep.json"
    monkeypatch.setattr(squad, "_looks_like_squad", lambda tree, name: True)
    message = refusal(path)
    assert says in message
    assert str(path) in message


def test_one_unreadable_file_of_two_is_a_problem(tmp_path: Path) -> None:
    whole = as_bytes(file_of(qa()))
    listing = opened(write_files(tmp_path / "in", {"train.json": whole, "dev.json": whole[:-5]}))
    assert [one.split for one in questions(listing)] == ["train"]
    [problem] = listing.problems
    assert (problem.code, problem.severity) == ("squad-file", "error")
    assert "dev.json, line 1" in problem.where


@pytest.mark.parametrize(
    "content",
    [
        b'{"images": [{"id": 1}], "annotations": [{"id": 1, "image_id": 1}], "categories": [{"id": 1}]}',
        b'{"21": "fire lily", "3": "canterbury bells"}',
        b'{"data": [{"paragraphs": 3}]}',
        b'["paragraphs"]',
        b'{"paragraphs": []}',
        b"",
        b"\x89PNG\r\n",
    ],
)
def test_other_json_is_not_claimed(tmp_path: Path, content: bytes) -> None:
    path = write_files(tmp_path, {"a.json": content}) / "a.json"
    assert not recognised(path)
    assert not recognised(tmp_path)


def test_only_the_head_is_looked_at(tmp_path: Path) -> None:
    whole = as_bytes(file_of(qa(), context="word " * 1_000_000))
    path = write_files(tmp_path, {"big.json": whole}) / "big.json"
    assert recognised(path)
    assert len(questions(opened(path))) == 1
    late = b'{"images": "' + b"x" * 1_000_000 + b'", ' + whole[1:]
    assert not recognised(write_files(tmp_path, {"late.json": late}) / "late.json")


@pytest.mark.parametrize(
    ("name", "total", "groups", "wrong"),
    [
        ("covidqa_200414.json", 1122, 89, 175),
        ("policyqa_train_2016.json", 2016, 10, 0),
        ("policyqa_test_509.json", 509, 3, 0),
        ("xquad_en_train.json", 991, 39, 0),
        ("xquad_en_dev.json", 199, 9, 0),
        ("xquad.ar.json", 1190, 48, 0),
        ("xquad.zh.json", 1190, 48, 0),
    ],
)
def test_published_files(name: str, total: int, groups: int, wrong: int) -> None:
    path = shared_data("squad", name)
    assert recognised(path)
    listing = opened(path)
    found = questions(listing)
    assert (listing.total, len(found), listing.problems, listing.notes) == (total, total, (), ())
    assert len({one.group for one in found}) == groups
    assert sum(not answer.fits(one.context) for one in found for answer in one.answers) == wrong
    plain = json.loads(path.read_text(encoding="utf-8"))
    texts = [p["context"] for a in plain["data"] for p in a["paragraphs"] for _ in p["qas"]]
    assert [one.context for one in found] == texts


def test_it_is_found_among_all_formats(tmp_path: Path) -> None:
    """Beside images, too: a folder with questions in it is one of questions."""
    write_files(tmp_path / "in", {"train.json": as_bytes(file_of(qa())), "logo.png": b"\x89PNG"})
    for target in (tmp_path / "in", tmp_path / "in" / "train.json"):
        with open_source(str(target), cache=tmp_path) as listing:
            assert (listing.kind, listing.total) == ("squad", 1)


def test_no_other_published_json_is_claimed() -> None:
    for folder in ("flowers102_labels", "weights", "squad/reference_scores"):
        for path in sorted(shared_data(*folder.split("/")).rglob("*.json")):
            assert not recognised(path), path


def test_the_same_ids_in_several_languages_are_told() -> None:
    listing = opened(shared_data("squad"))
    assert Counter(problem.code for problem in listing.problems) == {"listed-twice": 2380}
    assert Counter(one.split for one in questions(listing)) == {
        "train": 2016 + 991, "validation": 199, "test": 509, "": 1122,
    }  # fmt: skip


SAMPLE: dict[str, Any] = {
    "version": "v2.0",
    "data": [
        {
            "title": "Sheep",
            "paragraphs": [{"context": CONTEXT, "qas": [qa("q1"), NO_ANSWER]}, {"context": "Wolf.", "qas": []}],
        },
        {"paragraphs": [{"context": "One. Two.", "document_id": 3, "qas": [qa(5, "One", 0), qa(6, "Two", 1)]}]},
    ],
}
VALUES: list[Any] = [
    None, True, False, 0, -1, 3, 10**19, 1.5, float("nan"), float("-inf"), "", "q1", "York", "\ud800", "\0", [], {},
    [[]], [{}], {"id": "x"}, ["York"], "\N{SHEEP}" * 3,
]  # fmt: skip


SEEDS = range(4)
VARIANTS = 1500  # a seed


class OneFile(Tree):
    """A file that is nowhere on the disk, so that thousands of them take no time."""

    def __init__(self, content: bytes) -> None:
        super().__init__(Path("sample.json"), ["sample.json"])
        self.content = content

    def read(self, name: str) -> bytes:
        return self.content

    def size(self, name: str) -> int:
        return len(self.content)


KNOWN = {one.name: one for one in questions(squad.open_squad(OneFile(as_bytes(SAMPLE))))}


def outcome(content: bytes) -> str:
    """Whatever is in the file: items that keep the promises of a listing, problems with places, or a user's error."""
    tree = OneFile(content)
    if not squad.recognise(tree):
        return "not claimed"
    try:
        listing = squad.open_squad(tree)
    except UserError:
        return "refused"
    found = questions(listing)
    assert listing.total == len(found), content
    assert len({one.name for one in found}) == len(found), content
    for problem in listing.problems:
        assert problem.what, content
        assert problem.where.startswith("sample.json in sample.json: data["), content
    for one in found:
        "".join((one.name, one.question, one.context, one.group, *(answer.text for answer in one.answers))).encode()
        assert all(answer.text and abs(answer.start) < 2**62 for answer in one.answers), content
        assert not (one.impossible and one.answers), content
    return "problems" if listing.problems else "whole" if found == list(KNOWN.values()) else "other"


def places_of(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = values if isinstance(values, dict) else range(len(values)) if isinstance(values, list) else ()
    return [path, *(place for key in keys for place in places_of(values[key], (*path, key)))]


def said(one: Question) -> str:
    answers = [[answer.text, answer.start] for answer in one.answers]
    return repr([one.context, one.name, one.question, answers, one.impossible])


def said_in(values: Any) -> Iterator[str]:
    """Every question of which nothing is wrong, read without care; of one with broken answers, what is left of it."""
    for article in values["data"]:
        with contextlib.suppress(Exception):
            for paragraph in article["paragraphs"]:
                with contextlib.suppress(Exception):
                    for one in paragraph["qas"]:
                        with contextlib.suppress(Exception):
                            kept = []
                            for answer in one.get("answers") or []:
                                with contextlib.suppress(Exception):
                                    if type(answer["answer_start"]) is int and answer["text"]:
                                        kept.append([answer["text"], answer["answer_start"]])
                            impossible = one.get("is_impossible", False)
                            yield repr([paragraph["context"], str(one["id"]), one["question"], kept, impossible])


@pytest.mark.parametrize("seed", SEEDS)
def test_values_replaced_and_removed(seed: int) -> None:
    pick = random.Random(seed)
    places = [place for place in places_of(SAMPLE) if place]
    outcomes: Counter[str] = Counter()
    for _ in range(VARIANTS):
        values = copy.deepcopy(SAMPLE)
        for _ in range(pick.randint(1, 3)):
            *above, last = pick.choice(places)
            inside: Any = values
            try:
                for key in above:
                    inside = inside[key]
                if pick.random() < 0.3:
                    del inside[last]
                else:
                    inside[last] = copy.deepcopy(pick.choice(VALUES))
            except (KeyError, IndexError, TypeError):
                continue  # an earlier change took it away
        content = json.dumps(values).encode()
        outcomes[outcome(content)] += 1
        if squad.recognise(OneFile(content)):
            with contextlib.suppress(UserError):
                found = questions(squad.open_squad(OneFile(content)))
                assert {said(one) for one in found} <= set(said_in(json.loads(content))), content
    assert min(outcomes[kind] for kind in ("not claimed", "problems", "other")) > VARIANTS // 100, outcomes


@pytest.mark.parametrize("seed", SEEDS)
def test_bytes_flipped_and_cut(seed: int) -> None:
    pick = random.Random(seed)
    outcomes: Counter[str] = Counter()
    for _ in range(VARIANTS):
        content = bytearray(as_bytes(SAMPLE))
        for _ in range(pick.randint(0, 3)):
            content[pick.randrange(len(content))] = pick.choice(b'"{}[]:,0-\\e\x00\xff \xf0')
        if pick.random() < 0.5:
            start = pick.randrange(len(content))
            del content[start : start + pick.randint(1, 30)]
        if pick.random() < 0.1:
            del content[pick.randrange(len(content)) :]
        outcomes[outcome(bytes(content))] += 1
    assert min(outcomes[kind] for kind in ("refused", "problems", "other")) > VARIANTS // 100, outcomes


@given(content=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_anything_after_the_head_of_a_file(content: bytes) -> None:
    outcome(b'{"data": [{"paragraphs": [{"context": ' + content)
    outcome(b'{"data": [{"paragraphs": [{"qas": ' + content + b"}]}]}")
