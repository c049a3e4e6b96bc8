"""What doctors say that the AI got wrong, kept with that result; listed without names."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from cxr_triage.result.document import read_document
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import assessments, images, incidents, models
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import AuditEntry, Incident, IncidentKind, IncidentRow, Scope
from cxr_triage.store.rows.codec import card_of
from cxr_triage.store.rows.keys import new_id
from cxr_triage.store.rows.results import result

VIEWS: Final = ("PA", "AP", "LL", "RL")
"""What else a header says of its view may be anybody's words."""


class Incidents:
    """Safe to call from several threads and processes. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(
        self,
        assessment_id: str,
        scope: Scope,
        *,
        reader_id: str,
        kind: IncidentKind,
        label: str,
        at: datetime,
        audit: AuditEntry,
    ) -> Incident:
        """The same of the same reader is kept once. Raises NotFound."""

        def work(connection: Connection) -> Incident:
            about = result(connection, assessment_id, scope)
            known = connection.execute(
                select(incidents).where(
                    incidents.c.assessment_id == assessment_id,
                    incidents.c.person_id == reader_id,
                    incidents.c.kind == kind,
                    incidents.c.label == label,
                )
            ).first()
            if known is not None:
                return _incident(known)
            made = Incident(id=new_id(), kind=kind, label=label, reader_id=reader_id, at=at)
            connection.execute(
                insert(incidents).values(
                    id=made.id,
                    assessment_id=assessment_id,
                    person_id=reader_id,
                    kind=kind,
                    label=label,
                    at=at,
                )
            )
            append(connection, _about(audit, about.study_id, assessment_id, made.id))
            return made

        return self._database.write(work)

    def of_result(self, assessment_id: str) -> tuple[Incident, ...]:
        """What was said of a result, oldest first."""
        query = (
            select(incidents)
            .where(incidents.c.assessment_id == assessment_id)
            .order_by(incidents.c.at, incidents.c.id)
        )
        with self._database.read() as connection:
            return tuple(_incident(row) for row in connection.execute(query))

    def between(self, since: datetime | None, until: datetime | None) -> Iterator[IncidentRow]:
        """All of them, oldest first, with what the AI said; `until` is not part of the period."""
        query = (
            select(incidents, assessments.c.document, images.c.station_id, models.c.card)
            .join(assessments, assessments.c.id == incidents.c.assessment_id)
            .join(images, images.c.id == assessments.c.image_id)
            .join(models, models.c.id == assessments.c.model_id)
            .order_by(incidents.c.at, incidents.c.id)
        )
        if since is not None:
            query = query.where(incidents.c.at >= since)
        if until is not None:
            query = query.where(incidents.c.at < until)
        with self._database.read() as connection:
            for row in connection.execute(query):
                yield _row(row)


def _about(audit: AuditEntry, study_id: str, assessment_id: str, subject_id: str) -> AuditEntry:
    return replace(audit, study_id=study_id, assessment_id=assessment_id, subject_id=subject_id)


def _incident(row: Row[Any]) -> Incident:
    return Incident(id=row.id, kind=row.kind, label=row.label, reader_id=row.person_id, at=row.at)


def _row(row: Row[Any]) -> IncidentRow:
    document, card = read_document(row.document), card_of(row.card)
    score = next((one for one in document.findings if one.label == row.label), None)
    return IncidentRow(
        id=row.id,
        at=row.at,
        kind=row.kind,
        finding=row.label,
        flagged=None if score is None else score.flagged,
        score=None if score is None else round(score.score, 6),
        threshold=None if score is None else round(score.threshold, 6),
        rarity=None if score is None or score.rarity is None else round(score.rarity, 6),
        priority=document.priority,
        outcome=document.outcome,
        view=document.header.view if document.header.view in VIEWS else "",
        station_id=row.station_id,
        assessment_id=row.assessment_id,
        fingerprint=document.fingerprint,
        policy=document.policy,
        model=card.name,
        model_version=card.version,
    )
