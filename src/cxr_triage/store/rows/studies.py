"""The worklist: rows of studies, page after page, in order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    exists,
    false,
    func,
    select,
    update,
)

from cxr_triage.domain import (
    EARLY_BAND,
    PRIORITIES,
    FilmDecision,
    Header,
    Patient,
    PriorityReason,
    Reason,
    Score,
)
from cxr_triage.errors import NotFound
from cxr_triage.result.document import read_document
from cxr_triage.store.database.tables import (
    assessments,
    claims,
    images,
    patients,
    people,
    reviews,
    stations,
    studies,
)
from cxr_triage.store.records import (
    MOST_COUNTED,
    STATES,
    TO_READ,
    UNREAD,
    EarlyReading,
    ListCounts,
    MaximumWait,
    Neighbours,
    PageCursor,
    Scope,
    StudyClaim,
    StudyPage,
    StudyRow,
    WorklistQuery,
)
from cxr_triage.store.rows.corrected import as_filed, put_right, values_of
from cxr_triage.store.rows.keys import key_of
from cxr_triage.store.rows.patients import COLUMNS, patient_of
from cxr_triage.store.rows.search import narrowed
from cxr_triage.store.rows.walking import PLACE, Deadlines, Walk, deadlines_of, in_order, walked

_filed: Final = patients.alias("filed")
SIGNERS: Final = people.alias("signers")
"""Who signed for whole studies."""
DECIDERS: Final = people.alias("deciders")
"""Whose priority holds."""
CLAIMERS: Final = people.alias("claimers")
_of_study: Final = reviews.alias("of_study")


def _among_readings(*columns: Any, unless_withdrawn: bool = True) -> Select[Any]:  # noqa: ANN401
    """Of the study of the row."""
    query = select(*columns).where(_of_study.c.study_id == studies.c.id)
    return query.where(_of_study.c.withdrawn_at.is_(None)) if unless_withdrawn else query


PENDING: Final = (
    _among_readings(func.min(_of_study.c.signs_at))
    .where(_of_study.c.signed_at.is_(None))
    .correlate(studies)
    .scalar_subquery()
)
"""When a signature will count that can still be taken back."""
READ_AT: Final = (
    _among_readings(func.max(_of_study.c.signed_at)).correlate(studies).scalar_subquery()
)
DRAFTED: Final = (
    _among_readings(_of_study.c.id)
    .where(_of_study.c.signed_at.is_(None), _of_study.c.signs_at.is_(None))
    .correlate(studies)
    .exists()
)

STUDY: Final = (
    select(
        studies,
        stations.c.name.label("station_name"),
        *COLUMNS,
        _filed.c.patient_id.label("filed_number"),
        _filed.c.issuer.label("filed_issuer"),
        _filed.c.name.label("filed_name"),
        _filed.c.birth_date.label("filed_birth_date"),
        _filed.c.sex.label("filed_sex"),
        assessments.c.document,
        assessments.c.priority_rank.label("ai_rank"),
        images.c.file_name,
        images.c.corrected.label("of_film"),
        people.c.full_name.label("opener_name"),
        SIGNERS.c.full_name.label("signer_name"),
        DECIDERS.c.full_name.label("decider_name"),
        claims.c.person_id.label("claimed_by"),
        claims.c.since.label("claimed_since"),
        claims.c.until.label("claimed_until"),
        CLAIMERS.c.full_name.label("claimer_name"),
        PENDING.label("signs_at"),
        READ_AT.label("last_signed_at"),
        DRAFTED.label("drafted"),
    )
    .join(stations, stations.c.id == studies.c.station_id)
    .join(patients, patients.c.id == studies.c.patient_id)
    .join(_filed, _filed.c.id == studies.c.filed_patient_id)
    .outerjoin(assessments, assessments.c.id == studies.c.leading_id)  # a result may be gone
    .outerjoin(images, images.c.id == assessments.c.image_id)
    .outerjoin(people, people.c.id == studies.c.opened_by)
    .outerjoin(SIGNERS, SIGNERS.c.id == studies.c.signed_by)
    .outerjoin(DECIDERS, DECIDERS.c.id == studies.c.decided_by)
    .outerjoin(claims, claims.c.study_id == studies.c.id)
    .outerjoin(CLAIMERS, CLAIMERS.c.id == claims.c.person_id)
)


class _ResultGone(NamedTuple):
    """What is told of a study in place of the result that made its priority."""

    header: Header = Header(source="dicom")
    findings: tuple[Score, ...] = ()
    reason: PriorityReason = PriorityReason(code="refused", refusal=Reason(code="result_gone"))
    early_reading: bool = False
    decision: FilmDecision | None = None
    fingerprint: str = ""


RESULT_GONE: Final = _ResultGone()


def page(
    connection: Connection,
    query: WorklistQuery,
    scope: Scope,
    *,
    after: PageCursor | None,
    limit: int,
    waits: MaximumWait,
) -> StudyPage:
    """At most `limit` rows after a place: what was there before and after stays so, however
    many studies come meanwhile, and however long it takes to turn the pages."""
    deadlines = deadlines_of(waits, datetime.now(UTC) if after is None else after.as_of)
    found = walked(_walk(connection, query, scope, deadlines, after, limit + 1))
    order = in_order(found, by_waiting=query.by_waiting)
    select_rows = STUDY.join(found, found.c.id == studies.c.id).order_by(*order)
    rows = connection.execute(select_rows.limit(limit + 1)).all()
    return StudyPage(
        rows=tuple(study_of(row, overdue=deadlines.is_overdue(row)) for row in rows[:limit]),
        after=deadlines.cursor(rows[limit - 1], by_waiting=query.by_waiting)
        if len(rows) > limit
        else None,
    )


def neighbours(
    connection: Connection, study_id: str, query: WorklistQuery, scope: Scope, waits: MaximumWait
) -> Neighbours:
    """The studies of the query beside a study's place, whether the query finds it or not.

    Raises NotFound, also if the study lies outside `scope`.
    """
    row = connection.execute(
        select(studies.c.station_id, studies.c.state, *PLACE).where(studies.c.id == study_id)
    ).first()
    if row is None or not scope.includes(row.station_id):
        raise NotFound("study_not_found")
    deadlines = deadlines_of(waits, datetime.now(UTC))
    place = deadlines.cursor(row, by_waiting=query.by_waiting)
    walk = _walk(connection, query, scope, deadlines, place, 1)

    def beside(*, backwards: bool) -> str | None:
        found = walked(replace(walk, backwards=backwards))
        nearest = select(studies.c.id).join(found, found.c.id == studies.c.id)
        order = in_order(found, backwards=backwards, by_waiting=query.by_waiting)
        return connection.scalar(nearest.order_by(*order).limit(1))

    return Neighbours(before=beside(backwards=True), after=beside(backwards=False))


def early_reading(connection: Connection) -> EarlyReading:
    """What came of the studies that a lot picked."""
    named = exists().where(reviews.c.study_id == studies.c.id, reviews.c.missed != "[]")
    row = connection.execute(
        select(
            func.count().label("drawn"),
            func.coalesce(func.sum(case((studies.c.state.in_(UNREAD), 0), else_=1)), 0),
            func.coalesce(func.sum(case((named, 1), else_=0)), 0),
        ).where(
            studies.c.priority_rank == PRIORITIES.index("none"),
            studies.c.band == EARLY_BAND,
            studies.c.images > 0,
        )
    ).one()
    return EarlyReading(drawn=row[0], read=row[1], with_finding=row[2])


def counts(connection: Connection, query: WorklistQuery, scope: Scope) -> ListCounts:
    """Of the studies that a query's stations and days leave."""

    def count(of: WorklistQuery) -> int:
        within = select(studies.c.id).where(studies.c.state.in_(of.states), *_conditions(of, scope))
        found = select(func.count()).select_from(within.limit(MOST_COUNTED).subquery())
        return int(connection.scalar(found) or 0)

    return ListCounts(
        to_read=count(replace(query, states=TO_READ, settled=True, claimed=False)),
        being_read=count(replace(query, states=TO_READ, settled=True, claimed=True)),
        signed=count(replace(query, states=("signed",), settled=False, claimed=False)),
    )


