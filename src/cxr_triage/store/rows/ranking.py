"""A study's place in the worklist: its most urgent assessed film's, as `triage.rank` has it; where
nothing is flagged, that of a film that waits for a doctor."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from cxr_triage.domain import PRIORITIES, Eligibility, PriorityReason
from cxr_triage.result.document import Document, read_document
from cxr_triage.store.database.tables import assessments, images, studies
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
    values = {
        "leading_id": leading.id,
        "priority_rank": leading.priority_rank,
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
_PLACE: Final = (
    update(studies)
    .where(studies.c.id == bindparam("study"))
    .values(
        {
            name: bindparam(name)
            for name in ("priority_rank", "band", "leading_id", "images", "assessed", "flags")
        }
    )
)
