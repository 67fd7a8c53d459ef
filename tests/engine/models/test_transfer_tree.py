"""The table of backbones against the libraries, and the layers of a network as they can be clicked."""

import subprocess
import sys

import pytest
import timm
import torch
import torchvision
from processes import ROOT

from workbench.engine.errors import UserError
from workbench.engine.models import build, sketch
from workbench.engine.models.layers import count, summary
from workbench.engine.models.transfer.backbones import Choice, backbones, choose
from workbench.engine.models.transfer.catalogue import row
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.models.transfer.tree import FROZEN, LEFT_OUT, NEW_HEAD, TRAINED, layer_tree


def test_the_table_lists_both_libraries_without_loading_them() -> None:
    code = (
        "import sys; from workbench.engine.models.transfer.backbones import backbones; "
        "print(len(backbones()), sorted({'torch', 'timm', 'torchvision', 'numpy'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    number, _, loaded = answer.stdout.strip().partition(" ")
    assert int(number) > 1300
    assert loaded == "[]"


def test_every_name_is_there_once_and_says_something() -> None:
    table = backbones()
    assert len({entry.name for entry in table}) == len(table)
    assert all(entry.parameters > 10_000 and entry.size >= 32 and len(entry.key) == 12 for entry in table)
    assert sum(entry.weights for entry in table) > 700
    assert {entry.library for entry in table} == {"torchvision", "timm"}


def test_known_networks_have_their_known_sizes() -> None:
    table = {entry.name: entry for entry in backbones()}
    resnet = table["torchvision/resnet18"]
    assert (resnet.parameters, resnet.size, resnet.tags) == (11_689_512, 224, ("IMAGENET1K_V1",))
    assert table["torchvision/resnet50"].tags[0] == "IMAGENET1K_V2", "the usual ones come first"
    assert table["timm/tf_efficientnet_lite0"].weights
    assert not table["timm/resnet200"].weights
    assert table["timm/vit_base_patch16_384"].size == 384


def test_the_table_is_what_the_libraries_say() -> None:
    """A sample; names that only one of table and library has are another version's."""
    installed = {f"timm/{name}" for name in timm.list_models()} | {
        f"torchvision/{name}" for name in torchvision.models.list_models(module=torchvision.models)
    }
    known = [entry for entry in backbones() if entry.name in installed]
    assert len(known) > 1000
    for entry in known[::230]:
        fresh = row(choose(entry.name))
        assert (fresh["parameters"], fresh["size"], fresh["key"]) == (entry.parameters, entry.size, entry.key), (
            entry.name
        )


def test_a_bare_name_is_torchvisions_first() -> None:
    assert choose("resnet18") == Choice(library="torchvision", name="resnet18")
    assert choose("resnet18.a1_in1k").library == "torchvision"
    assert choose("timm/resnet18.a1_in1k") == Choice(library="timm", name="resnet18", tag="a1_in1k")
    assert choose("tf_efficientnet_lite0") == Choice(library="timm", name="tf_efficientnet_lite0")
    assert choose("of_next_year").library == "timm"
    with pytest.raises(UserError, match="no network called 'of_next_year'"):
        layer_tree(TransferParams(backbone="of_next_year"), classes=2)


def test_the_layers_of_a_resnet() -> None:
    layers = layer_tree(TransferParams(), classes=3)
    top = [(one.name, one.shape) for one in layers.rows if one.depth == 0]
    assert top == [
        ("conv1", (64, 112, 112)), ("bn1", (64, 112, 112)), ("relu", (64, 112, 112)), ("maxpool", (64, 56, 56)),
        ("layer1", (64, 56, 56)), ("layer2", (128, 28, 28)), ("layer3", (256, 14, 14)), ("layer4", (512, 7, 7)),
        ("avgpool", (512, 1, 1)), (NEW_HEAD, (3,)),
    ]  # fmt: skip
    by_name = {one.name: one for one in layers.rows}
    assert (layers.size, layers.features, layers.problem) == ((224, 224), 512, "")
    assert by_name["layer2.0"].depth == 1
    assert by_name["layer2.0.downsample.0"].depth == 3
    assert by_name["layer2.0"].may_cut
    assert not by_name["layer2.0.conv1"].may_cut, "the block goes round it"
    assert by_name["layer4.1"].parameters == 2 * (9 * 512 * 512 + 2 * 512)
    assert by_name[NEW_HEAD].parameters == 513 * 3
    assert {one.part for one in layers.rows} == {TRAINED}
    names = [one.name for one in layers.rows]
    assert names.index("layer1") < names.index("layer1.0") < names.index("layer1.0.conv1") < names.index("layer1.1")


def test_where_it_is_cut_and_how_far_it_is_frozen() -> None:
    layers = layer_tree(TransferParams(reuse="upto", frozen="layer1", cut="layer3.0"), classes=3, size=(64, 96))
    part = {one.name: one.part for one in layers.rows}
    assert [part[name] for name in ("conv1", "layer1", "layer1.1.bn2")] == [FROZEN] * 3
    assert [part[name] for name in ("layer2", "layer2.0.conv1", "layer3", "layer3.0", NEW_HEAD)] == [TRAINED] * 5
    assert [part[name] for name in ("layer3.1", "layer3.1.conv1", "layer4", "avgpool")] == [LEFT_OUT] * 4
    assert (layers.cut, layers.frozen, layers.features) == ("layer3.0", "layer1", 256)
    assert next(one.shape for one in layers.rows if one.name == "layer3") == (256, 4, 6)
    frozen = layer_tree(TransferParams(reuse="none", cut="layer1"), classes=3)
    assert {one.name: one.part for one in frozen.rows if one.depth == 0 and one.part != LEFT_OUT} == {
        **dict.fromkeys(("conv1", "bn1", "relu", "maxpool", "layer1"), FROZEN), NEW_HEAD: TRAINED,
    }  # fmt: skip


def test_a_layer_of_another_network_is_a_problem_and_no_end() -> None:
    layers = layer_tree(TransferParams(cut="blocks.3", reuse="none"), classes=3)
    assert "blocks.3" in layers.problem
    assert (layers.cut, layers.divisible) == ("", True)
    assert {one.part for one in layers.rows} == {TRAINED}
    whole = layer_tree(TransferParams(backbone="timm/crossvit_9_240"), classes=3)
    assert (whole.problem, whole.divisible) == ("", False)
    assert len(whole.rows) > 50


@pytest.mark.parametrize("backbone", ["torchvision/mobilenet_v3_small", "timm/vit_tiny_patch16_224"])
def test_every_row_that_may_be_cut_can_be(backbone: str) -> None:
    whole = layer_tree(TransferParams(backbone=backbone), classes=2, size=(64, 64))
    may = [one for one in whole.rows if one.may_cut]
    assert len(may) > 5
    for one in may[:: max(1, len(may) // 2)]:
        params = TransferParams(backbone=backbone, weights="none", cut=one.name, reuse="upto", frozen=one.name)
        layers = layer_tree(params, classes=2, size=(64, 64))
        model = build("transfer", params, shape=(3, 64, 64), classes=2, generator=torch.Generator()).eval()
        assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 2)
        assert model.get_submodule("head").in_features == layers.features
        assert count(model).parameters == next(row.parameters for row in layers.rows if row.name == NEW_HEAD)


@pytest.mark.parametrize("values", [{}, {"reuse": "upto", "frozen": "blocks.2", "cut": "blocks.4"}])
def test_a_sketch_is_the_network_without_its_weights(values: dict[str, object]) -> None:
    params = TransferParams.from_dict({"backbone": "timm/tf_efficientnet_lite0", **values})
    drawn = sketch("transfer", params, shape=(3, 64, 64), classes=5)
    built = build("transfer", params, shape=(3, 64, 64), classes=5, generator=torch.Generator())
    assert {tensor.device.type for tensor in drawn.state_dict().values()} == {"meta"}
    assert [(name, tensor.shape) for name, tensor in drawn.state_dict().items()] == [
        (name, tensor.shape) for name, tensor in built.state_dict().items()
    ]
    assert count(drawn) == count(built)
    assert summary(drawn, (3, 64, 64)) == summary(built, (3, 64, 64))