def _walk(
    connection: Connection,
    query: WorklistQuery,
    scope: Scope,
    deadlines: Deadlines,
    after: PageCursor | None,
    limit: int,
) -> Walk:
    narrow = narrowed(connection, query, scope)
    return Walk(
        conditions=(*_conditions(query, scope), *narrow.conditions),
        states=query.states if set(query.states) != set(STATES) else (),
        ranks=tuple(PRIORITIES.index(priority) for priority in query.priorities),
        few=narrow.few,
        by_waiting=query.by_waiting,
        deadlines=deadlines,
        after=after,
        limit=limit,
    )


def study_row(connection: Connection, study_id: str, scope: Scope) -> StudyRow:
    """One study. Raises NotFound, also if it lies outside `scope`."""
    row = connection.execute(STUDY.where(studies.c.id == study_id)).first()
    if row is None or not scope.includes(row.station_id):
        raise NotFound("study_not_found")
    return study_of(row)


def with_uid(connection: Connection, study_uid: str, scope: Scope) -> tuple[StudyRow, ...]:
    """Studies with that Study Instance UID, newest first."""
    query: Select[Any] = STUDY.where(
        studies.c.study_uid == key_of(study_uid), *in_scope(scope)
    ).order_by(studies.c.received_at.desc())
    return tuple(study_of(row) for row in connection.execute(query))


def siblings(connection: Connection, row: StudyRow) -> tuple[StudyRow, ...]:
    """Other studies of the station under the same number, newest first."""
    scope = Scope(station_id=row.station_id)
    uid = connection.scalar(select(studies.c.study_uid).where(studies.c.id == row.study_id))
    return tuple(
        one for one in with_uid(connection, str(uid), scope) if one.study_id != row.study_id
    )


