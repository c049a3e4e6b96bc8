"""A study's place in the worklist: its most urgent assessed film's, as `triage.rank` has it; where
nothing is flagged, that of a film that waits for a doctor.

A doctor's priority, once signed, stands for that film's in place of the AI's; where one signature
stands for the whole study, for every film's.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from cxr_triage.domain import PRIORITIES, Eligibility, PriorityReason
from cxr_triage.result.document import Document, read_document
from cxr_triage.store.database.tables import assessments, images, reviews, studies
from cxr_triage.triage.anyway import group_in_study

Place = tuple[int, int, float, float, float, str]


def rank_study(connection: Connection, study_id: str) -> None:
    """Of a study that has films; those that were sent by mistake do not count."""
    of_study = {"study": study_id}
    films: Sequence[Any] = connection.execute(_CURRENT, of_study).all()
    if not films:
        connection.execute(update(studies).where(studies.c.id == study_id).values(images=0))
        return
    leading, found = _leading(films)
    rank, decided_by = _decided(connection, study_id, films, by_ai=leading.priority_rank)
    values = {
        "leading_id": leading.id,
        "priority_rank": rank,
        "decided_by": decided_by,
        "band": leading.band,
        "images": len(films),
        "assessed": sum(film.outcome == "assessed" for film in films),
        "flags": flag_words(one.label for one in found.findings if one.flagged),
    }
    connection.execute(_PLACE, of_study | values)


def place_in_study(
    *, eligibility: Eligibility, priority_rank: int, band: float, reason: PriorityReason, id_: str
) -> Place:
    """Sorts a study's films: see `triage.anyway.group_in_study`, then as the worklist, the rarer
    first."""
    group = group_in_study(eligibility, PRIORITIES[priority_rank])
    return group, priority_rank, band, *reason.place, id_


def flag_words(labels: Iterable[str]) -> str:
    """Labels as `studies.flags` holds them: each between blanks, so that one can be looked for."""
    return "".join(f" {label.replace(' ', '_')} " for label in labels)


def _decided(
    connection: Connection, study_id: str, films: Sequence[Any], *, by_ai: int
) -> tuple[int, str | None]:
    """The priority that holds (its place), and which doctor's it is; None: the AI's.

    A film that no doctor gave a priority keeps the AI's beside the others', unless a signature for
    the whole study stands for it.
    """
    said = {row.assessment_id: row for row in connection.execute(_SAID, {"study": study_id})}
    of_films = [said[film.id] for film in films if film.id in said]
    if not of_films:
        return by_ai, None
    ranks = [(PRIORITIES.index(row.priority), str(row.person_id)) for row in of_films]
    study = connection.execute(_STUDY, {"study": study_id}).one()
    if study.state != "signed" or study.signed_at is None:
        left = [film for film in films if film.id not in said]
        if left and _leading(left)[0].priority_rank < min(ranks)[0]:
            return _leading(left)[0].priority_rank, None
    return min(ranks)


def _leading(films: Sequence[Any]) -> tuple[Any, Document]:
    read = [(film, read_document(film.document)) for film in films]
    return min(
        read,
        key=lambda one: place_in_study(
            eligibility=one[1].eligibility,
            priority_rank=one[0].priority_rank,
            band=one[0].band,
            reason=one[1].reason,
            id_=one[0].id,
        ),
    )


# Made once: making them takes longer than the database takes to answer.
_CURRENT: Final = (
    select(
        assessments.c.id,
        assessments.c.outcome,
        assessments.c.priority_rank,
        assessments.c.band,
        assessments.c.document,
    )
    .join(images, images.c.id == assessments.c.image_id)
    .where(
        images.c.study_id == bindparam("study"),
        images.c.hidden_at.is_(None),
        assessments.c.is_current,
    )
)
_SAID: Final = (
    select(reviews.c.assessment_id, reviews.c.priority, reviews.c.person_id)
    .where(
        reviews.c.study_id == bindparam("study"),
        reviews.c.priority.is_not(None),
        reviews.c.signed_at.is_not(None),
        reviews.c.withdrawn_at.is_(None),
    )
    .order_by(reviews.c.signed_at, reviews.c.id)
)
"""The newest of each result last."""
_STUDY: Final = select(studies.c.state, studies.c.signed_at).where(
    studies.c.id == bindparam("study")
)
_PLACE: Final = (
    update(studies)
    .where(studies.c.id == bindparam("study"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "priority_rank",
                "decided_by",
                "band",
                "leading_id",
                "images",
                "assessed",
                "flags",
            )
        }
    )
)
