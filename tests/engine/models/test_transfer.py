"""Networks taken apart against the libraries' own networks, and what stays still while they train."""

import copy
import threading

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, build, wanted_input
from workbench.engine.models.layers import DropPath, answers, attach_generator, embed, kernels, summary
from workbench.engine.models.transfer.model import TransferNet
from workbench.engine.models.transfer.params import TransferParams

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def network(size: int = 64, *, channels: int = 3, seed: int = 0, classes: int = 4, **values: object) -> TransferNet:
    params = TransferParams.from_dict({"weights": "none", **values})
    model = build(
        "transfer", params, shape=(channels, size, size), classes=classes, generator=torch.Generator().manual_seed(seed)
    )
    assert isinstance(model, TransferNet)
    attach_generator(model, torch.Generator().manual_seed(seed))
    return model.eval()


def images(size: int = 64, *, channels: int = 3, count: int = 2) -> Tensor:
    return torch.randn(count, channels, size, size, generator=torch.Generator().manual_seed(0))


def reference(module: nn.Module, model: TransferNet) -> nn.Module:
    """A library's own network with the weights of ours."""
    own = module.state_dict()
    module.load_state_dict({**own, **model.backbone_state()})
    return module.eval()


def output_of(module: nn.Module, layer: str, x: Tensor) -> Tensor:
    seen: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda *call: seen.append(call[2]))
    module(x)
    handle.remove()
    return seen[0]


# The parts


@torch.no_grad()
def test_a_whole_network_gives_what_its_last_layer_is_given() -> None:
    model, x = network(), images()
    resnet = reference(torchvision.models.resnet18(weights=None), model)
    pooled = output_of(resnet, "avgpool", x).flatten(1)
    assert torch.equal(model.embed(x), pooled)
    torch.testing.assert_close(model(x), pooled @ model.head.weight.T + model.head.bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("backbone", "layer", "size", "summed_up"),
    [
        ("torchvision/resnet18", "layer2", 64, lambda y: y.mean((2, 3))),
        ("torchvision/resnet18", "layer3.0", 64, lambda y: y.mean((2, 3))),
        ("torchvision/densenet121", "features.denseblock1", 64, lambda y: y.mean((2, 3))),
        ("torchvision/swin_t", "features.1", 64, lambda y: y.mean((1, 2))),  # channels last
        ("timm/swin_tiny_patch4_window7_224", "layers.1", 224, lambda y: y.mean((1, 2))),
        ("timm/vit_tiny_patch16_224", "blocks.2", 64, lambda y: y[:, 0]),  # its class token
        ("timm/vit_tiny_patch16_224", "patch_embed", 64, lambda y: y.mean(1)),  # before it has one
        ("timm/vit_wee_patch16_reg1_gap_256", "blocks.0", 64, lambda y: y[:, 1:].mean(1)),  # has a register
        ("timm/tf_efficientnet_lite0", "blocks.2", 64, lambda y: y.mean((2, 3))),
    ],
)
@torch.no_grad()
def test_a_cut_network_sums_up_the_layer_as_the_backbone_would(backbone, layer, size, summed_up) -> None:  # type: ignore[no-untyped-def]
    model, x = network(size, backbone=backbone, cut=layer), images(size)
    library, _, name = backbone.partition("/")
    if library == "torchvision":
        own = torchvision.models.get_model(name, weights=None)
    else:
        own = timm.create_model(name, **({"img_size": size} if "vit" in name else {}))
    assert set(model.backbone_state()) < set(own.state_dict())
    expected = summed_up(output_of(reference(own, model), layer, x))
    torch.testing.assert_close(model.embed(x), expected, rtol=1e-4, atol=1e-5)
    assert model.embed(x).shape == (2, model.head.in_features)


@pytest.mark.parametrize("values", [
    {"reuse": "none"},
    {"reuse": "none", "cut": "layer3"},
    {"reuse": "upto", "frozen": "layer2"},
    {"reuse": "upto", "frozen": "layer1.0", "cut": "layer3.0"},
    {"reuse": "upto", "frozen": "layer2", "cut": "layer2"},
    {"reuse": "upto", "frozen": "bn1"},
])  # fmt: skip
@torch.no_grad()
def test_the_parts_together_are_the_network(values: dict[str, object]) -> None:
    model, x = network(**values), images()
    whole = network(cut=values.get("cut", ""))
    assert torch.equal(model(x), whole(x))
    stem = model.stem(x)
    kept = stem.clone()
    assert torch.equal(model.rest(stem), model(x))
    assert torch.equal(stem, kept), "the stem may be kept and used again"
    assert model.has_frozen
    assert model.all_frozen == (stem.ndim == 2)
    assert torch.equal(model.features(stem), model.embed(x))


