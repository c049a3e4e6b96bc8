"""Doctors' reviews as rows: one a result, changed by version, signed for good."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from cxr_triage.errors import Conflict
from cxr_triage.store.audit.rows import append
from cxr_triage.store.audit.seals import Seals
from cxr_triage.store.database.tables import people, reviews
from cxr_triage.store.records import (
    AuditEntry,
    Review,
    ReviewDraft,
    Scope,
    StoredAssessment,
    WholeStudy,
)
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.codec import to_json
from cxr_triage.store.rows.keys import new_id
from cxr_triage.store.rows.ranking import rank_study
from cxr_triage.store.rows.results import result
from cxr_triage.store.rows.sealing import seals_of

REVIEW: Final = select(reviews, people.c.full_name.label("reader_name")).join(
    people, people.c.id == reviews.c.person_id
)


def save(
    connection: Connection,
    draft: ReviewDraft,
    scope: Scope,
    *,
    reader_id: str,
    version: int,
    audit: AuditEntry,
) -> Review:
    """See Store.save_review."""
    about = result(connection, draft.assessment_id, scope)
    signing.hold_study(connection, about.study_id)
    known = unsigned_of(connection, draft.assessment_id, version)
    values = {**_columns(draft), "person_id": reader_id, "saved_at": datetime.now(UTC)}
    if known is None:
        review = _insert(connection, about, values)
    else:
        review = known.id
        connection.execute(
            update(reviews).where(reviews.c.id == review).values(**values, version=version + 1)
        )
    signing.after_saving(connection, about.study_id)
    seals = seals_of(connection, about.study_id, rows_alone=True)
    note_of(connection, audit, about, review, seals)
    return read(connection, review)


def sign(
    connection: Connection,
    assessment_id: str,
    scope: Scope,
    *,
    reader_id: str,
    version: int,
    audit: AuditEntry,
    whole: WholeStudy | None,
) -> Review:
    """See Store.sign_review."""
    about = result(connection, assessment_id, scope)
    signing.hold_study(connection, about.study_id)
    known = unsigned_of(connection, assessment_id, version)
    if known is None:
        raise Conflict("review_not_saved")
    signing.check_something_said(draft_of(known))
    now = datetime.now(UTC)
    connection.execute(
        update(reviews)
        .where(reviews.c.id == known.id)
        .values(person_id=reader_id, saved_at=now, signed_at=now, version=version + 1)
    )
    signing.after_signing(connection, about.study_id)
    rank_study(connection, about.study_id)
    note_of(connection, audit, about, known.id, seals_of(connection, about.study_id))
    _sign_whole(connection, whole, about, by=reader_id, at=now)
    return read(connection, known.id)


def add(
    connection: Connection,
    draft: ReviewDraft,
    scope: Scope,
    *,
    reader_id: str,
    audit: AuditEntry,
    whole: WholeStudy | None,
) -> Review:
    """See Store.add_addendum."""
    about = result(connection, draft.assessment_id, scope)
    signing.hold_study(connection, about.study_id)
    signed = reading_of(connection, draft.assessment_id)
    if signed is None or signed.signed_at is None:
        raise Conflict("review_not_signed")
    now = datetime.now(UTC)
    values = {
        **_columns(draft),
        "person_id": reader_id,
        "saved_at": now,
        "signed_at": now,
        "addendum_of": signed.id,
    }
    review = _insert(connection, about, values)
    rank_study(connection, about.study_id)
    note_of(connection, audit, about, review, seals_of(connection, about.study_id))
    _sign_whole(connection, whole, about, by=reader_id, at=now)
    return read(connection, review)


def _sign_whole(
    connection: Connection,
    whole: WholeStudy | None,
    about: StoredAssessment,
    *,
    by: str,
    at: datetime,
) -> None:
    if whole is None:
        return
    signing.sign_whole(connection, about.study_id, seen=whole.seen, by=by, at=at)
    rank_study(connection, about.study_id)
    seals = seals_of(connection, about.study_id, rows_alone=True)
    append(connection, replace(whole.audit, study_id=about.study_id), seals)


def of_study(connection: Connection, study_id: str) -> tuple[Review, ...]:
    """Every review of a study's results, addenda too, oldest first."""
    query = REVIEW.where(reviews.c.study_id == study_id).order_by(reviews.c.saved_at, reviews.c.id)
    return tuple(_review(row) for row in connection.execute(query))


def unsigned_of(connection: Connection, assessment_id: str, version: int) -> Row[Any] | None:
    """The unsigned review that the reader saw, None if they saw none and there is none.

    Raises Conflict `review_signed`, `review_signing` or `review_changed`.
    """
    known = reading_of(connection, assessment_id)
    if known is not None and known.signed_at is not None:
        raise Conflict("review_signed")
    if known is not None and known.signs_at is not None:
        raise Conflict("review_signing")
    if (known.version if known else 0) != version:
        raise Conflict("review_changed")
    return known


def reading_of(connection: Connection, assessment_id: str) -> Row[Any] | None:
    """The review, which nobody else changes until the transaction ends."""
    return connection.execute(
        select(reviews)
        .where(
            reviews.c.assessment_id == assessment_id,
            reviews.c.addendum_of.is_(None),
            reviews.c.withdrawn_at.is_(None),
        )
        .with_for_update()
    ).first()


def _insert(connection: Connection, about: StoredAssessment, values: dict[str, Any]) -> str:
    review = new_id()
    connection.execute(
        insert(reviews).values(
            id=review,
            assessment_id=about.assessment.id,
            study_id=about.study_id,
            version=1,
            **values,
        )
    )
    return review


def note_of(
    connection: Connection,
    audit: AuditEntry,
    about: StoredAssessment,
    review: str,
    seals: Seals,
) -> None:
    append(
        connection,
        replace(
            audit,
            study_id=about.study_id,
            assessment_id=about.assessment.id,
            fingerprint=about.assessment.fingerprint,
            subject_id=review,
        ),
        seals,
    )


def _columns(draft: ReviewDraft) -> dict[str, Any]:
    return {
        "verdicts": to_json(dict(draft.verdicts)),
        "missed": to_json(list(draft.missed)),
        "overall": draft.overall,
        "agrees": draft.agrees,
        "note": draft.note,
        "impression": draft.impression,
        "priority": draft.priority,
        "others": to_json(list(draft.others)),
    }


def read(connection: Connection, review: str) -> Review:
    return _review(connection.execute(REVIEW.where(reviews.c.id == review)).one())


def _review(row: Row[Any]) -> Review:
    return Review(
        id=row.id,
        draft=draft_of(row),
        reader_id=row.person_id,
        reader_name=row.reader_name,
        version=row.version,
        saved_at=row.saved_at,
        signed_at=row.signed_at,
        addendum_of=row.addendum_of,
        signs_at=row.signs_at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_why=row.withdrawn_why,
    )


def draft_of(row: Row[Any]) -> ReviewDraft:
    return ReviewDraft(
        assessment_id=row.assessment_id,
        verdicts=json.loads(row.verdicts),
        missed=tuple(json.loads(row.missed)),
        overall=row.overall,
        agrees=row.agrees,
        note=row.note,
        impression=row.impression,
        priority=row.priority,
        others=tuple(json.loads(row.others)),
    )
