"""Backups, made while the service runs, and restored when it does not.

First a snapshot of the database, then the blobs that it names: blobs never change and are
on the disk before a row names them, so together they are the store of one moment. The
snapshot is a SQLite file whichever kind of database it is of, so a backup of one kind can be
restored into the other.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from cxr_triage import __version__
from cxr_triage.errors import BackupFailed, BlobDamaged
from cxr_triage.model.provision.disk import sync_folder
from cxr_triage.store.backup.archive import (
    DATABASE,
    MANIFEST,
    ArchiveReader,
    ArchiveWriter,
    FolderArchive,
    ZipArchive,
    blob_name,
    is_zip,
)
from cxr_triage.store.backup.copying import copy_rows, is_empty, opened_file
from cxr_triage.store.blobs import Blobs, make_folder, make_private
from cxr_triage.store.database.faults import store_faults
from cxr_triage.store.database.lock import serving
from cxr_triage.store.database.migrate import migrate
from cxr_triage.store.database.tables import SCHEMA, UNSAVED
from cxr_triage.store.database.transactions import Database

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSummary:
    """images: files in it. damaged: files that the store could not give, by their SHA-256."""

    images: int
    bytes: int
    damaged: tuple[str, ...] = ()


def back_up(database: Database, blobs: Blobs, target: Path) -> BackupSummary:
    """Write the store of this moment to a new folder, or a new file if it ends in .zip.

    It takes its name when it is whole. Raises BackupFailed `backup_exists`, or StoreError.
    """
    if target.exists():
        raise BackupFailed("backup_exists")
    part = target.with_name(f".{target.name}.part")
    snapshot = target.with_name(f".{target.name}.snapshot")
    with store_faults():
        make_folder(target.parent.resolve())
        _remove(part, snapshot)
        try:
            make_private(snapshot)
            _snapshot(database, snapshot)
            if is_zip(target):
                make_private(part)
            writer = ZipArchive(part, "w") if is_zip(target) else FolderArchive(part)
            with closing(writer):
                summary = _write(writer, snapshot, blobs)
            _sync(part)
            part.rename(target)
            sync_folder(target.parent.resolve())
        finally:
            _remove(part, snapshot)
    return summary


def restore(source: Path, url: str, blobs_folder: Path, *, force: bool) -> BackupSummary:
    """Bring back what `source` holds; the database changes at one moment, at the end.

    With `force` a SQLite store may be there: its database is kept beside, under another name,
    and its blobs stay. A PostgreSQL database must be new. Raises BackupFailed (`store_exists`,
    `database_in_use`, `backup_invalid`, `backup_incomplete`), StoreBusy `store_serving` if the
    service runs, or StoreError.
    """
    with closing(Database(url)) as database, serving(blobs_folder.parent), store_faults():
        if database.file is not None:
            return _restore_file(source, database.file, blobs_folder, force=force)
        return _restore_rows(source, database, blobs_folder)


def _restore_file(source: Path, file: Path, blobs_folder: Path, *, force: bool) -> BackupSummary:
    if file.exists() and not force:
        raise BackupFailed("store_exists")
    make_folder(file.parent)
    with _incoming(source, file, Blobs(blobs_folder)) as (incoming, summary):
        _keep_aside(file)
        incoming.replace(file)
        sync_folder(file.parent)
    return summary


def _restore_rows(source: Path, database: Database, blobs_folder: Path) -> BackupSummary:
    migrate(database)
    with database.read() as connection:
        _check_unused(connection)
    beside = blobs_folder.parent / DATABASE
    with _incoming(source, beside, Blobs(blobs_folder)) as (incoming, summary):
        with (
            opened_file(incoming) as copied,
            copied.read() as rows,
            database.transaction() as target,
        ):
            database.hold(target, "migrate")
            _check_unused(target)
            copy_rows(rows, target)
        _remove(*(incoming.with_name(incoming.name + end) for end in ("-wal", "-shm")))
    return summary


def _check_unused(connection: Connection) -> None:
    if not is_empty(connection):
        raise BackupFailed("database_in_use")


@contextmanager
def _incoming(source: Path, beside: Path, blobs: Blobs) -> Iterator[tuple[Path, BackupSummary]]:
    """The backup's database in a file of its own, its blobs in place."""
    incoming = beside.with_name(f".{beside.name}.restored")
    try:
        with _opened(source) as reader:
            _restore_database(reader, incoming)
            summary = _restore_blobs(reader, incoming, blobs)
        yield incoming, summary
    finally:
        _remove(incoming)


