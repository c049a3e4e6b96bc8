"""Makes a model of a checked checkpoint and puts it into the data folder, whole or not at all.

A model is there when its `card.json` is. The card names a file that carries a part of its
own hash, so replacing the card, the last step, switches from the old model to the new one.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cxr_triage.errors import FetchFailed
from cxr_triage.model.card import CARD_FILE, PROOF_FILE, Proof, read_card
from cxr_triage.model.catalog import DEFAULT_FILE
from cxr_triage.model.conversion.checkpoint import read_checkpoint
from cxr_triage.model.conversion.graph import densenet121
from cxr_triage.model.provision.disk import sync_folder, write_whole, writing

WAIT_S: Final = 900.0


@contextmanager
def locked(data: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Only one process at a time changes the data folder; others wait.

    Raises FetchFailed `data_locked` after a quarter of an hour, or `data_unwritable`.
    """
    with writing():
        data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            try:
                lock.acquire(timeout=WAIT_S)
            except Timeout:
                raise FetchFailed("data_locked") from None
    try:
        yield
    finally:
        lock.release()


def build(shipped: Path, content: bytes, data: Path) -> Path:
    """A staged folder with card and model file, made from the checkpoint's checked bytes.

    `shipped` is the folder of the card that offers the model. Raises ModelError if the
    checkpoint is not what the card says, FetchFailed if the disk is full.
    """
    card = read_card(shipped)
    rows = [label.output for label in card.labels if label.output is not None]
    model = densenet121(read_checkpoint(content), outputs=rows, size=card.input_size)
    digest = hashlib.sha256(model).hexdigest()
    fields = json.loads((shipped / CARD_FILE).read_text(encoding="utf-8"))
    fields |= {"file": f"model-{digest[:16]}.onnx", "bytes": len(model), "sha256": digest}
    fields["checkpoint"] |= {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    staged = data / "models" / f".staged-{card.name}"
    with writing():
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        write_whole(staged / fields["file"], model)
        write_whole(staged / CARD_FILE, _json(fields))
    return staged


def install(staged: Path, data: Path) -> Path:
    """Move a staged model to its place; the card last. Returns the folder."""
    card = read_card(staged)
    folder = data / "models" / card.name
    with writing():
        folder.mkdir(exist_ok=True)
        for name in (card.file, PROOF_FILE, CARD_FILE):
            if (staged / name).exists():
                (staged / name).replace(folder / name)
        sync_folder(folder)
        for old in folder.glob("*.onnx"):
            if old.name != card.file:
                with suppress(OSError):  # in use on Windows: the next installation clears it
                    old.unlink()
        shutil.rmtree(staged, ignore_errors=True)
    return folder


def remove(name: str, data: Path) -> None:
    """Remove a fetched model; the card first. Forget it if it was the chosen one."""
    folder = data / "models" / name
    with writing():
        (folder / CARD_FILE).unlink()
        shutil.rmtree(folder)
        chosen = data / DEFAULT_FILE
        if chosen.is_file() and chosen.read_text(encoding="utf-8").strip() == name:
            chosen.unlink()


def choose(name: str, data: Path) -> None:
    """Make `name` the model that runs when none is named."""
    with writing():
        write_whole(data / DEFAULT_FILE, f"{name}\n".encode())


def write_proof(folder: Path, proof: Proof) -> None:
    """Write `proof.json` beside the model."""
    with writing():
        write_whole(folder / PROOF_FILE, _json(proof.model_dump()))


def _json(fields: object) -> bytes:
    return (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode()
