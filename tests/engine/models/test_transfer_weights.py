"""Weights of others: files under many names, published ones, those of our own runs, and those that do not fit."""

import hashlib
import http.server
import json
import pickle
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import timm
import torch
import torchvision
from helpers import finish, shared_data
from safetensors.torch import load_file, save_file
from torch import Tensor

from workbench.engine.data.pixels import Geometry, prepare, read_header
from workbench.engine.errors import UserError
from workbench.engine.events import Message
from workbench.engine.models import build
from workbench.engine.models.transfer import fetching, library
from workbench.engine.models.transfer.backbones import choose
from workbench.engine.models.transfer.model import TransferNet
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.models.transfer.weights import load_pretrained
from workbench.engine.train.feed import Preprocessing, Scale

LITE = "timm/tf_efficientnet_lite0"


def no_run(run: str) -> Path:
    raise AssertionError(run)


def network(size: int = 64, *, classes: int = 3, seed: int = 0, **values: object) -> TransferNet:
    params = TransferParams.from_dict(values)
    generator = torch.Generator().manual_seed(seed)
    model = build("transfer", params, shape=(3, size, size), classes=classes, generator=generator)
    assert isinstance(model, TransferNet)
    return model.eval()


def loaded(weights: str, *, of_run=no_run, size: int = 64, **values: object) -> tuple[TransferNet, list[str]]:  # type: ignore[no-untyped-def]
    """A network with weights from ``weights``, and what was said about it."""
    model = network(size, seed=1, weights=weights, **values)
    params = TransferParams.from_dict({"weights": weights, **values})
    events = list(load_pretrained(model, params, of_run=of_run))
    return model, [event.text for event in events if isinstance(event, Message)]


def resnet(classes: int = 7) -> dict[str, Tensor]:
    """What somebody fine-tuned: a ResNet-18 with random weights and statistics."""
    torch.manual_seed(3)
    module = torchvision.models.resnet18(weights=None, num_classes=classes)
    module.train()(torch.randn(4, 3, 64, 64))
    return module.state_dict()


def same(model: TransferNet, state: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(tensor, state[name]) for name, tensor in model.backbone_state().items())


@pytest.fixture(scope="module")
def others() -> dict[str, Tensor]:
    return resnet()