def of_patients(
    connection: Connection, rows: Sequence[str], scope: Scope, *, but: str, limit: int
) -> tuple[StudyRow, ...]:
    """Studies that show patients of those rows, newest first, but one."""
    query = (
        STUDY.where(studies.c.patient_id.in_(rows), studies.c.id != but, studies.c.images > 0)
        .where(*in_scope(scope))
        .order_by(studies.c.received_at.desc(), studies.c.id)
        .limit(limit)
    )
    return tuple(study_of(row) for row in connection.execute(query))


def open_(connection: Connection, study_id: str, person_id: str) -> None:
    """Note who looks at a study that nobody has read; a new one becomes opened."""
    connection.execute(
        update(studies)
        .where(studies.c.id == study_id, studies.c.state.in_(("new", "opened")))
        .values(state="opened", opened_by=person_id, opened_at=datetime.now(UTC))
    )


def _conditions(query: WorklistQuery, scope: Scope) -> list[ColumnElement[bool]]:
    """Every filter but states, priorities and what is searched for."""
    conditions = in_scope(scope)
    if query.station_id is not None:
        conditions.append(studies.c.station_id == query.station_id)
    if query.received_from is not None:
        conditions.append(studies.c.received_at >= query.received_from)
    if query.received_until is not None:
        conditions.append(studies.c.received_at < query.received_until)
    if query.settled:
        conditions.append(PENDING.is_(None))
    read_now = exists().where(claims.c.study_id == studies.c.id, claims.c.until > datetime.now(UTC))
    if query.claimed:
        conditions.append(read_now.correlate(studies))
    if query.free_for:
        others = read_now.where(claims.c.person_id != query.free_for)
        conditions.append(~others.correlate(studies))
    hidden = exists().where(images.c.study_id == studies.c.id, images.c.hidden_at.is_not(None))
    conditions.append(hidden.correlate(studies) if query.hidden else studies.c.images > 0)
    return conditions


def in_scope(scope: Scope) -> list[ColumnElement[bool]]:
    if scope.machine is not None:
        return [false()]
    return [] if scope.station_id is None else [studies.c.station_id == scope.station_id]


def study_of(row: Row[Any], *, overdue: bool = False) -> StudyRow:
    gone = row.document is None
    shown = RESULT_GONE if gone else read_document(row.document)
    film = {} if gone else values_of(row.of_film)
    study, patient = values_of(row.corrected), patient_of(row)
    filed = as_filed(shown.header, film)
    header = put_right(shown.header, filed, film, study, patient.sex)
    flags = [flag for flag in shown.findings if flag.level != "none"]
    flags.sort(key=lambda flag: flag.label != shown.reason.label)  # what made the priority first
    return StudyRow(
        study_id=row.id,
        study_uid=_whole(row.study_uid, shown.header.study_uid),
        station_id=row.station_id,
        station_name=row.station_name,
        accession=_whole(row.accession, shown.header.accession),
        patient=patient,
        filed=Patient(
            id=row.filed_number,
            issuer=row.filed_issuer,
            name=row.filed_name,
            birth_date=row.filed_birth_date,
            sex=row.filed_sex,
        ),
        age_years=header.age_years,
        sex=header.sex,
        view=header.view,
        received_at=row.received_at,
        acquired_at=shown.header.acquired_at,
        priority=PRIORITIES[row.priority_rank],
        band=int(row.band),
        reason=shown.reason,
        flags=tuple(flags),
        state=row.state,
        opened_by=row.opener_name or "",
        opened_at=row.opened_at,
        images=row.images,
        assessed=row.assessed,
        assessment_id="" if gone else row.leading_id,
        contested=row.contested,
        settled_at=row.settled_at,
        version=row.version,
        file_name=row.file_name or "",
        signed_by=row.signer_name or "",
        signed_at=row.signed_at,
        filed_image=filed,
        patient_corrected="patient" in study,
        age_corrected="age_years" in study,
        overdue=overdue,
        early_reading=shown.early_reading,
        decision=shown.decision,
        ai_priority=PRIORITIES[row.priority_rank if gone else row.ai_rank],
        decided_by=row.decider_name or "",
        read_at=row.last_signed_at if row.state == "signed" else None,
        drafted=bool(row.drafted),
        signs_at=row.signs_at,
        fingerprint=shown.fingerprint,
        claim=_claim(row),
    )


def _claim(row: Row[Any]) -> StudyClaim | None:
    if row.claimed_by is None or row.claimed_until <= datetime.now(UTC):
        return None
    return StudyClaim(
        person_id=row.claimed_by,
        name=row.claimer_name,
        since=row.claimed_since,
        until=row.claimed_until,
    )


def _whole(key: str, value: str) -> str:
    """What a column's key stands for, where the film that leads has it."""
    return value if key_of(value) == key else key
