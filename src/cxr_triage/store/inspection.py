"""Do the database and the blobs agree? What `cxr-triage admin check` finds."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from cxr_triage.errors import BlobDamaged
from cxr_triage.store.blobs import Blobs
from cxr_triage.store.database.tables import assessments
from cxr_triage.store.database.transactions import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """images: files that results name. missing, damaged: of those, by SHA-256.

    orphans: files that no result names, left by an upload that was cut off; harmless.
    database: what the database itself finds wrong, empty if nothing.
    """

    images: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    orphans: tuple[str, ...]
    database: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Is everything there that was acknowledged?"""
        return not (self.missing or self.damaged or self.database)


def inspect(database: Database, blobs: Blobs, pause: Callable[[], None]) -> Inspection:
    """Hash every file and compare with the rows. Raises StoreError."""
    there = set()
    for digest in blobs.digests():  # before the rows: a file comes first
        pause()
        there.add(digest)
    with database.read() as connection:
        named = _named(connection)
        faults = database.faults_in(connection)
    missing: list[str] = []
    damaged: list[str] = []
    for digest in sorted(named):
        pause()
        try:
            blobs.read(digest)
        except BlobDamaged as fault:
            (missing if fault.code == "blob_missing" else damaged).append(digest)
    if missing:  # or purged meanwhile?
        with database.read() as connection:
            still = _named(connection)
        missing = [digest for digest in missing if digest in still]
    return Inspection(
        images=len(named),
        missing=tuple(missing),
        damaged=tuple(damaged),
        orphans=tuple(sorted(there - named)),
        database=tuple(faults),
    )


def _named(connection: Connection) -> set[str]:
    return set(connection.execute(select(assessments.c.digest).distinct()).scalars())
