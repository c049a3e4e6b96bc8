"""The AI was wrong: one key of a doctor's, and a list without names for who keeps the model."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Final

from cxr_triage.errors import NotAllowed, ReviewInvalid
from cxr_triage.labels import LABELS
from cxr_triage.result.cells import safe_cell
from cxr_triage.service.audit import Action, Origin, entry
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import hides_ai
from cxr_triage.store.records import INCIDENT_KINDS, Incident, IncidentKind, IncidentRow
from cxr_triage.store.repository import Store

COLUMNS: Final = tuple(one.name for one in fields(IncidentRow))


def report(
    store: Store,
    who: Principal,
    assessment_id: str,
    *,
    kind: IncidentKind,
    label: str,
    origin: Origin,
) -> Incident:
    """Kept with the result. label: of the finding; empty: of none.

    Raises NotAllowed (`look_first`: they have not seen it), NotFound, ReviewInvalid
    `unknown_incident`, `unknown_finding`, `false_was_not_flagged` or `missed_was_flagged`.
    """
    who.need("review")
    stored = store.assessment(assessment_id, who.scope)
    if hides_ai(who, stored.opinions):
        raise NotAllowed("look_first")
    if kind not in INCIDENT_KINDS:
        raise ReviewInvalid("unknown_incident")
    if label and label not in LABELS:
        raise ReviewInvalid("unknown_finding")
    flagged = {one.label for one in stored.assessment.findings if one.flagged}
    if kind in ("false", "wrong_place") and label and label not in flagged:
        raise ReviewInvalid("false_was_not_flagged")
    if kind == "missed" and label in flagged:
        raise ReviewInvalid("missed_was_flagged")
    return store.incidents.report(
        assessment_id,
        who.scope,
        reader_id=who.id,
        kind=kind,
        label=label,
        at=datetime.now(UTC),
        audit=entry(Action.AI_WRONG, who.acts_from(origin), reason=kind),
    )


def as_csv(rows: Iterable[IncidentRow]) -> str:
    """A table; times in UTC."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows:
        cells = _plain(row).items()
        writer.writerow({name: safe_cell(x) if isinstance(x, str) else x for name, x in cells})
    return out.getvalue()


def as_json_lines(rows: Iterable[IncidentRow]) -> str:
    """An object a line; times in UTC."""
    return "".join(json.dumps(_plain(row)) + "\n" for row in rows)


def _plain(row: IncidentRow) -> dict[str, object]:
    return asdict(row) | {"at": row.at.isoformat(timespec="seconds")}
