"""What doctors say that the AI got wrong, and the list of it without names."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from cxr_triage.api.platform.access import Administrator, From, Reviewer
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.platform.text import Moment
from cxr_triage.api.v1.models import MAX_NAME, IncidentIn, IncidentOut
from cxr_triage.service.audit import Action, entry, note
from cxr_triage.service.review import incidents

router = APIRouter(prefix="/v1", tags=["assessments"])

AssessmentId = Annotated[str, Path(alias="assessment", max_length=MAX_NAME)]
Since = Annotated[Moment | None, Query(alias="from", examples=["2026-11-24T00:00:00+07:00"])]
Until = Annotated[Moment | None, Query(examples=["2026-12-01T00:00:00+07:00"])]
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@router.post("/assessments/{assessment}/incidents", status_code=201)
def report_incident(
    services: Opened, who: Reviewer, origin: From, id_: AssessmentId, body: IncidentIn
) -> IncidentOut:
    """Say that the AI was wrong on a film; kept with its result, the same of the same reader
    once."""
    made = incidents.report(
        services.store, who, id_, kind=body.kind, label=body.label, origin=origin
    )
    services.metrics.incident(made.kind)
    return IncidentOut(id=made.id, kind=made.kind, label=made.label, at=made.at)


@router.get(
    "/incidents",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "application/x-ndjson": {}}}},
)
def list_incidents(
    services: Opened,
    who: Administrator,
    origin: From,
    since: Since = None,
    until: Until = None,
    form: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv",
) -> Response:
    """Every incident with what the AI said, oldest first: no name, number or word of a patient or
    a doctor. For administrators."""
    text = _text(services, since, until, form)
    note(services.store, entry(Action.INCIDENTS_EXPORTED, who.acts_from(origin)))
    name = f'attachment; filename="incidents.{form}"'
    return Response(text, media_type=MEDIA_TYPES[form], headers={"Content-Disposition": name})


def _text(
    services: Opened, since: datetime | None, until: datetime | None, form: Literal["csv", "jsonl"]
) -> str:
    rows = services.store.incidents.between(since, until)
    return incidents.as_csv(rows) if form == "csv" else incidents.as_json_lines(rows)