def test_what_is_frozen_stays_as_it_is_and_the_rest_learns() -> None:
    model = network(reuse="upto", frozen="layer2")
    assert model.train() is model
    assert not any(module.training for module in model.frozen.modules())
    assert all(module.training for module in model.tail.modules())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.SGD(weights, 0.1)
    nn.functional.cross_entropy(model(images(count=4)), torch.arange(4)).backward()
    optimiser.step()
    for name, tensor in model.state_dict().items():
        changed = not torch.equal(tensor, before[name])
        assert changed != name.startswith("frozen."), name
    assert all(weight.grad is None for weight in model.frozen.parameters())
    assert not model.stem(images()).requires_grad
    asking = images().requires_grad_()
    model(asking).sum().backward()
    assert asking.grad is not None, "a heat map needs gradients of what is frozen, too"
    assert len(kernels(model)) == 10 + 1  # layer3 and layer4 have five convolutions each


def test_a_network_that_cannot_be_cut_is_reused_whole() -> None:
    name = "timm/crossvit_9_240"
    model = network(240, backbone=name, reuse="none")
    assert model(images(240)).shape == (2, 4)
    assert [share for share, _ in model.parameter_groups()] == [1.0]
    with pytest.raises(UserError, match="cannot be cut"):
        network(240, backbone=name, cut="blocks.0")


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"cut": "layer9"}, "layer9.*such as conv1, bn1, relu, maxpool, layer1"),
        ({"cut": "layer1.0.conv1"}, "cannot be divided"),  # its block goes round it
        ({"reuse": "upto"}, "no layer is chosen"),
        ({"reuse": "upto", "frozen": "layer3", "cut": "layer2"}, "comes after the cut"),
        ({"backbone": "torchvision/resnet19"}, "no network called 'resnet19'.*resnet18"),
        ({"backbone": "timm/resnet18.nobody"}, "no weights nobody"),
        ({"backbone": "torchvision/resnet18.V9"}, "no weights V9.*IMAGENET1K_V1"),
        ({"backbone": "torchvision/alexnet"}, r"does not take images of 24 x 24 pixels.*data.size = 224"),
        ({"drop_path": 0.1}, "no blocks that can be skipped"),
        ({"backbone": "timm/resnet18", "weights": " "}, "weights cannot be"),
        ({"backbone": "keras/resnet"}, "backbone cannot be"),
    ],
)
def test_what_cannot_be_is_said(values: dict[str, object], match: str) -> None:
    with pytest.raises(UserError, match=match):
        network(24, **values)


@torch.no_grad()
def test_grey_images_are_shown_in_three_channels() -> None:
    model, grey = network(channels=1), images(channels=1)
    assert torch.equal(model(grey), model(grey.expand(-1, 3, -1, -1)))


@torch.no_grad()
def test_squares_are_not_needed() -> None:
    params = TransferParams(weights="none", backbone="timm/vit_tiny_patch16_224", cut="blocks.1")
    model = build("transfer", params, shape=(3, 32, 64), classes=3, generator=torch.Generator()).eval()
    assert model(torch.zeros(2, 3, 32, 64)).shape == (2, 3)


@torch.no_grad()
def test_a_copy_is_independent() -> None:
    model, x = network(reuse="upto", frozen="layer1"), images()
    before = model(x)
    other = copy.deepcopy(model)
    assert torch.equal(other(x), before)
    other.tail.layer4.get_submodule("0").conv1.weight.zero_()
    assert not torch.equal(other(x), before)
    assert torch.equal(model(x), before)


def test_another_thread_may_run_a_network_while_one_is_traced() -> None:
    other = torchvision.models.resnet18(weights=None).eval()
    x, stop = torch.zeros(1, 3, 32, 32), threading.Event()
    trouble: list[BaseException] = []
    rounds: list[int] = []

    def run() -> None:
        try:
            while not stop.is_set():
                with torch.no_grad():
                    other(x)
                rounds.append(1)
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        for _ in range(3):
            network(cut="layer1")
    finally:
        stop.set()
        thread.join()
    assert rounds
    assert not trouble


# Learning


def test_each_block_learns_slower_than_the_one_after_it() -> None:
    model = network(reuse="upto", frozen="layer1", backbone_rate=0.1, layer_decay=0.5)
    names = {id(weight): name for name, weight in model.named_parameters()}
    groups = {round(share, 6): {names[id(weight)] for weight in some} for share, some in model.parameter_groups()}
    blocks = ["layer4.1", "layer4.0", "layer3.1", "layer3.0", "layer2.1", "layer2.0"]
    expected = {round(0.1 * 0.5**distance, 6): block for distance, block in enumerate(blocks)}
    assert groups.pop(1.0) == {"head.weight", "head.bias"}
    assert groups.keys() == expected.keys()
    for share, block in expected.items():
        assert groups[share] == {name for name in names.values() if name.startswith(f"tail.{block}.")}


def test_all_at_one_rate_are_one_group_in_the_order_of_the_network() -> None:
    model = network()
    ((share, weights),) = model.parameter_groups()
    assert share == 1.0
    assert [id(weight) for weight in weights] == [id(weight) for weight in model.parameters()]


