"""Tables of names."""

import pytest

from workbench.engine.errors import UserError
from workbench.engine.registry import Registry, suggest


def fruits() -> Registry[int]:
    registry: Registry[int] = Registry("fruit")
    for number, name in enumerate(["cherry", "apple", "banana"]):
        registry.add(name, number)
    return registry


def test_entries_keep_their_order() -> None:
    registry = fruits()
    assert registry.names() == list(registry) == ["cherry", "apple", "banana"]
    assert registry.values() == [0, 1, 2]
    assert len(registry) == 3
    assert registry["banana"] == 2
    assert "apple" in registry
    assert "pear" not in registry


def test_the_decorator_gives_back_what_it_registers() -> None:
    registry: Registry[type] = Registry("class")

    @registry.register("one")
    class One:
        pass

    assert registry["one"] is One


def test_a_name_is_taken_once() -> None:
    registry = fruits()
    with pytest.raises(AssertionError, match="fruit 'apple' is registered twice"):
        registry.add("apple", 9)
    assert registry["apple"] == 1


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError) as caught:
        fruits()["aple"]
    assert str(caught.value) == ("there is no fruit called 'aple'. Did you mean 'apple'? Known: cherry, apple, banana")


@pytest.mark.parametrize(
    ("word", "among", "remedy"),
    [
        ("zzz", ["cherry", "apple"], "Known: cherry, apple"),
        ("", ["cherry"], "Known: cherry"),
        ("chery", ["cherry"], "did you mean 'cherry'? Known: cherry"),
        ("any", [], "There are none yet"),
    ],
)
def test_suggestions(word: str, among: list[str], remedy: str) -> None:
    assert suggest(word, among) == remedy


def test_of_many_names_the_nearest_are_listed() -> None:
    many = [f"resnet{number}" for number in range(100, 400)] + ["vit", "swin"]
    remedy = suggest("resnet150b", many)
    assert remedy.startswith("did you mean 'resnet150'? Known: resnet150, ")
    assert remedy.endswith(" and 292 more")
    assert suggest("zzzz", many) == "Known: resnet100, resnet101, resnet102, resnet103, resnet104 and 297 more"
