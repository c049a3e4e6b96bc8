"""Signatures that count after a while, and taking signatures back.

Who reads two hundred films a day signs with one key; for a few seconds the signature is a row that
says when it will count, and taking it back leaves nothing behind. Once it counts it stays, and is
withdrawn with a reason: the reading stands there as withdrawn, and another may follow.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, or_, select, update

from cxr_triage.errors import Conflict, NotAllowed
from cxr_triage.store.database.tables import reviews
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import EVERYWHERE, AuditEntry, Review, Scope, WholeStudy
from cxr_triage.store.rows import reviews as review_rows
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.codec import to_json
from cxr_triage.store.rows.ranking import rank_study
from cxr_triage.store.rows.results import result
from cxr_triage.store.rows.sealing import seals_of

MOST_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A signature that counts by now. whole: the results that it stands for, None: its own."""

    assessment_id: str
    reader_id: str
    version: int
    whole: frozenset[str] | None


class Signatures:
    """Safe to call from several threads and processes. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(
        self,
        assessment_id: str,
        scope: Scope,
        *,
        reader_id: str,
        version: int,
        counts_at: datetime,
        whole: frozenset[str] | None,
        audit: AuditEntry,
    ) -> Review:
        """Sign what was saved, from `counts_at` on. Raises as `Store.sign_review`."""

        def work(connection: Connection) -> Review:
            about = result(connection, assessment_id, scope)
            signing.hold_study(connection, about.study_id)
            known = review_rows.unsigned_of(connection, assessment_id, version)
            if known is None:
                raise Conflict("review_not_saved")
            signing.check_something_said(review_rows.draft_of(known))
            if whole is not None and signing.current_results(connection, about.study_id) != whole:
                raise Conflict("study_changed")
            connection.execute(
                update(reviews)
                .where(reviews.c.id == known.id)
                .values(
                    person_id=reader_id,
                    signs_at=counts_at,
                    signs_whole=None if whole is None else to_json(sorted(whole)),
                    version=version + 1,
                )
            )
            review_rows.note_of(connection, audit, about, known.id, {})
            return review_rows.read(connection, known.id)

        return self._database.write(work)

    def take_back(
        self, assessment_id: str, scope: Scope, *, reader_id: str, audit: AuditEntry
    ) -> Review:
        """As if it had not been given; what was written stays saved.

        Raises NotFound, NotAllowed `not_your_signature`, Conflict `signature_counts` (too late) or
        `review_not_signed`.
        """

        def work(connection: Connection) -> Review:
            about = result(connection, assessment_id, scope)
            signing.hold_study(connection, about.study_id)
            known = review_rows.reading_of(connection, assessment_id)
            if known is not None and known.signed_at is not None:
                raise Conflict("signature_counts")
            if known is None or known.signs_at is None:
                raise Conflict("review_not_signed")
            if known.person_id != reader_id:
                raise NotAllowed("not_your_signature")
            _unsign(connection, known.id, known.version)
            review_rows.note_of(connection, audit, about, known.id, {})
            return review_rows.read(connection, known.id)

        return self._database.write(work)

    def withdraw(
        self,
        assessment_id: str,
        scope: Scope,
        *,
        reader_id: str,
        version: int,
        why: str,
        at: datetime,
        audit: AuditEntry,
    ) -> Review:
        """Take back a signature that counts: reading and addenda stand there as withdrawn.

        Raises NotFound, NotAllowed `not_your_signature`, Conflict `review_not_signed` or
        `review_changed`.
        """

        def work(connection: Connection) -> Review:
            about = result(connection, assessment_id, scope)
            signing.hold_study(connection, about.study_id)
            known = review_rows.reading_of(connection, assessment_id)
            if known is None or known.signed_at is None:
                raise Conflict("review_not_signed")
            if known.version != version:
                raise Conflict("review_changed")
            if known.person_id != reader_id:
                raise NotAllowed("not_your_signature")
            connection.execute(
                update(reviews)
                .where(or_(reviews.c.id == known.id, reviews.c.addendum_of == known.id))
                .where(reviews.c.withdrawn_at.is_(None))
                .values(withdrawn_at=at, withdrawn_by=reader_id, withdrawn_why=why)
            )
            signing.after_withdrawing(connection, about.study_id)
            rank_study(connection, about.study_id)
            seals = seals_of(connection, about.study_id)
            review_rows.note_of(connection, audit, about, known.id, seals)
            return review_rows.read(connection, known.id)

        return self._database.write(work)

    def due(self, at: datetime) -> tuple[Due, ...]:
        """Those that count by then, the oldest first."""
        query = (
            select(reviews)
            .where(
                reviews.c.signs_at.is_not(None),
                reviews.c.signed_at.is_(None),
                reviews.c.signs_at <= at,
            )
            .order_by(reviews.c.signs_at)
            .limit(MOST_AT_ONCE)
        )
        with self._database.read() as connection:
            return tuple(
                Due(
                    assessment_id=row.assessment_id,
                    reader_id=row.person_id,
                    version=row.version,
                    whole=None
                    if row.signs_whole is None
                    else frozenset(json.loads(row.signs_whole)),
                )
                for row in connection.execute(query)
            )

    def count(self, due: Due, *, audit: AuditEntry, whole_audit: AuditEntry) -> Review | None:
        """From now on it counts; None if it was taken back, or counts already. Raises Conflict
        `study_changed`: then `lapse`."""

        def work(connection: Connection) -> Review | None:
            about = result(connection, due.assessment_id, EVERYWHERE)
            signing.hold_study(connection, about.study_id)
            known = _waiting(connection, due)
            if known is None:
                return None
            _unsign(connection, known.id, known.version)
            return review_rows.sign(
                connection,
                due.assessment_id,
                EVERYWHERE,
                reader_id=due.reader_id,
                version=due.version + 1,
                audit=audit,
                whole=None if due.whole is None else WholeStudy(seen=due.whole, audit=whole_audit),
            )

        return self._database.write(work)

    def lapse(self, due: Due, *, audit: AuditEntry) -> None:
        """It cannot count any more: the reading is one that was saved, and nobody signed."""

        def work(connection: Connection) -> None:
            about = result(connection, due.assessment_id, EVERYWHERE)
            signing.hold_study(connection, about.study_id)
            known = _waiting(connection, due)
            if known is not None:
                _unsign(connection, known.id, known.version)
                review_rows.note_of(connection, audit, about, known.id, {})

        self._database.write(work)


def _waiting(connection: Connection, due: Due) -> Row[Any] | None:
    """The reading, if that signature still waits."""
    known = review_rows.reading_of(connection, due.assessment_id)
    if known is None or known.signed_at is not None or known.version != due.version:
        return None
    return known


def _unsign(connection: Connection, review: str, version: int) -> None:
    connection.execute(
        update(reviews)
        .where(reviews.c.id == review)
        .values(signs_at=None, signs_whole=None, version=version + 1)
    )
