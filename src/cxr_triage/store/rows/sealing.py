"""Digests of what stands in the tables: what rows of the audit trail seal, and a check compares.

A seal is the SHA-256 of a JSON array in ASCII without spaces: the word `cxr-triage-seal-1`, the
kind, then columns as they are stored; of what is long (a result's document and maps) its SHA-256.
What follows from other rows alone, and what a search only looks things up by, is left out; so are
columns that came later, where they say nothing. Who
changes what is sealed seals it anew, within the same transaction: see `audit.rows.append`.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, select, type_coerce
from sqlalchemy.types import String

from cxr_triage.store.audit.seals import SealKind, Seals
from cxr_triage.store.database.columns import UtcDateTime
from cxr_triage.store.database.tables import (
    assessments,
    corrections,
    images,
    patients,
    reviews,
    studies,
)

FORMAT: Final = "cxr-triage-seal-1"
_JSON: Final = json.JSONEncoder(separators=(",", ":"), default=repr)
"""repr: SQLite keeps anything anywhere."""


def _stored(column: Column[Any]) -> ColumnElement[Any]:
    """Times as the text that they are."""
    if isinstance(column.type, UtcDateTime):
        return type_coerce(column, String).label(column.name)
    return column


def _columns(table: Any, names: str) -> list[ColumnElement[Any]]:  # noqa: ANN401 - or its alias
    return [_stored(table.c[name]) for name in names.split()]


WHO: Final = "patient_id issuer name birth_date sex"
_shown, _filed = patients.alias("shown"), patients.alias("filed")
_before, _after = patients.alias("before"), patients.alias("after")

STUDIES: Final = (
    select(
        *_columns(
            studies,
            "id station_id study_uid accession received_at state opened_by opened_at signed_by"
            " signed_at images assessed leading_id priority_rank band flags contested settled_at"
            " version corrected",
        ),
        *_columns(_shown, WHO),
        *_columns(_filed, WHO),
        *_columns(studies, "decided_by"),
    )
    .join(_shown, _shown.c.id == studies.c.patient_id)
    .join(_filed, _filed.c.id == studies.c.filed_patient_id)
)
IMAGES: Final = (
    select(
        *_columns(
            images,
            "study_id id station_id sop_uid series_uid digest pixel_digest file_name rows columns"
            " received_at placed_by_hand identified_at hidden_at corrected",
        ),
        *_columns(patients, WHO),
        assessments.c.id.label("current"),
    )
    .join_from(images, patients, patients.c.id == images.c.patient_id)
    .outerjoin(assessments, and_(assessments.c.image_id == images.c.id, assessments.c.is_current))
)
CORRECTIONS: Final = (
    select(
        *_columns(
            corrections,
            "study_id id image_id version at kind actor_kind actor_id reason changes",
        ),
        *_columns(_before, WHO),
        *_columns(_after, WHO),
    )
    .outerjoin(_before, _before.c.id == corrections.c.patient_before)
    .outerjoin(_after, _after.c.id == corrections.c.patient_after)
)
RESULTS: Final = select(
    *_columns(
        assessments,
        "id image_id digest fingerprint model_id outcome priority_rank band received_at"
        " maps_shape document maps",
    )
)
READINGS: Final = select(
    *_columns(
        reviews,
        "id assessment_id study_id person_id verdicts missed overall agrees note impression"
        " version saved_at signed_at addendum_of"
        " priority others withdrawn_at withdrawn_by withdrawn_why",
    )
).where(reviews.c.signed_at.is_not(None))


def seals_of(
    connection: Connection, *study_ids: str, results: Iterable[str] = (), rows_alone: bool = False
) -> Seals:
    """Of studies as they are now, with their films and signed readings, and of those results;
    None for each that is not there. rows_alone: of the studies' own rows, for what changes nothing
    else of them.

    The studies are held until the transaction ends, so that rows of the trail follow in the order
    of what they seal.
    """
    wanted = sorted(set(study_ids))
    held = select(studies.c.id).where(studies.c.id.in_(wanted)).order_by(studies.c.id)
    there = set(connection.scalars(held.with_for_update()))
    found: dict[SealKind, dict[str, str | None]] = {"study": dict.fromkeys(wanted)}
    for row in connection.execute(STUDIES.where(studies.c.id.in_(there))):
        found["study"][row.id] = study_seal(row)
    if not rows_alone:
        found["films"] = dict(films_seals(connection, sorted(there)))
        signed = connection.execute(READINGS.where(reviews.c.study_id.in_(there)))
        found["reading"] = {row.id: reading_seal(row) for row in signed}
    if named := list(results):
        found["result"] = dict.fromkeys(named)
        for row in connection.execute(RESULTS.where(assessments.c.id.in_(named))):
            found["result"][row.id] = result_seal(row)
    return found


def films_seals(connection: Connection, study_ids: Sequence[str]) -> Mapping[str, str]:
    """Of the films of each of those studies, with what was put right."""
    of_studies = images.c.study_id.in_(study_ids)
    films = connection.execute(IMAGES.where(of_studies).order_by(images.c.id, assessments.c.id))
    put_right = connection.execute(
        CORRECTIONS.where(corrections.c.study_id.in_(study_ids)).order_by(corrections.c.id)
    )
    parts: dict[str, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for which, rows in enumerate((films, put_right)):
        for row in rows:
            parts[row[0]][which].append(tuple(row))
    return {study: _seal("films", study, *parts[study]) for study in study_ids}


UNSAID: Final = {"study": (None,), "reading": (None, "[]", None, None, "")}
"""The last columns of those rows, where they say nothing: then they are no part of the seal, as
they were none before they came."""


def study_seal(row: Row[Any]) -> str:
    """Of a row of `STUDIES`."""
    return _with_later("study", row)


def reading_seal(row: Row[Any]) -> str:
    """Of a row of `READINGS`."""
    return _with_later("reading", row)


def _with_later(kind: SealKind, row: Row[Any]) -> str:
    unsaid = UNSAID[kind]
    first, later = row[: -len(unsaid)], row[-len(unsaid) :]
    return _seal(kind, *first, *([] if tuple(later) == unsaid else [list(later)]))


def result_seal(row: Row[Any]) -> str:
    """Of a row of `RESULTS`."""
    return _seal("result", *row[:-2], _sha256(row.document), _sha256(row.maps))


def _seal(kind: SealKind, *parts: object) -> str:
    return _sha256(_JSON.encode([FORMAT, kind, *parts]))


def _sha256(content: str | bytes) -> str:
    raw = content if isinstance(content, bytes) else str(content).encode("utf-8", "surrogatepass")
    return hashlib.sha256(raw).hexdigest()
