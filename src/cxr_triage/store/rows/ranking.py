"""A study's place in the worklist: its most urgent assessed film's, as `triage.rank` has it; where
nothing is flagged, that of a film that waits for a doctor."""

import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, case, func, select, update

from cxr_triage.domain import Eligibility
from cxr_triage.store.database.tables import assessments, images, studies
from cxr_triage.triage.anyway import waits
from cxr_triage.triage.policy import urgency

_ELIGIBILITY: Final = TypeAdapter(Eligibility)
_NOTHING_FLAGGED: Final = urgency("none")


def rank_study(connection: Connection, study_id: str) -> None:
    """Of a study that has films; those that were sent by mistake do not count."""
    of_study = {"study": study_id}
    counts = connection.execute(_COUNTS, of_study).one()
    leading = connection.execute(_LEADING, of_study).first()
    if leading is None:
        connection.execute(update(studies).where(studies.c.id == study_id).values(images=0))
        return
    if leading.outcome == "assessed" and leading.priority_rank == _NOTHING_FLAGGED:
        leading = _waiting(connection, of_study) or leading
    found = json.loads(leading.document)["findings"]
    values = {
        "leading_id": leading.id,
        "priority_rank": leading.priority_rank,
        "margin_order": leading.margin_order,
        "images": counts.images,
        "assessed": counts.assessed,
        "flags": flag_words(one["label"] for one in found if one["flagged"]),
    }
    connection.execute(_PLACE, of_study | values)


def _waiting(connection: Connection, of_study: dict[str, str]) -> Row[Any] | None:
    """The first film of the study that was refused and that a doctor must look at."""
    for row in connection.execute(_REFERRED, of_study):
        document = json.loads(row.document)["eligibility"]
        if waits(_ELIGIBILITY.validate_python(document)):
            return row
    return None


def flag_words(labels: Iterable[str]) -> str:
    """Labels as `studies.flags` holds them: each between blanks, so that one can be looked for."""
    return "".join(f" {label.replace(' ', '_')} " for label in labels)


_CURRENT = (
    select(assessments)
    .join(images, images.c.id == assessments.c.image_id)
    .where(
        images.c.study_id == bindparam("study"),
        images.c.hidden_at.is_(None),
        assessments.c.is_current,
    )
    .subquery()
)
_ASSESSED = case((_CURRENT.c.outcome == "assessed", 1), else_=0)

# Made once: making them takes longer than the database takes to answer.
_LEADING: Final = (
    select(_CURRENT)
    .order_by(-_ASSESSED, _CURRENT.c.priority_rank, _CURRENT.c.margin_order, _CURRENT.c.id)
    .limit(1)
)
_REFERRED: Final = select(_CURRENT).where(_CURRENT.c.outcome == "referred").order_by(_CURRENT.c.id)
_COUNTS: Final = select(
    func.count().label("images"), func.coalesce(func.sum(_ASSESSED), 0).label("assessed")
).select_from(_CURRENT)
_PLACE: Final = (
    update(studies)
    .where(studies.c.id == bindparam("study"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "priority_rank", "margin_order", "leading_id", "images", "assessed", "flags"
            )
        }
    )
)  # fmt: skip