def _write(writer: ArchiveWriter, snapshot: Path, blobs: Blobs) -> BackupSummary:
    size, images, damaged = snapshot.stat().st_size, 0, []
    writer.add_file(DATABASE, snapshot)
    for digest in _digests(snapshot):
        try:
            data = blobs.read(digest)
        except BlobDamaged:
            damaged.append(digest)
            continue
        writer.add(blob_name(digest), data)
        size, images = size + len(data), images + 1
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "schema": SCHEMA,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database_sha256": _sha256(snapshot),
        "images": images,
        "damaged": damaged,
    }
    writer.add(MANIFEST, json.dumps(manifest, indent=2).encode())
    return BackupSummary(images=images, bytes=size, damaged=tuple(damaged))


def _snapshot(database: Database, to: Path) -> None:
    """The database of one moment, without sessions: a restored one signs nobody in."""
    if database.file is None:
        with opened_file(to) as copied, database.read() as source:
            database.allow_long(source)
            with copied.transaction() as target:
                copy_rows(source, target)
    else:
        with closing(sqlite3.connect(database.file)) as source_file:
            _copy_file(source_file, to)
    with closing(sqlite3.connect(to)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        with copy:
            for table in UNSAVED:
                copy.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a name of ours


def _copy_file(source: sqlite3.Connection, to: Path) -> None:
    """In one step: a reader of one moment, whom no writer waits for."""
    with closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


def _digests(database_file: Path) -> list[str]:
    with closing(sqlite3.connect(database_file)) as connection:
        rows = connection.execute("SELECT DISTINCT digest FROM assessments ORDER BY digest")
        return [str(digest) for (digest,) in rows]


@contextmanager
def _opened(source: Path) -> Iterator[ArchiveReader]:
    try:
        reader = ZipArchive(source, "r") if is_zip(source) else FolderArchive(source)
    except (OSError, zipfile.BadZipFile):
        raise BackupFailed("backup_invalid") from None
    with closing(reader):
        yield reader


def _restore_database(reader: ArchiveReader, incoming: Path) -> None:
    try:
        manifest = json.loads(reader.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise BackupFailed("backup_newer")
        expected = str(manifest["database_sha256"])
        make_private(incoming)
        reader.extract(DATABASE, incoming)
    except (FileNotFoundError, NotADirectoryError, KeyError, ValueError, TypeError):
        raise BackupFailed("backup_invalid") from None
    except zipfile.BadZipFile:
        raise BackupFailed("backup_incomplete") from None
    if _sha256(incoming) != expected:
        raise BackupFailed("backup_incomplete")
    _sync(incoming)


def _restore_blobs(reader: ArchiveReader, incoming: Path, blobs: Blobs) -> BackupSummary:
    """Every blob that the database names, but for those that the backup itself lacked."""
    lacking = set(json.loads(reader.read(MANIFEST))["damaged"])
    size, images = incoming.stat().st_size, 0
    for digest in _digests(incoming):
        if digest in lacking:
            continue
        try:
            data = reader.read(blob_name(digest))
            blobs.write(data, digest)
        except (FileNotFoundError, KeyError, ValueError, zipfile.BadZipFile):
            raise BackupFailed("backup_incomplete") from None
        size, images = size + len(data), images + 1
    return BackupSummary(images=images, bytes=size, damaged=tuple(sorted(lacking)))


def _keep_aside(database_file: Path) -> None:
    """A whole copy of the database that is replaced, its log taken in."""
    if not database_file.exists():
        return
    aside = database_file.with_name(
        f"{database_file.stem}-before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite3"
    )
    make_private(aside)
    try:
        with (
            closing(sqlite3.connect(database_file)) as old,
            closing(sqlite3.connect(aside)) as copy,
        ):
            old.backup(copy)
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.DatabaseError:  # damaged: perhaps the very reason for restoring
        shutil.copyfile(database_file, aside)
    _sync(aside)
    for suffix in ("-wal", "-shm"):  # they belong to the old database alone
        _remove(database_file.with_name(database_file.name + suffix))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Every file at or below `path`, on the disk."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    for file in files:
        with file.open("r+b") as stream:
            os.fsync(stream.fileno())
    for folder in {file.parent for file in files}:
        sync_folder(folder)


def _remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