@pytest.mark.parametrize("wrapped", [
    lambda state: state,
    lambda state: {"state_dict": state, "epoch": 3},
    lambda state: {"model": {f"module.{name}": tensor for name, tensor in state.items()}},
    lambda state: {f"module.model.{name}": tensor for name, tensor in state.items()},
    lambda state: {**{f"backbone.{name}": tensor for name, tensor in state.items() if name[:3] != "fc."},
                   "classifier.weight": torch.zeros(2, 512)},
    lambda state: {f"encoder.{name}": tensor for name, tensor in state.items()},
    lambda state: {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")},
])  # fmt: skip
def test_files_of_others_are_understood(tmp_path: Path, others: dict[str, Tensor], wrapped) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "theirs.pth"
    torch.save(wrapped(others), path)
    model, said = loaded(str(path))
    own = model.backbone_state()
    assert all(torch.equal(own[name], others[name]) for name in own if not name.endswith("num_batches_tracked"))
    assert len(own) == 120
    (text,) = said
    assert str(path) in text
    assert text.startswith(("120 tensors", "100 tensors"))


def test_weights_reach_whatever_is_kept(tmp_path: Path, others: dict[str, Tensor]) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file(others, path)
    model, said = loaded(str(path), reuse="upto", frozen="layer1", cut="layer2")
    assert same(model, others)
    assert said[0].startswith("60 tensors")
    head = model.head.weight.clone()
    finish(load_pretrained(model, TransferParams(weights=str(path)), of_run=no_run))
    assert torch.equal(model.head.weight, head)


def test_nothing_is_fetched_or_loaded_without_weights() -> None:
    before = network().backbone_state()
    model, said = loaded("none")
    assert said == []
    assert not torch.equal(model.backbone_state()["conv1.weight"], before["conv1.weight"])  # another seed


def test_another_network_is_named(tmp_path: Path, others: dict[str, Tensor]) -> None:
    path = tmp_path / "lite.safetensors"
    state = timm.create_model("tf_efficientnet_lite0", num_classes=10).state_dict()
    save_file({f"module.{name}": tensor for name, tensor in state.items()}, path)
    with pytest.raises(UserError, match=r"first difference: conv1.weight is missing.*Set model.backbone") as caught:
        loaded(str(path))
    assert "timm/tf_efficientnet_lite0" in caught.value.remedy
    save_file(torchvision.models.resnet34(weights=None).state_dict(), path)
    with pytest.raises(UserError, match=r"layer1.2.* is unknown to it.*torchvision/resnet34"):
        loaded(str(path))
    save_file({**others, "layer3.0.conv1.weight": torch.zeros(1, 2)}, path)
    with pytest.raises(UserError, match=r"layer3.0.conv1.weight is 1 x 2 instead of 256 x 128 x 3 x 3"):
        loaded(str(path))


def test_a_file_is_not_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    path = tmp_path / "trap.pt"
    path.write_bytes(pickle.dumps({"conv1.weight": Trap()}))
    with pytest.raises(UserError, match="cannot be read"):
        loaded(str(path))
    torch.save({"conv1.weight": Trap()}, path)
    with pytest.raises(UserError, match=r"holds more than tensors.*safetensors"):
        loaded(str(path))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("x.safetensors", None, "no such file"),
        ("x.safetensors", b"nonsense", "cannot be read"),
        ("x.onnx", b"nonsense", r"no file of weights.*\.safetensors"),
        ("x.pth", b"", r"is empty.*again"),
        ("X.PTH", b"hello", r"damaged, or torch did not save it.*again"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, content: bytes | None, match: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=match) as caught:
        loaded(str(tmp_path / name))
    assert str(tmp_path / name) in str(caught.value)


def test_the_suffix_may_be_written_as_one_likes(tmp_path: Path, others: dict[str, Tensor]) -> None:
    torch.save(others, tmp_path / "OLD.PTH.TAR")
    loaded(str(tmp_path / "OLD.PTH.TAR"))
    save_file(others, tmp_path / "new.SafeTensors")
    loaded(str(tmp_path / "new.SafeTensors"))


def test_spoilt_weights_are_refused(tmp_path: Path, others: dict[str, Tensor]) -> None:
    name = next(name for name, tensor in others.items() if tensor.ndim == 4)
    save_file({**others, name: others[name] * float("nan")}, tmp_path / "nan.safetensors")
    with pytest.raises(UserError, match=rf"{name} holds values that are no numbers.*nan\.safetensors"):
        loaded(str(tmp_path / "nan.safetensors"))


def test_positions_are_stretched_to_another_size(tmp_path: Path) -> None:
    path = tmp_path / "vit.safetensors"
    state = timm.create_model("vit_tiny_patch16_224", num_classes=5).state_dict()
    # A position that tells where it is: stretched, it still does.
    state["pos_embed"][0, 1:, 0] = torch.linspace(0, 1, 14).repeat_interleave(14)
    save_file(state, path)
    model, _ = loaded(str(path), backbone="timm/vit_tiny_patch16_224", size=96)
    own = model.backbone_state()
    assert own["pos_embed"].shape == (1, 37, 192)
    rows = own["pos_embed"][0, 1:, 0].view(6, 6)
    torch.testing.assert_close(rows, torch.linspace(0, 1, 6)[:, None].expand(6, 6), rtol=0, atol=0.08)
    assert torch.equal(own["blocks.3.attn.qkv.weight"], state["blocks.3.attn.qkv.weight"])


# Our own runs


def checkpoint(folder: Path, model: TransferNet, *, name: str = "transfer", mean: float = 0.456) -> Path:
    folder.mkdir()
    save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, folder / "model.safetensors")
    scaling = {"mode": "RGB", "mean": [0.485, mean, 0.406], "deviation": [0.229, 0.224, 0.225]}
    meta = {"job": {"model": {"name": name}}, "preprocessing": scaling}
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder


def test_the_backbone_of_a_run_whatever_it_froze(tmp_path: Path) -> None:
    theirs = network(seed=5, reuse="upto", frozen="layer2", classes=9)
    folder = checkpoint(tmp_path / "c", theirs)
    asked: list[str] = []

    def of_run(run: str) -> Path:
        asked.append(run)
        return folder

    model, said = loaded("run:7", of_run=of_run, reuse="none", cut="layer3")
    assert asked == ["7"]
    assert same(model, theirs.backbone_state())
    assert said == ["90 tensors of torchvision/resnet18 loaded: run 7"]


def test_a_run_must_have_what_is_asked_of_it(tmp_path: Path) -> None:
    short = checkpoint(tmp_path / "short", network(cut="layer2"))
    with pytest.raises(UserError, match=r"layer3.0.conv1.weight is missing.*model.cut as it was"):
        loaded("run:1", of_run=lambda run: short)
    assert same(loaded("run:1", of_run=lambda run: short, cut="layer2")[0], network(cut="layer2").backbone_state())
    other = checkpoint(tmp_path / "other", network(cut="layer1"), name="cnn")
    with pytest.raises(UserError, match=r"run 2 has no backbone.*cnn"):
        loaded("run:2", of_run=lambda run: other)


def test_a_run_on_images_scaled_otherwise_is_said(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "c", network(cut="layer1"), mean=0.5)
    _, said = loaded("run:7", of_run=lambda run: folder, cut="layer1")
    assert any("scaled otherwise" in text for text in said)


# Published weights


