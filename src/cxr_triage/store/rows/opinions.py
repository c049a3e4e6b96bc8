"""What readers said of films before they saw what the AI says."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from cxr_triage.errors import NotFound
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import first_opinions
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import (
    AuditEntry,
    FirstOpinion,
    FirstOpinions,
    Opinion,
    Scope,
    StoredAssessment,
    StudyRow,
)
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.studies import study_row


def opinions_of(connection: Connection, results: Iterable[str]) -> dict[str, FirstOpinions]:
    """By result (id), then by reader."""
    found: defaultdict[str, dict[str, FirstOpinion]] = defaultdict(dict)
    query = select(first_opinions).where(first_opinions.c.assessment_id.in_(list(results)))
    for row in connection.execute(query):
        said = FirstOpinion(opinion=row.opinion, asked=row.asked, at=row.at)
        found[row.assessment_id][row.person_id] = said
    return dict(found)


def with_opinions(
    connection: Connection, found: tuple[StoredAssessment, ...]
) -> tuple[StoredAssessment, ...]:
    said = opinions_of(connection, (one.assessment.id for one in found))
    return tuple(
        replace(one, opinions=said[one.assessment.id]) if one.assessment.id in said else one
        for one in found
    )


def rows_with_opinions(connection: Connection, rows: tuple[StudyRow, ...]) -> tuple[StudyRow, ...]:
    said = opinions_of(connection, (row.assessment_id for row in rows))
    return tuple(
        replace(row, opinions=said[row.assessment_id]) if row.assessment_id in said else row
        for row in rows
    )


class Opinions:
    """Safe to call from several threads and processes. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(
        self,
        study_id: str,
        scope: Scope,
        *,
        reader_id: str,
        opinion: Opinion,
        asked: bool,
        at: datetime,
        audit: AuditEntry,
    ) -> None:
        """Of every film of the study as it is now. The first opinion stays, whatever is said
        later. Raises NotFound."""

        def work(connection: Connection) -> None:
            study_row(connection, study_id, scope)
            signing.hold_study(connection, study_id)
            results = signing.current_results(connection, study_id)
            if not results:
                raise NotFound("result_gone")
            known = opinions_of(connection, results)
            for result in sorted(results):
                _keep(connection, result, reader_id, known.get(result, {}), opinion, asked, at)
            append(connection, replace(audit, study_id=study_id))

        self._database.write(work)


def _keep(
    connection: Connection,
    result: str,
    reader_id: str,
    known: FirstOpinions,
    opinion: Opinion,
    asked: bool,
    at: datetime,
) -> None:
    said = known.get(reader_id)
    if said is None:
        connection.execute(
            insert(first_opinions).values(
                assessment_id=result, person_id=reader_id, opinion=opinion, asked=asked, at=at
            )
        )
        return
    first = said.opinion or ("" if said.asked else opinion)  # after they saw it none is a first
    connection.execute(
        update(first_opinions)
        .where(first_opinions.c.assessment_id == result, first_opinions.c.person_id == reader_id)
        .values(opinion=first, asked=said.asked or asked)
    )
