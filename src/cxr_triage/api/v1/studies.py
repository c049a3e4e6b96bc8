"""The worklist and its studies."""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from cxr_triage.api.platform.access import From, Reader, Reviewer, Spoken
from cxr_triage.api.platform.services import Opened, Services
from cxr_triage.api.platform.text import Moment
from cxr_triage.api.v1.models import (
    MAX_NAME,
    MAX_UID,
    ClaimIn,
    ClaimOut,
    EscalatedOut,
    OpinionIn,
    OtherStudiesOut,
    OtherStudyOut,
    RingingOut,
    SearchIn,
    StudyDetailOut,
    WorklistOut,
)
from cxr_triage.api.v1.shapes import claim_out, detail_out, study_out
from cxr_triage.domain import Priority
from cxr_triage.errors import QueryInvalid, StoreError
from cxr_triage.language import Language
from cxr_triage.service.audit import Action, Origin, entry, log_instead, note
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review import claims, disclosure, worklist
from cxr_triage.service.review.disclosure import ShownRow, ShownStudy
from cxr_triage.service.review.escalation import ringing
from cxr_triage.service.review.first_look import give_opinion
from cxr_triage.store.records import StudyState, WorklistQuery

router = APIRouter(prefix="/v1", tags=["worklist"])

UID = re.compile(r"[0-9]+(\.[0-9]+)+")


@router.get("/worklist")
def read_worklist(
    services: Opened,
    who: Reader,
    origin: From,
    language: Spoken,
    priority: Annotated[list[Priority], Query(examples=[["critical", "urgent"]])] = [],  # noqa: B006 (FastAPI copies it)
    state: Annotated[list[StudyState], Query(examples=[["new", "opened"]])] = [],  # noqa: B006
    finding: Annotated[list[str], Query(examples=[["Pneumothorax"]])] = [],  # noqa: B006
    station: Annotated[str | None, Query(max_length=MAX_NAME, examples=["north"])] = None,
    received_from: Annotated[Moment | None, Query(examples=["2026-11-24T00:00:00+07:00"])] = None,
    received_until: Annotated[Moment | None, Query(examples=["2026-11-25T00:00:00+07:00"])] = None,
    accession: Annotated[str | None, Query(include_in_schema=False)] = None,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
    limit: Annotated[int, Query(ge=1, le=worklist.MAX_LIMIT)] = worklist.DEFAULT_LIMIT,
) -> WorklistOut:
    """Studies, most urgent first: critical, urgent, not_assessed, routine, none; within a
    priority first what waits `overdue`, then by `band`, then what came first. `next` asks for the
    next page, with the same filters; the list stands as it did at the first page's moment."""
    if accession is not None:
        raise QueryInvalid("search_by_post")
    query = WorklistQuery(
        priorities=tuple(priority),
        states=tuple(state),
        findings=tuple(finding),
        station_id=station,
        received_from=received_from,
        received_until=received_until,
    )
    page = _page(services, who, query, cursor, limit)
    note(services.store, entry(Action.WORKLIST_VIEWED, who.acts_from(origin)))
    return _worklist_out(services, page, language)


@router.post("/worklist/search")
def search_worklist(
    services: Opened, who: Reader, origin: From, language: Spoken, wanted: SearchIn
) -> WorklistOut:
    """Studies by what may name a patient, which stands in no address; as the worklist otherwise.
    `next` asks for the next page, with the same body."""
    query = WorklistQuery(
        text=wanted.text,
        findings=tuple(wanted.findings),
        station_id=wanted.station,
        states=tuple(wanted.states),
        priorities=tuple(wanted.priorities),
        received_from=wanted.received_from,
        received_until=wanted.received_until,
    )
    page = _page(services, who, query, wanted.cursor, wanted.limit)
    note(services.store, entry(Action.WORKLIST_SEARCHED, who.acts_from(origin)))
    return _worklist_out(services, page, language)


def _page(
    services: Services, who: Principal, query: WorklistQuery, cursor: str | None, limit: int
) -> worklist.Page:
    return worklist.page(
        services.store, who, query, cursor=cursor, limit=limit, waits=services.waits
    )


def _worklist_out(services: Services, page: worklist.Page, language: Language) -> WorklistOut:
    steps = services.next_steps
    return WorklistOut(
        studies=[study_out(row, language, steps) for row in page.rows], next=page.cursor
    )


