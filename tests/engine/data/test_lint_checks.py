"""Laws over the registry of checks: what is broken triggers the check that is for it, what is clean triggers none."""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from workbench.engine.data.lint.checks import CHECKS, findings
from workbench.engine.data.lint.checks.near import near_clusters
from workbench.engine.data.lint.examine import examine
from workbench.engine.data.lint.facts import Facts
from workbench.engine.data.lint.finding import Finding
from workbench.engine.data.repairs import REPAIRS
from workbench.engine.data.source import Answer, Item, Listing, Palette, Problem, Question, Record
from workbench.engine.data.sources.digits import digits_listing

PALETTE = Palette(classes=("land", "water"), colours=((200, 10, 10), (10, 10, 200)), coding="colour")
SIDE = 24


def picture(seed: int, *, side: int = SIDE, mode: str = "RGB") -> Image.Image:
    """Smooth noise, each seed its own; about what a photograph is to a hash."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def mask(*, side: int = SIDE, colours: tuple[tuple[int, int, int], ...] = PALETTE.colours, mode: str = "RGB") -> bytes:
    """Stripes of the colours."""
    rows = np.array(colours, np.uint8)[np.arange(side) * len(colours) // side]
    image = Image.fromarray(np.repeat(rows[:, None], side, 1))
    return encoded(image.quantize(8) if mode == "P" else image)


def images() -> list[Item]:
    """Two classes in three splits, nothing wrong."""
    splits = ("train", "train", "train", "validation", "test")
    return [
        Record(image=encoded(picture(number)), labels=(number % 2,), split=split, name=f"{number}.png", group=split)
        for number, split in enumerate(splits * 4)
    ]


def pairs() -> list[Item]:
    return [replace(item, labels=(), mask=mask()) for item in images() if isinstance(item, Record)]


def questions() -> list[Item]:
    text = "The river {0} is long. Its delta {0} is wide."
    return [
        Question(
            context=text.format(number),
            question=f"What is {what} of {number}?",
            answers=(Answer("river", 4), Answer("delta", text.format(number).index("delta"))),
            split=split,
            name=f"{number}-{what}",
            group=f"article {number}",
        )
        for number, split in enumerate(("train", "train", "validation", "test"))
        for what in ("long", "wide")
    ]


def listing_of(items: list[Item], *, problems: tuple[Problem, ...] = (), palette: Palette = PALETTE) -> Listing:
    first = items[0]
    is_question = isinstance(first, Question)
    has_masks = isinstance(first, Record) and first.mask is not None
    return Listing(
        kind="made",
        name="made",
        label_sets={} if is_question or has_masks else {"label": ("ant", "bee")},
        total=len(items),
        records=lambda: iter(items),
        content="questions" if is_question else "masks" if has_masks else "images",
        palette=palette if has_masks else None,
        problems=problems,
    )


def examined(listing: Listing, **options: int) -> Facts:
    work = examine(listing, **options)
    while True:
        try:
            next(work)
        except StopIteration as end:
            facts: Facts = end.value
            return facts


def checked(listing: Listing, **options: int) -> tuple[Finding, ...]:
    items = list(listing.records())
    labels = [item.labels if isinstance(item, Record) else () for item in items]
    return findings(
        examined(listing, **options),
        names=[item.name for item in items],
        labels={key: np.array([row[place] for row in labels]) for place, key in enumerate(listing.label_sets)},
        label_sets=listing.label_sets,
        splits=np.array([item.split for item in items]),
        groups=np.array([item.group for item in items]),
        palette=listing.palette,
        problems=listing.problems,
    )


@pytest.mark.parametrize("make", [images, pairs, questions])
def test_nothing_is_found_in_a_clean_set(make: Callable[[], list[Item]]) -> None:
    made = make()
    assert len({item.group for item in made}) > 2
    assert checked(listing_of(made)) == ()


def test_nothing_is_found_in_nothing() -> None:
    empty = replace(listing_of(images()), records=lambda: iter(()))
    assert checked(empty) == ()


# What each check is for: items of a clean set changed, and which items it has to name

Change = Mapping[int, dict[str, object]]


_CUT = encoded(picture(3))[:-40]
_TWICE = encoded(picture(99))
_DARKER = encoded(picture(99).point(lambda value: value * 15 // 16))
_LOOKS = {
    "empty-file": {2: {"image": b""}},
    "truncated": {2: {"image": _CUT}},
    "unreadable": {2: {"image": b"these are no pixels"}},
    "wrong-extension": {2: {"image": encoded(picture(2), "JPEG")}, 3: {"name": "3.gif"}},
    "alpha": {4: {"image": encoded(picture(4, mode="RGBA").rotate(45))}},
    "mixed-colour": {4: {"image": encoded(picture(4, mode="L"))}, 9: {"image": encoded(picture(9, mode="1"))}},
    "palette-image": {4: {"image": encoded(picture(4).quantize(64))}},
    "blank": {5: {"image": encoded(Image.new("RGB", (SIDE, SIDE), (7, 99, 3)))}},
    "sizes": {6: {"image": encoded(picture(6, side=40))}},
    "no-such-class": {1: {"labels": (2,)}, 3: {"labels": (-2,)}},
    "same-name": {1: {"name": "0.png"}, 0: {}},
    "group-across": {number: {"group": "garden"} for number in (0, 3)},
    "duplicates": {0: {"image": _TWICE}, 6: {"image": _TWICE}},
    "duplicates-across": {1: {"image": _TWICE}, 3: {"image": _TWICE}},
    "near-duplicates": {0: {"image": _TWICE}, 6: {"image": _DARKER}},
    "near-duplicates-across": {1: {"image": _TWICE}, 3: {"image": _DARKER}},
    "label-conflict": {0: {"image": _TWICE, "labels": (0,)}, 6: {"image": _TWICE, "labels": (1,)}},  # both in train
    "unknown-class": {7: {"labels": (-1,)}},
}
_MASKS = {
    "unreadable-mask": {2: {"mask": b"no mask"}, 5: {"mask": b""}},
    "mask-size": {2: {"mask": mask(side=SIDE - 1)}},
    "off-palette": {2: {"mask": mask(colours=(*PALETTE.colours, (0, 0, 0)))}},
    "empty-mask": {2: {"mask": encoded(Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0)))}},
    "palette-mask": {2: {"mask": mask(mode="P")}},
}
_QUESTIONS = {
    "answer-offset": {2: {"answers": (Answer("river", 5), Answer("river", 4))}},
    "empty-answer": {2: {"answers": (Answer(" ", 3), Answer("river", 4))}},
    "unanswered": {2: {"answers": ()}},
    "impossible-answered": {2: {"impossible": True}},
    "empty-question": {2: {"question": " \n"}},
    "empty-context": {2: {"context": " ", "answers": (), "impossible": True}},
    "repeated-question": {0: {}, 1: {"question": "what is  long of 0 "}},
    "group-across": {0: {"group": "a"}, 1: {"group": "a"}, 4: {"group": "a"}},
}
_TOGETHER = {"label-conflict": {"duplicates"}}


def _changed(items: list[Item], change: Change) -> list[Item]:
    return [replace(item, **change.get(index, {})) for index, item in enumerate(items)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "code", "change"),
    [(make, code, change) for make, table in ((images, _LOOKS), (pairs, _MASKS), (questions, _QUESTIONS))
     for code, change in table.items()],
)  # fmt: skip
def test_what_is_broken_is_found(make: Callable[[], list[Item]], code: str, change: Change) -> None:
    found = {finding.code: finding for finding in checked(listing_of(_changed(make(), change)))}
    assert found.keys() == {code, *_TOGETHER.get(code, ())}
    finding = found[code]
    assert finding.items.tolist() == sorted(change)
    assert finding.count >= 1
    assert finding.title
    assert finding.remedy.endswith(".")
    assert finding.details.keys() <= {-1, *change}
    assert all(name in REPAIRS for name in finding.repairs)
    assert all(set(cluster) <= set(change) for cluster in finding.clusters)


def test_every_check_has_a_broken_sample() -> None:
    by_themselves = {"too-large", "tiny", "empty-class", "rare-class", "context-across"}
    assert set(CHECKS) == by_themselves | _LOOKS.keys() | _MASKS.keys() | _QUESTIONS.keys()


def only(found: tuple[Finding, ...], code: str) -> Finding:
    assert [finding.code for finding in found] == [code]
    return found[0]


def test_images_beyond_the_limit_are_not_decoded() -> None:
    made = _changed(images(), {2: {"image": encoded(picture(2, side=30))}})
    finding = only(checked(listing_of(made), limit_pixels=SIDE * SIDE), "too-large")
    assert finding.items.tolist() == [2]
    assert "576 pixels" in finding.details[2]


def test_tiny_images() -> None:
    made = [replace(item, image=encoded(picture(index, side=7))) for index, item in enumerate(images())]
    finding = only(checked(listing_of(made)), "tiny")
    assert finding.count == len(made)
    assert finding.details[0] == "7 × 7 pixels"
    assert len(finding.details) == 20


def test_empty_classes_of_labels_and_of_masks() -> None:
    made = [replace(item, labels=(1,)) for item in images() if isinstance(item, Record)]
    finding = only(checked(listing_of(made)), "empty-class")
    assert (finding.count, finding.unit, finding.details) == (1, "classes", {-1: "ant"})
    land = [replace(item, mask=mask(colours=PALETTE.colours[:1])) for item in pairs() if isinstance(item, Record)]
    assert only(checked(listing_of(land)), "empty-class").details == {-1: "water"}


def test_a_class_is_rare_beside_one_that_is_ten_times_as_frequent() -> None:
    two = [replace(item, labels=(int(index > 1),)) for index, item in enumerate(images()) if isinstance(item, Record)]
    assert checked(listing_of(two)) == ()
    one = [replace(item, labels=(int(index > 0),)) for index, item in enumerate(images()) if isinstance(item, Record)]
    finding = only(checked(listing_of(one)), "rare-class")
    assert (finding.items.tolist(), finding.details) == ([0], {-1: "ant 1 against 19 of bee"})


def test_a_text_in_train_and_test_is_an_error_and_in_validation_and_test_a_warning() -> None:
    made = questions()
    shared = made[0].context  # type: ignore[union-attr]
    leak = _changed(made, {4: {"context": shared, "answers": (Answer("river", 4),)}})
    finding = only(checked(listing_of(leak)), "context-across")
    assert (finding.severity, finding.clusters) == ("error", ((0, 1, 4),))
    mild = _changed(made, {4: {"context": made[6].context, "answers": ()}, 5: {}})  # type: ignore[union-attr]
    mild = _changed(mild, {4: {"answers": (Answer("river", 4),)}})
    assert only(checked(listing_of(mild)), "context-across").severity == "warning"


def test_copies_in_train_and_test_are_an_error_and_in_validation_and_test_a_warning() -> None:
    for places, severity in (((0, 4), "error"), ((3, 4), "warning")):
        made = _changed(images(), {place: {"image": _TWICE, "labels": (0,)} for place in places})
        finding = only(checked(listing_of(made)), "duplicates-across")
        assert (finding.severity, finding.clusters) == (severity, (places,))


def test_copies_are_known_by_their_pixels() -> None:
    """Another format without loss, other metadata, turned by its header: all the same picture."""
    image = picture(99)
    turned = Image.Exif()
    turned[0x0112] = 3
    same = [
        encoded(image),
        encoded(image, "BMP"),
        encoded(image, "WEBP", lossless=True),
        encoded(image, compress_level=0),
        encoded(image.transpose(Image.Transpose.ROTATE_180), "PNG", exif=turned),
    ]
    places = (0, 1, 2, 5, 6)
    changes = {
        place: {"image": file, "name": f"n{place}", "labels": (0,)} for place, file in zip(places, same, strict=True)
    }
    made = _changed(images(), changes)
    finding = only(checked(listing_of(made)), "duplicates")
    assert finding.clusters == ((0, 1, 2, 5, 6),)


def test_severities_come_in_order() -> None:
    made = _changed(images(), {0: {"image": b""}, 5: {"labels": (-1,)}, 6: {"image": encoded(picture(6), "JPEG")}})
    assert [finding.severity for finding in checked(listing_of(made))] == ["error", "warning", "info"]


def test_stray_colours_are_told_most_frequent_first() -> None:
    pixels = np.full((10, 10, 3), PALETTE.colours[0], np.uint8)
    pixels[0, :5], pixels[1, :3], pixels[2, :2], pixels[3, 0], pixels[4, 0] = 0, 1, 2, 3, 4
    item = replace(pairs()[0], image=encoded(picture(0, side=10)), mask=encoded(Image.fromarray(pixels)))
    finding = next(one for one in checked(listing_of([item])) if one.code == "off-palette")
    assert (finding.count, finding.unit) == (12, "pixels")
    told = "5 pixels of (0, 0, 0), 3 of (1, 1, 1), 2 of (2, 2, 2) and 2 of 2 other colours"
    assert finding.details == {-1: "12 % of all mask pixels, in 1 masks", 0: told}


def test_problems_are_counted_by_kind() -> None:
    problems = (
        *(Problem(code="label-range", what="the label is no class", where=f"map.txt:{line}") for line in range(30)),
        Problem(code="extra-image", what="it has no mask", where="a.png", remedy="draw one", severity="warning"),
    )
    lines, extra = checked(listing_of(images(), problems=problems))
    assert (lines.code, lines.count, lines.unit, lines.severity) == ("label-range", 30, "lines", "error")
    assert lines.title == "The label is no class"
    assert lines.repairs == ("leave-out",)
    assert lines.details[-1].startswith("map.txt:0; map.txt:1; ")
    assert lines.details[-1].endswith("; and 10 more")
    assert (extra.code, extra.unit, extra.remedy, extra.repairs) == ("extra-image", "parts", "Draw one.", ())


# Near duplicates against a comparison of all pairs


def test_near_duplicates_survive_what_happens_to_pictures() -> None:
    image = picture(5, side=90)
    worn = [
        encoded(image, "JPEG", quality=40),
        encoded(image.resize((60, 60)), "PNG"),
        encoded(image.crop((1, 1, 90, 89)), "PNG"),
        encoded(image.point(lambda value: min(255, value + 6)), "PNG"),
    ]
    others = [encoded(picture(seed, side=90)) for seed in range(100, 160)]
    made: list[Item] = [
        Record(image=file, labels=(0,), split="", name=str(number))
        for number, file in enumerate([encoded(image), *worn, *others])
    ]
    facts = examined(listing_of(made))
    found = near_clusters(facts.perceptual, facts.miniatures, facts.mean)
    assert [cluster.tolist() for cluster in found] == [[0, 1, 2, 3, 4]]


def test_flat_images_are_near_to_nothing() -> None:
    rng = np.random.default_rng(0)
    flat = [Image.fromarray(rng.integers(126, 130, (16, 16, 3), np.uint8)) for _ in range(200)]
    facts = examined(listing_of([Record(image=encoded(one), labels=(0,), split="", name="") for one in flat]))
    assert near_clusters(facts.perceptual, facts.miniatures, facts.mean) == []


def test_a_set_in_which_all_look_alike_takes_bounded_time() -> None:
    """Every hash is the same, so that there are as many candidates as pairs: 50 million."""
    count = 10_000
    rng = np.random.default_rng(0)
    miniatures = np.broadcast_to(np.linspace(0, 200, 72).astype(np.uint8).reshape(8, 9), (count, 8, 9))
    miniatures = miniatures + rng.integers(0, 2, miniatures.shape, np.uint8)
    mean = np.full((count, 3), 0.4, np.float32)
    started = time.monotonic()
    near_clusters(np.zeros(count, np.uint64), miniatures, mean)
    assert time.monotonic() - started < 30  # all pairs would take minutes


def test_handwritten_digits_look_alike_without_being_copies() -> None:
    facts = examined(digits_listing())
    assert near_clusters(facts.perceptual, facts.miniatures, facts.mean) == []


def test_clusters_are_those_of_all_pairs() -> None:
    rng = np.random.default_rng(1)
    base = rng.integers(0, 256, (300, 8, 9))
    copies = base[:40] + rng.integers(-3, 4, (40, 8, 9))
    miniatures = np.clip(np.concatenate([base, copies]), 0, 255).astype(np.uint8)
    darker = miniatures[:, :, :-1] < miniatures[:, :, 1:]
    hashes = np.packbits(darker.reshape(-1, 64), axis=1).view(">u8")[:, 0].astype(np.uint64)
    mean = np.repeat(miniatures.mean((1, 2))[:, None] / 255, 3, 1).astype(np.float32)
    found = near_clusters(hashes, miniatures, mean)
    distance = np.bitwise_count(hashes[:, None] ^ hashes)
    expected = [[item, 300 + item] for item in range(40) if distance[item, 300 + item] <= 7]
    assert len(expected) > 20
    assert [cluster.tolist() for cluster in found] == expected