@pytest.mark.parametrize(
    ("backbone", "count"),
    [
        ("torchvision/resnet18", 9),  # stem and eight blocks
        ("torchvision/vit_b_16", 13),  # what makes patches, and twelve blocks
        ("timm/vit_tiny_patch16_224", 13),
        ("timm/convnext_atto", 13 + 3),  # twelve blocks, stem, three downsamplings
        ("torchvision/mobilenet_v2", 19),
    ],
)
def test_blocks_are_counted_as_people_count_them(backbone: str, count: int) -> None:
    model = network(backbone=backbone, backbone_rate=0.5, layer_decay=0.9)
    assert len(model.parameter_groups()) == count + 1
    assert sum(len(weights) for _, weights in model.parameter_groups()) == len(list(model.parameters()))


@pytest.mark.parametrize("backbone", ["torchvision/efficientnet_b0", "timm/convnext_atto"])
def test_skipped_blocks_rise_to_the_asked_share_and_follow_the_generator(backbone: str) -> None:
    model = network(backbone=backbone, drop_path=0.3)
    shares = [module.p for module in model.modules() if isinstance(module, DropPath)]
    assert shares == sorted(shares)
    assert max(shares) == pytest.approx(0.3)
    model.train()
    results = []
    for seed in (1, 1, 2):
        attach_generator(model, torch.Generator().manual_seed(seed))
        torch.manual_seed(len(results))
        with torch.no_grad():
            results.append(model(images(count=8)))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_a_skipped_image_loses_all_of_a_branch() -> None:
    layer = DropPath(0.25)
    attach_generator(layer, torch.Generator().manual_seed(0))
    y = layer(torch.ones(4000, 2, 3))
    torch.testing.assert_close(y.unique(), torch.tensor([0.0, 4 / 3]))
    assert torch.equal(y.flatten(1).amin(1), y.flatten(1).amax(1))
    assert (y[:, 0, 0] == 0).double().mean().item() == pytest.approx(0.25, abs=0.03)
    assert layer.eval()(y) is y


# What others ask


def test_a_network_wants_what_it_was_trained_with() -> None:
    def wanted(backbone: str):  # type: ignore[no-untyped-def]
        return wanted_input("transfer", TransferParams(backbone=backbone, weights="none"))

    usual = wanted("resnet18")
    assert (usual.size, usual.share, usual.interpolation) == (224, 0.875, "bilinear")
    assert (usual.mean, usual.deviation) == (IMAGENET_MEAN, IMAGENET_DEVIATION)
    lite = wanted("tf_efficientnet_lite0")
    assert (lite.size, lite.share, lite.interpolation) == (224, 0.875, "bicubic")
    assert lite.mean == lite.deviation == (0.5, 0.5, 0.5)
    newer = wanted("torchvision/resnet50")  # the second weights scale to 232 pixels and cut out 224
    assert int(newer.size / newer.share) == 232
    older = wanted("torchvision/resnet50.IMAGENET1K_V1")
    assert older.share == 0.875
    assert wanted("torchvision/efficientnet_b4").size == 380


@pytest.mark.parametrize("name", [name for name in MODELS if MODELS[name].task == "classify"])
@torch.no_grad()
def test_answers_are_the_logits_and_what_the_last_layer_saw(name: str) -> None:
    model = build(name, MODELS[name].params(), shape=(3, 32, 32), classes=5, generator=torch.Generator())
    model.eval()
    x = images(32, count=3)
    logits, features = answers(model, x)
    assert torch.equal(logits, model(x))
    assert features.ndim == 2
    assert torch.equal(embed(model, x), features)
    assert not any(module._forward_pre_hooks for module in model.modules())
    if name in ("fnn", "cnn", "cnn-deep", "transfer"):
        last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
        assert torch.equal(last(features), logits)


def test_a_summary_survives_layers_that_return_several_things() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> tuple[None, dict[str, Tensor]]:
            return None, {"half": x[:, :1]}

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.two, self.dense = Two(), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.dense(self.dense(self.two(x)[1]["half"]))

    rows = summary(Net(), (3, 5, 4))
    assert [(row.name, row.output_shape) for row in rows] == [("two", (1, 5, 4))] + 2 * [("dense", (1, 5, 4))]
    assert [row.parameters for row in rows] == [0, 20, 0], "it runs twice, and has its weights once"


@pytest.mark.parametrize("statistics", ["learn", "keep"])
def test_the_statistics_of_what_is_trained_are_learned_or_kept(statistics: str) -> None:
    model = network(statistics=statistics)
    before = {name: values.clone() for name, values in model.named_buffers() if "running" in name}
    model.train()
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    model(images).sum().backward()
    changed = [name for name, values in model.named_buffers() if "running" in name and (values != before[name]).any()]
    assert before
    assert len(changed) == (0 if statistics == "keep" else len(before))
    assert all(weight.grad is not None for weight in model.tail.parameters())  # its gain and offset are learned
