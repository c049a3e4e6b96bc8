"""Putting right what is kept: identity, films, and which study they are of."""

from typing import Annotated

from fastapi import APIRouter, Path

from cxr_triage.api.platform.access import Corrector, From, Spoken
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.v1.models import (
    MAX_NAME,
    CorrectionIn,
    CorrectionsOut,
    HideIn,
    MergeIn,
    MoveIn,
    PartIn,
    SettleIn,
    StudyDetailOut,
)
from cxr_triage.api.v1.shapes import corrections_out, detail_out
from cxr_triage.api.v1.studies import own_id
from cxr_triage.service.audit import Action, entry, note
from cxr_triage.service.review import disclosure
from cxr_triage.service.review.corrections import WantedValues
from cxr_triage.service.review.disclosure import shown_study

router = APIRouter(prefix="/v1", tags=["corrections"])

StudyId = Annotated[str, Path(alias="study", max_length=MAX_NAME)]
AssessmentId = Annotated[str, Path(alias="assessment", max_length=MAX_NAME)]
NOT_VALUES = {"version", "reason", "films"}


@router.get("/studies/{study}/corrections")
def read_corrections(
    services: Opened, who: Corrector, origin: From, study: StudyId
) -> CorrectionsOut:
    """What was put right of a study, by whom and why, newest first."""
    detail = disclosure.study(services.store, who, own_id(services, who, study))
    seen = entry(Action.STUDY_OPENED, who.acts_from(origin), study_id=detail.row.study_id)
    note(services.store, seen)
    return corrections_out(detail)


@router.post("/studies/{study}/corrections")
def correct_study(
    services: Opened,
    who: Corrector,
    origin: From,
    language: Spoken,
    study: StudyId,
    body: CorrectionIn,
) -> StudyDetailOut:
    """Put right whom a study shows, the age, the station, and view and marker of its films. A
    station may do so for its own studies until they are signed, a radiologist with a reason. 409
    if the study is not as `version` says: read it again. Where another age or view decides
    otherwise, a film is assessed again; what the files say stays."""
    given = body.model_dump(exclude_unset=True, exclude=NOT_VALUES)
    if given.get("station_id") == "":
        given.pop("station_id")
    wanted = WantedValues(
        study=given,
        films={
            one.assessment: one.model_dump(exclude_unset=True, exclude={"assessment"})
            for one in body.films
        },
    )
    detail = services.corrections.correct(
        who,
        own_id(services, who, study),
        wanted,
        version=body.version,
        reason=body.reason,
        origin=origin,
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)


@router.post("/studies/{study}/merge")
def merge_studies(
    services: Opened, who: Corrector, origin: From, language: Spoken, study: StudyId, body: MergeIn
) -> StudyDetailOut:
    """Two studies under one number are one patient's: the other's films come to this one, which
    goes on showing whom it shows. For radiologists."""
    detail = services.corrections.merge(
        who,
        own_id(services, who, study),
        body.other,
        version=body.version,
        reason=body.reason,
        origin=origin,
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)


@router.post("/studies/{study}/part")
def part_study(
    services: Opened, who: Corrector, origin: From, language: Spoken, study: StudyId, body: PartIn
) -> StudyDetailOut:
    """Undo a merge: films whose files show another patient go to studies of their own. For
    radiologists."""
    detail = services.corrections.part(
        who,
        own_id(services, who, study),
        version=body.version,
        reason=body.reason,
        origin=origin,
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)


@router.post("/studies/{study}/settle")
def settle_number(
    services: Opened, who: Corrector, origin: From, language: Spoken, study: StudyId, body: SettleIn
) -> StudyDetailOut:
    """The studies under this number are rightly several patients'. For radiologists."""
    detail = services.corrections.settle(
        who,
        own_id(services, who, study),
        settled=body.settled,
        version=body.version,
        reason=body.reason,
        origin=origin,
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)


@router.post("/assessments/{assessment}/move")
def move_film(
    services: Opened,
    who: Corrector,
    origin: From,
    language: Spoken,
    id_: AssessmentId,
    body: MoveIn,
) -> StudyDetailOut:
    """The film of this result belongs to another study of its station, or to one of its own. The
    answer is that study."""
    detail = services.corrections.move(
        who, id_, body.study, version=body.version, reason=body.reason, origin=origin
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)


@router.post("/assessments/{assessment}/read-anyway")
def read_film_anyway(
    services: Opened,
    who: Corrector,
    origin: From,
    language: Spoken,
    id_: AssessmentId,
    body: HideIn,
) -> StudyDetailOut:
    """Somebody looked at the film of this result, which was refused for its looks: it is read all
    the same, and marked. It makes its study more urgent, or leaves it as it is. 409
    `not_for_its_looks` if it was refused for its age, its view or what it is."""
    detail = services.corrections.read_anyway(
        who, id_, version=body.version, reason=body.reason, origin=origin
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)


@router.post("/assessments/{assessment}/hide")
def hide_film(
    services: Opened,
    who: Corrector,
    origin: From,
    language: Spoken,
    id_: AssessmentId,
    body: HideIn,
) -> StudyDetailOut:
    """The film was sent by mistake: it is kept, and no list, report or priority shows it."""
    detail = services.corrections.hide(
        who, id_, hidden=True, version=body.version, reason=body.reason, origin=origin
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)


@router.post("/assessments/{assessment}/show")
def show_film(
    services: Opened,
    who: Corrector,
    origin: From,
    language: Spoken,
    id_: AssessmentId,
    body: HideIn,
) -> StudyDetailOut:
    """The film was not sent by mistake after all."""
    detail = services.corrections.hide(
        who, id_, hidden=False, version=body.version, reason=body.reason, origin=origin
    )
    return detail_out(shown_study(detail, who), language, services.next_steps)
