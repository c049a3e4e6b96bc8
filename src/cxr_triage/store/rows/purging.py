"""Removing studies for good: rows first, then the files that no result names any more.

The audit trail stays whole: a purge adds a row to it and takes none away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, select

from cxr_triage.errors import NotFound
from cxr_triage.store.audit.rows import append
from cxr_triage.store.audit.seals import Seals, merged
from cxr_triage.store.blobs import Blobs
from cxr_triage.store.database.tables import (
    assessments,
    corrections,
    images,
    purging,
    reviews,
    sent_objects,
    studies,
)
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import UNREAD, AuditEntry
from cxr_triage.store.rows.patients import remove_unneeded
from cxr_triage.store.rows.placing import StudyNumber, mark_contested, mark_twins
from cxr_triage.store.rows.sealing import seals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgePlan:
    """What a purge would remove. unread: studies among them with something that no doctor has
    read."""

    study_ids: tuple[str, ...]
    images: int
    unread: int


class Purging:
    """Safe beside a running service. Every method may raise StoreError."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def plan(self, *, received_before: datetime) -> PurgePlan:
        """The studies that came before a moment, oldest first."""
        with self._database.read() as connection:
            found = connection.execute(
                select(studies.c.id, studies.c.images, studies.c.state)
                .where(studies.c.received_at < received_before)
                .order_by(studies.c.received_at, studies.c.id)
            ).all()
        return _plan(found)

    def plan_study(self, study_id: str) -> PurgePlan:
        """That study. Raises NotFound."""
        with self._database.read() as connection:
            found = connection.execute(
                select(studies.c.id, studies.c.images, studies.c.state).where(
                    studies.c.id == study_id
                )
            ).all()
        if not found:
            raise NotFound("study_not_found")
        return _plan(found)

    def purge(self, study_id: str, *, audit: AuditEntry) -> int:
        """Remove a study with all that belongs to it; how many files were removed.

        The files go when the rows are gone for good. Killed between the two, they are left
        over, and `remove_files(orphans)` takes them. Raises NotFound.
        """
        digests = self._database.write(lambda connection: _remove_rows(connection, study_id, audit))
        return self.remove_files(digests)

    def remove_files(self, digests: Iterable[str]) -> int:
        """Remove those of the files that no result names; how many they were."""
        return sum(
            self._database.write(lambda connection, one=digest: self._remove_file(connection, one))  # type: ignore[misc]
            for digest in digests
        )

    def _remove_file(self, connection: Connection, digest: str) -> bool:
        """Nobody can keep a result of that file meanwhile: see `Store.keep`."""
        self._database.hold(connection, file_lock(digest))
        named = select(exists().where(assessments.c.digest == digest))
        return not connection.execute(named).scalar() and self._blobs.remove(digest)


def file_lock(digest: str) -> str:
    """What is held by who names a file, and by who removes it."""
    return f"file {digest}"


def _plan(found: Iterable[tuple[str, int, str]]) -> PurgePlan:
    rows = tuple(found)
    return PurgePlan(
        study_ids=tuple(row[0] for row in rows),
        images=sum(row[1] for row in rows),
        unread=sum(row[2] in UNREAD for row in rows),
    )


def _remove_rows(connection: Connection, study_id: str, audit: AuditEntry) -> tuple[str, ...]:
    study = connection.execute(
        select(studies).where(studies.c.id == study_id).with_for_update()
    ).first()
    if study is None:
        raise NotFound("study_not_found")
    of_study = images.c.study_id == study_id
    theirs = select(images.c.id).where(of_study)
    results = select(assessments.c.id).where(assessments.c.image_id.in_(theirs))
    digests = connection.execute(
        select(assessments.c.digest).where(assessments.c.image_id.in_(theirs)).distinct()
    )
    found = tuple(digests.scalars())
    named = _patients_of(connection, study_id)
    instances = connection.execute(select(images.c.sop_uid).where(of_study)).scalars().all()
    connection.execute(insert(purging).values(study_id=study_id))
    of_results = reviews.c.assessment_id.in_(results)
    signed = select(reviews.c.id).where(of_results, reviews.c.signed_at.is_not(None))
    gone: Seals = {
        "result": dict.fromkeys(connection.scalars(results)),
        "reading": dict.fromkeys(connection.scalars(signed)),
    }
    connection.execute(delete(reviews).where(of_results, reviews.c.addendum_of.is_not(None)))
    connection.execute(delete(reviews).where(of_results))
    connection.execute(delete(assessments).where(assessments.c.image_id.in_(theirs)))
    connection.execute(delete(images).where(of_study))
    connection.execute(delete(corrections).where(corrections.c.study_id == study_id))
    connection.execute(delete(sent_objects).where(sent_objects.c.study_id == study_id))
    connection.execute(delete(studies).where(studies.c.id == study_id))
    remove_unneeded(connection, *named)
    number = StudyNumber(station_id=study.station_id, uid=study.study_uid)
    others = mark_contested(connection, number)
    mark_twins(connection, study.station_id, instances)
    connection.execute(delete(purging).where(purging.c.study_id == study_id))
    seals = merged([gone, seals_of(connection, study_id, *others)])
    append(connection, replace(audit, study_id=study_id), seals)
    return found


def _patients_of(connection: Connection, study_id: str) -> set[str]:
    """Every row that names somebody for the study's sake."""
    queries = (
        select(studies.c.patient_id).where(studies.c.id == study_id),
        select(studies.c.filed_patient_id).where(studies.c.id == study_id),
        select(images.c.patient_id).where(images.c.study_id == study_id),
        select(corrections.c.patient_before).where(corrections.c.study_id == study_id),
        select(corrections.c.patient_after).where(corrections.c.study_id == study_id),
    )
    return {row for query in queries for row in connection.execute(query).scalars() if row}
