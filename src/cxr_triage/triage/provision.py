"""Brings a published model to this machine: fetched, checked, converted, proven, installed."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cxr_triage.domain import Download, ModelCard, Reference
from cxr_triage.errors import FetchFailed, ModelError, TriageError
from cxr_triage.model.card import Proof, read_card, read_proof
from cxr_triage.model.catalog import Catalog
from cxr_triage.model.engine import Engine
from cxr_triage.model.provision.fetch import (
    Notice,
    Patience,
    Progress,
    download,
    mirrored,
    read_checked,
)
from cxr_triage.model.provision.install import build, install, locked, write_proof
from cxr_triage.triage.proof import prove

PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Where from. file: a local copy of the checkpoint. mirror: the address of a folder.

    references: a folder with the reference images. sha256: for a model whose hash nobody
    has published.
    """

    file: Path | None = None
    mirror: str | None = None
    references: Path | None = None
    sha256: str | None = None
    patience: Patience = PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """What came of it. unproven: why the proof could not be tried, where it could not."""

    card: ModelCard
    proof: Proof | None
    unproven: TriageError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """What is told while it goes on."""

    progress: Progress = lambda _done, _total: None
    notice: Notice = lambda _code, _values: None


def provide(
    name: str, catalog: Catalog, data: Path, wishes: Wishes, watcher: Watcher, *, threads: int = 0
) -> Provision:
    """Fetch, convert, prove and install the model `name`; what is there already is kept.

    Raises ModelError, FetchFailed.
    """
    shipped = catalog.offered(name)
    offer = read_card(shipped)
    checkpoint = _wanted(offer, wishes)
    with locked(data, on_wait=lambda: watcher.notice("waiting", {})):
        folder = catalog.installed().get(name)
        if folder is not None and _is_whole(folder, offer.version, checkpoint):
            watcher.notice("already_installed", {"name": name})
        else:
            content = _checkpoint(checkpoint, data, wishes, watcher)
            watcher.notice("converting", {"name": name})
            folder = _built(shipped, content, data, wishes, threads)
        return _proven(folder, data, wishes, watcher, threads)


def verify_installed(
    folder: Path, data: Path, wishes: Wishes, watcher: Watcher, *, threads: int = 0
) -> Provision:
    """Check the model's hash and, where scores are published, prove it again.

    Raises ModelError if the file is not the one of its card.
    """
    with locked(data, on_wait=lambda: watcher.notice("waiting", {})):
        return _proven(folder, data, wishes, watcher, threads, again=True)


def _wanted(card: ModelCard, wishes: Wishes) -> Download:
    """The card's checkpoint with a hash. There is no way to go without one."""
    assert card.checkpoint is not None  # noqa: S101  `offered` promises it
    known = card.checkpoint.sha256
    if known is None and wishes.sha256 is None:
        raise FetchFailed("hash_needed", name=card.name)
    if known is not None and wishes.sha256 not in {None, known}:
        raise FetchFailed("hash_differs", name=card.name)
    return replace(card.checkpoint, sha256=known or wishes.sha256)


def _is_whole(folder: Path, version: str, checkpoint: Download) -> bool:
    """Is this version installed, made from this checkpoint, and undamaged?"""
    try:
        card = read_card(folder)
        Engine(folder, threads=1)
    except ModelError:
        return False
    made_from = card.checkpoint and card.checkpoint.sha256
    return card.version == version and made_from == checkpoint.sha256


def _checkpoint(wanted: Download, data: Path, wishes: Wishes, watcher: Watcher) -> bytes:
    """The checked bytes, from the file that was named or over the network."""
    if wishes.file is not None:
        return read_checked(wishes.file, wanted)
    file = _download(wanted, data / "downloads", wishes, watcher)
    return read_checked(file, wanted)


def _download(wanted: Download, folder: Path, wishes: Wishes, watcher: Watcher) -> Path:
    return download(
        wanted,
        folder,
        sources=mirrored(wanted, wishes.mirror) if wishes.mirror else None,
        patience=wishes.patience,
        progress=watcher.progress,
        notice=watcher.notice,
    )


def _built(shipped: Path, content: bytes, data: Path, wishes: Wishes, threads: int) -> Path:
    """Convert and try the model once before it takes its place; forget the download."""
    staged = build(shipped, content, data)
    Engine(staged, threads=threads)
    folder = install(staged, data)
    if wishes.file is None:
        card = read_card(folder)
        with suppress(OSError):
            (data / "downloads" / str(card.checkpoint and card.checkpoint.sha256)).unlink()
    return folder


def _proven(
    folder: Path,
    data: Path,
    wishes: Wishes,
    watcher: Watcher,
    threads: int,
    *,
    again: bool = False,
) -> Provision:
    engine = Engine(folder, threads=threads)
    if not engine.card.references or (engine.card.proof == "proven" and not again):
        return Provision(card=engine.card, proof=read_proof(folder))
    watcher.notice("proving", {"name": engine.card.name})
    try:
        images = [
            (reference, _reference(reference, data, wishes, watcher))
            for reference in engine.card.references
        ]
        proof = prove(engine, images)
    except TriageError as problem:
        return Provision(card=engine.card, proof=None, unproven=problem)
    write_proof(folder, proof)
    return Provision(card=read_card(folder), proof=proof)


def _reference(reference: Reference, data: Path, wishes: Wishes, watcher: Watcher) -> bytes:
    """A reference image: from the folder that was named, beside the file, or the network."""
    image = reference.image
    if wishes.references is not None:
        return read_checked(wishes.references / image.file, image)
    folder = data / "references"
    if wishes.file is not None and (wishes.file.parent / image.file).is_file():
        return read_checked(wishes.file.parent / image.file, image)
    quiet = Watcher(notice=watcher.notice)
    return read_checked(_download(image, folder, wishes, quiet), image)