def test_without_a_network_the_file_and_its_place_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError) as caught:
        loaded("imagenet")
    name = str(library.torchvision_weights(choose("resnet18")).url).rpartition("/")[2]
    assert caught.value.where == name
    assert str(tmp_path / "hub" / "checkpoints") in caught.value.remedy
    with pytest.raises(UserError) as caught:
        loaded("imagenet", backbone=LITE)
    assert caught.value.where == "model.safetensors of timm/tf_efficientnet_lite0.in1k"
    assert "model.weights" in caught.value.remedy
    with pytest.raises(UserError, match="no published weights"):
        loaded("imagenet", backbone="timm/resnet200")


def test_a_file_that_was_put_there_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: dict[str, Tensor]
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    name = str(library.torchvision_weights(choose("resnet18")).url).rpartition("/")[2]
    place = tmp_path / "hub" / "checkpoints" / name
    place.parent.mkdir(parents=True)
    torch.save(others, place)
    model, said = loaded("imagenet")
    assert same(model, others)
    assert name in said[0]


def test_the_hubs_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--timm--vit_tiny_patch16_224.augreg_in21k_ft_in1k"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    state = timm.create_model("vit_tiny_patch16_224").state_dict()
    save_file(state, folder / "snapshots" / "abc" / "model.safetensors")
    model, _ = loaded("imagenet", backbone="timm/vit_tiny_patch16_224", cut="blocks.1")
    assert torch.equal(model.backbone_state()["blocks.1.mlp.fc1.bias"], state["blocks.1.mlp.fc1.bias"])


class _Files(http.server.BaseHTTPRequestHandler):
    content = bytes(3_000_000)
    gate = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        try:
            self.wfile.write(self.content[:1_500_000])
            self.gate.wait(20)
            self.wfile.write(self.content[1_500_000:])
        except OSError:
            pass  # the reader has gone

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Files.gate.clear()
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{serving.server_address[1]}"
    _Files.gate.set()
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_a_download_shows_its_progress_and_arrives(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    name = f"net-{hashlib.sha256(_Files.content).hexdigest()[:8]}.pth"
    monkeypatch.setattr(library, "torchvision_weights", lambda choice: SimpleNamespace(url=f"{server}/{name}"))
    work, seen = fetching.published_file(choose("resnet18")), []
    try:
        while True:
            seen.append(next(work))
            if seen[-1].done:
                _Files.gate.set()
    except StopIteration as end:
        path = end.value
    assert path == tmp_path / "hub" / "checkpoints" / name
    assert path.read_bytes() == _Files.content
    assert seen[-1].total == 3
    assert "resnet18" in seen[-1].stage
    assert finish(fetching.published_file(choose("resnet18"))) == path, "and is there the next time"


def test_a_damaged_download_is_thrown_away(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    _Files.gate.set()
    monkeypatch.setattr(
        library, "torchvision_weights", lambda choice: SimpleNamespace(url=f"{server}/net-00c0ffee.pth")
    )
    with pytest.raises(UserError, match=r"damaged.*net-00c0ffee.pth"):
        finish(fetching.published_file(choose("resnet18")))
    assert not list((tmp_path / "hub" / "checkpoints").iterdir())


def test_a_download_can_be_stopped(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(library, "torchvision_weights", lambda choice: SimpleNamespace(url=f"{server}/net.pth"))
    with closing(fetching.published_file(choose("resnet18"))) as work:
        while not next(work).done:
            pass
        threading.Timer(0.05, _Files.gate.set).start()  # a read that waits for the other side ends when that speaks
    assert not list((tmp_path / "hub" / "checkpoints").iterdir())


# Real weights


def test_published_weights_see_what_they_saw_elsewhere() -> None:
    path = shared_data("weights", "tf_efficientnet_lite0_timm.safetensors")
    reference = json.loads(shared_data("weights", "sanity.json").read_text())["reference_top5"]
    photographs = shared_data("hymenoptera", "subset_256px")
    model, said = loaded(str(path), backbone=LITE, size=224)
    assert said[0].startswith("294 tensors")
    classifier = load_file(path)
    usual = library.wanted_by(choose(LITE))
    geometry = Geometry(
        size=usual.size,
        how="crop",
        mode="RGB",
        interpolation=usual.interpolation,
        share=usual.share,  # type: ignore[arg-type]
    )
    scale = Scale(
        Preprocessing(geometry=geometry, mean=usual.mean, deviation=usual.deviation),
        torch.device("cpu"),
        channels_last=False,
    )
    for name, expected in reference.items():
        encoded = (photographs / name).read_bytes()
        header = read_header(encoded)
        if header is None or (header.width - 224) % 2 or (header.height - 224) % 2:
            continue  # there is no middle pixel, and the reference took the other one
        pixels = prepare(encoded, geometry, where=name)
        with torch.no_grad():
            features = model.embed(scale(torch.from_numpy(pixels[None])))
            logits = features @ classifier["classifier.weight"].T + classifier["classifier.bias"]
        shares, classes = logits.softmax(-1)[0].topk(5)
        assert classes.tolist() == [label for label, _ in expected], name
        np.testing.assert_allclose(shares.numpy(), [share for _, share in expected], atol=2e-3)
