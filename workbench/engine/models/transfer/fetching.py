"""Published weights, fetched into the caches that torchvision and timm themselves use.

A download runs in a thread and is stopped by closing the generator. Where there is no way to fetch a file, the error
names it and says where it may be put.
"""

import hashlib
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.hub import HASH_REGEX

from workbench.engine.errors import UserError
from workbench.engine.events import Event, Progress
from workbench.engine.files import TEMPORARY, plain_disk_errors
from workbench.engine.models.transfer import library
from workbench.engine.models.transfer.backbones import TORCHVISION, Choice

T = TypeVar("T")
Report = Callable[[int, int], None]
"""Told bytes done and in all, 0 where nobody knows; raises :class:`_Stopped` to end the download."""

SAFE_FILE = "model.safetensors"
_PLAIN_FILE = "pytorch_model.bin"
_PAUSE = 0.05
_TIMEOUT = 15.0
_CHUNK = 256 * 1024
_MB = 1_000_000


class _Stopped(Exception):
    """The reader has gone."""


def published_file(choice: Choice) -> Generator[Event, None, Path]:
    """The file of a backbone's published weights, from the cache or fetched into it.

    Yields:
        Progress in megabytes.

    Raises:
        UserError: None were published, or they cannot be fetched.
    """
    if choice.library == TORCHVISION:
        weights = library.torchvision_weights(choice)
        if weights is None:
            raise _unpublished(choice)
        return (yield from _from_address(choice, str(weights.url)))
    config = library.timm_config(choice)
    if config["hf_hub_id"] and config["custom_load"] != "hf":
        return (yield from _from_hub(choice, str(config["hf_hub_id"]), config["hf_hub_filename"]))
    if config["url"] and not config["custom_load"]:  # which would be a file that holds no tensors of torch's
        return (yield from _from_address(choice, str(config["url"])))
    raise _unpublished(choice)


def hub_folder() -> Path:
    """Where torch.hub keeps files of weights."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def _unpublished(choice: Choice) -> UserError:
    return UserError(
        f"there are no published weights of {choice} that can be fetched",
        remedy="set model.weights to none, to a file or to run:ID",
    )


def _from_address(choice: Choice, address: str) -> Generator[Event, None, Path]:
    path = hub_folder() / address.rpartition("/")[2]
    if path.exists():
        return path
    try:
        yield from _watched(lambda report: _download(address, path, report), stage=f"fetching {choice} (MB)")
    except (OSError, ValueError) as error:
        raise UserError(
            f"the weights of {choice} cannot be fetched ({_reason(error)})",
            where=path.name,
            remedy=f"fetch {address} elsewhere and put it into {path.parent}, or set model.weights to where it lies",
        ) from error
    return path


def _download(address: str, path: Path, report: Report) -> None:
    """Fetch a file, check the start of its SHA-256 where the name holds it, and rename it into place."""
    with plain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{TEMPORARY}")
        digest, done = hashlib.sha256(), 0
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer, temporary.open("wb") as file:
                total = int(answer.headers.get("Content-Length") or 0)
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    report(done, total)
            expected = HASH_REGEX.search(path.name)
            if (total and done != total) or (expected and not digest.hexdigest().startswith(expected.group(1))):
                raise OSError("what arrived is damaged")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _from_hub(choice: Choice, identifier: str, name: str | None) -> Generator[Event, None, Path]:
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    repository, _, revision = identifier.partition("@")
    usual = name or _PLAIN_FILE
    names = list(dict.fromkeys([usual.replace("pytorch_model.bin", SAFE_FILE), usual]))
    for one in names:
        cached = try_to_load_from_cache(repository, one, revision=revision or None)
        if isinstance(cached, str):
            return Path(cached)

    def fetch(report: Report) -> Path:
        # Asked once, briefly: where nobody answers, a download tries again for half a minute.
        HfApi().model_info(repository, revision=revision or None, timeout=_TIMEOUT)
        for one in names:
            try:
                return Path(hf_hub_download(repository, one, revision=revision or None, tqdm_class=_bar(report)))
            except LocalEntryNotFoundError:  # which is a kind of the other, and means that nobody answers
                raise
            except EntryNotFoundError:
                if one == names[-1]:
                    raise
        raise AssertionError("there is always a last name")

    try:
        return (yield from _watched(fetch, stage=f"fetching {choice} (MB)"))
    except (UserError, _Stopped):
        raise
    except Exception as error:  # the library lets through what its parts raise: OSError, its own, the client's
        raise UserError(
            f"the weights of {choice} cannot be fetched ({_reason(error)})",
            where=f"{names[0]} of {repository}",
            remedy="fetch that file elsewhere and set model.weights to where it lies",
        ) from error


def _bar(report: Report) -> Any:
    """A progress bar for the Hub's library that shows nothing and reports; the library reads little of it."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg,misc,unused-ignore]
        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*args, **{**options, "disable": True})
            self.total = options.get("total")
            self.n = options.get("initial", 0)

        def update(self, n: float | None = 1) -> bool | None:
            self.n += n or 0
            report(int(self.n), int(self.total or 0))
            return None

    return Bar


def _watched(call: Callable[[Report], T], *, stage: str) -> Generator[Progress, None, T]:
    """The result of ``call``, which runs in a thread and is ended at its next report when this generator is closed."""
    stop = threading.Event()
    seen = (0, 0)

    def report(done: int, total: int) -> None:
        nonlocal seen
        seen = (done, total)
        if stop.is_set():
            raise _Stopped

    with ThreadPoolExecutor(1, thread_name_prefix="fetch") as pool:
        future = pool.submit(call, report)
        try:
            shown = time.monotonic()
            while not wait([future], timeout=_PAUSE).done:
                if time.monotonic() - shown >= _PAUSE:
                    shown = time.monotonic()
                    yield Progress(stage=stage, done=seen[0] // _MB, total=-(-seen[1] // _MB), unit="MB")
        finally:
            stop.set()
        return future.result()


def _reason(error: BaseException) -> str:
    cause = getattr(error, "reason", None) or error.__cause__ or error
    return " ".join(str(cause).split())[:120] or type(error).__name__