@router.get("/ringing")
def read_ringing(services: Opened, who: Reader) -> RingingOut:
    """Urgent and critical studies that nobody has read in their time and that ring for who asks,
    the most urgent first."""
    return ringing_of(services, who)


def ringing_of(services: Services, who: Principal) -> RingingOut:
    found = ringing(services.store, who, services.settings, services.waits, at=datetime.now(UTC))
    return RingingOut(
        on_duty=found.on_duty,
        on_duty_from=found.from_,
        contact=services.settings.duty_contact,
        studies=[
            EscalatedOut(
                study=one.row.study_id,
                priority=None if one.row.ai_hidden else one.row.priority,
                waiting_since=one.row.received_at,
                level=one.level,
            )
            for one in found.studies
        ],
    )


@router.get("/studies/{study}")
def read_study(
    services: Opened,
    who: Reader,
    origin: From,
    language: Spoken,
    study: Annotated[str, Path(max_length=MAX_UID)],
) -> StudyDetailOut:
    """A study by its id, or by its Study Instance UID (the newest, if several stations sent
    it, or several patients bear it). A doctor who reads it opens it."""
    detail = disclosure.study(services.store, who, own_id(services, who, study))
    note_opened(services, who, origin, detail)
    return detail_out(detail, language, services.next_steps)


@router.get("/studies/{study}/others")
def read_other_studies(
    services: Opened,
    who: Reader,
    origin: From,
    language: Spoken,
    study: Annotated[str, Path(max_length=MAX_UID)],
) -> OtherStudiesOut:
    """Other studies of the same patient, to be looked at beside, and those that may be."""
    id_ = own_id(services, who, study)
    row = disclosure.study(services.store, who, id_).row
    found = disclosure.other_studies(services.store, who, id_)
    note(services.store, entry(Action.STUDY_OPENED, who.acts_from(origin), study_id=id_))
    return OtherStudiesOut(
        studies=[
            OtherStudyOut(
                study=study_out(ShownRow(one.row), language, services.next_steps),
                certain=one.certain,
                comparable=disclosure.comparable(row, one.row),
            )
            for one in found
        ]
    )


@router.post("/studies/{study}/claim")
def claim_study(
    services: Opened,
    who: Reviewer,
    study: Annotated[str, Path(max_length=MAX_UID)],
    body: ClaimIn,
) -> ClaimOut:
    """Say that one reads it, again each minute; the answer says who does."""
    id_ = own_id(services, who, study)
    return claim_out(claims.take(services.store, who, id_, take_over=body.take_over), who)


@router.delete("/studies/{study}/claim", status_code=204)
def let_study_go(
    services: Opened, who: Reviewer, study: Annotated[str, Path(max_length=MAX_UID)]
) -> None:
    """One reads it no more."""
    claims.let_go(services.store, who, own_id(services, who, study))


@router.post("/studies/{study}/first-opinion", status_code=204)
def give_first_opinion(
    services: Opened,
    who: Reviewer,
    origin: From,
    study: Annotated[str, Path(max_length=MAX_UID)],
    body: OpinionIn,
) -> None:
    """Normal or abnormal, said before the AI's result is seen, and kept beside the reading; the
    first that is said stays."""
    id_ = own_id(services, who, study)
    give_opinion(services.store, who, id_, opinion=body.opinion, asked=body.asked, origin=origin)
    services.metrics.first_opinion(body.opinion)


def own_id(services: Services, who: Principal, study: str) -> str:
    """Our own id of a study that is named by it or by its UID.

    Raises NotFound for a UID that these eyes may not see.
    """
    return disclosure.study_with_uid(services.store, who, study) if UID.fullmatch(study) else study


def note_opened(services: Services, who: Principal, origin: Origin, detail: ShownStudy) -> None:
    """In the audit trail; a new study becomes opened when a doctor sees it."""
    study_id = detail.row.study_id
    seen = entry(Action.STUDY_OPENED, who.acts_from(origin), study_id=study_id)
    if not who.may("review"):
        note(services.store, seen)
        return
    try:
        services.store.open_study(study_id, who.scope, audit=seen)
    except StoreError as trouble:
        log_instead(seen, trouble)
