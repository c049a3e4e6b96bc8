"""When a study counts as signed, and what makes it so no longer: decided here alone.

A study is signed once a doctor has signed a review of the current result of each of its films,
or has said that one signature stands for the whole study. Until each film has a review, it is
not read either. What comes after it was signed, a film or a newer result, makes it `changed`, and
so does a signature that is withdrawn: nobody has signed it as it is now. Every function works
within the caller's transaction, which holds the study (`hold_study`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Exists, Select, exists, select, update

from cxr_triage.errors import Conflict, ReviewInvalid
from cxr_triage.store.database.tables import assessments, images, reviews, studies
from cxr_triage.store.records import ReviewDraft, StudyState


def hold_study(connection: Connection, study_id: str) -> None:
    """Its films, results and signatures change by one writer at a time."""
    connection.execute(select(studies.c.id).where(studies.c.id == study_id).with_for_update())


def current_results(connection: Connection, study_id: str) -> frozenset[str]:
    """The current result of each film that is not hidden, by id."""
    return frozenset(connection.scalars(_current(study_id)))


def unsigned_results(connection: Connection, study_id: str) -> frozenset[str]:
    """Those of them that nobody has signed a review of."""
    signed = _reading().where(reviews.c.signed_at.is_not(None))
    return frozenset(connection.scalars(_current(study_id).where(~signed)))


def check_something_said(draft: ReviewDraft) -> None:
    """Raises ReviewInvalid `reading_empty`: a signature under nothing says nothing."""
    if not (draft.impression.strip() or draft.agrees):
        raise ReviewInvalid("reading_empty")


def after_saving(connection: Connection, study_id: str) -> None:
    """A review was saved: the study is read if no film lacks one any more, else opened."""
    unread = connection.scalar(_current(study_id).where(~_reading()).limit(1))
    if unread is None:
        _move(connection, study_id, "reviewed", only_from=("new", "opened"))
    else:
        _move(connection, study_id, "opened", only_from=("new",))


def after_signing(connection: Connection, study_id: str) -> None:
    """A review was signed: the study is if no film lacks a signed one any more."""
    after_leaving(connection, study_id)
    after_saving(connection, study_id)


def after_leaving(connection: Connection, study_id: str) -> None:
    """A film was hidden or moved away: signed if it was the last that lacked a review."""
    if current_results(connection, study_id) and not unsigned_results(connection, study_id):
        _move(connection, study_id, "signed", signed_by=None, signed_at=None)


def sign_whole(
    connection: Connection, study_id: str, *, seen: frozenset[str], by: str, at: datetime
) -> None:
    """One signature for every film. seen: the current results that the doctor saw.

    Raises Conflict `study_changed` if they are others by now: nobody signs what they did not see.
    """
    if current_results(connection, study_id) != seen:
        raise Conflict("study_changed")
    _move(connection, study_id, "signed", signed_by=by, signed_at=at)


def after_withdrawing(connection: Connection, study_id: str) -> None:
    """A signature was taken back: nobody has signed the study as it is."""
    _move(connection, study_id, "changed", only_from=("signed",))


def after_keeping(
    connection: Connection, study_id: str, *, new_film: bool, new_result: bool
) -> None:
    """A film of the study, or a newer result of one, was kept or came from another study."""
    if new_film or new_result:
        _move(connection, study_id, "changed", only_from=("signed",))
    if new_film:
        _move(connection, study_id, "new", only_from=("opened", "reviewed"))


def _current(study_id: str) -> Select[Any]:
    return (
        select(assessments.c.id)
        .join(images, images.c.id == assessments.c.image_id)
        .where(
            images.c.study_id == study_id, images.c.hidden_at.is_(None), assessments.c.is_current
        )
    )


def _reading() -> Exists:
    """Of a result, signed or not; addenda are none, and what was withdrawn is none any more."""
    return exists().where(
        reviews.c.assessment_id == assessments.c.id,
        reviews.c.addendum_of.is_(None),
        reviews.c.withdrawn_at.is_(None),
    )


def _move(
    connection: Connection,
    study_id: str,
    to: StudyState,
    *,
    only_from: tuple[StudyState, ...] = ("new", "opened", "reviewed", "changed"),
    **values: object,
) -> None:
    connection.execute(
        update(studies)
        .where(studies.c.id == study_id, studies.c.state.in_(only_from))
        .values(state=to, **values)
    )
