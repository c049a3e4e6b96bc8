"""Heads of the audit trail that are noted outside the database: a file that only grows.

One JSON line a head: `{"at": "2026-03-04T05:06:07.000000Z", "number": 12, "hash": "…"}`, oldest
first. Whoever may change the database can write its whole chain anew, but not a file on another
machine. So each head that was ever noted must still lie on the chain.
"""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import RawIOBase
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cxr_triage.errors import StoreBusy, StoreInvalid
from cxr_triage.store.audit.chain import ChainHead, head_of
from cxr_triage.store.database.columns import stored_moment
from cxr_triage.store.database.faults import store_faults

WAIT_S: Final = 300.0
"""A check of another process may take so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A head, and when it was noted."""

    at: datetime
    head: ChainHead


def read_anchors(file: Path) -> tuple[Anchor, ...]:
    """Raises StoreInvalid (`anchors_missing`, `anchors_damaged`) or another StoreError.

    A file that is not there is never taken for an empty one: its disk may be unmounted, or
    somebody may want the notes to begin anew.
    """
    with store_faults():
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            raise StoreInvalid("anchors_missing") from None
    found: list[Anchor] = []
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        anchor = _anchor_of(line)
        if anchor is None or (found and not _may_follow(anchor.head, found[-1].head)):
            raise StoreInvalid("anchors_damaged", line=number)
        found.append(anchor)
    return tuple(found)


@contextmanager
def adding_to(file: Path) -> Iterator[None]:
    """Be the only one that reads, checks and adds, for the block. Raises StoreError."""
    lock = FileLock(file.with_name(file.name + ".lock"))
    with store_faults():
        try:
            lock.acquire(timeout=WAIT_S)
        except Timeout:
            raise StoreBusy("store_busy") from None
    try:
        yield
    finally:
        lock.release()


def add_anchor(file: Path, anchor: Anchor) -> None:
    """Add a line to a file that is there; it is on the disk whole, or the file is as before.

    Raises StoreError.
    """
    line = {
        "at": stored_moment(anchor.at),
        "number": anchor.head.number,
        "hash": anchor.head.hash,
    }
    with store_faults(), file.open("r+b", buffering=0) as stream:
        end = stream.seek(0, os.SEEK_END)
        try:
            _write(stream, json.dumps(line).encode("ascii") + b"\n")
            os.fsync(stream.fileno())
        except OSError:
            stream.truncate(end)
            raise


def _write(stream: RawIOBase, content: bytes) -> None:
    """At once, so that no reader sees half of it."""
    if stream.write(content) != len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _anchor_of(line: bytes) -> Anchor | None:
    """None if it is not a whole line of ours."""
    if not line.endswith(b"\n"):
        return None
    try:
        values = json.loads(line)
        head = head_of(f"{values['number']}:{values['hash']}")
        at = datetime.fromisoformat(values["at"])
    except (ValueError, TypeError, KeyError):
        return None
    return Anchor(at=at, head=head) if head and at.tzinfo else None


def _may_follow(head: ChainHead, before: ChainHead) -> bool:
    """A trail grows, or stays as it is."""
    return head.number > before.number or head == before
