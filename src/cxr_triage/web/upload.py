"""The page that sends films: its script does, file by file, through the interface."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.v1.models import MAX_NAME, AssessmentOut
from cxr_triage.api.v1.shapes import assessment_out
from cxr_triage.api.v1.studies import ringing_of
from cxr_triage.domain import PRIORITIES
from cxr_triage.errors import NotFound
from cxr_triage.service.audit import Action, Origin, entry, note
from cxr_triage.service.review import disclosure
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import UploaderVisit, Visit

router = APIRouter(prefix="/upload")

MOST_KEPT: Final = 100
"""Results that a page which is opened again asks for."""

Ids = Annotated[list[Annotated[str, Query(max_length=MAX_NAME)]], Query(max_length=MOST_KEPT)]


class KeptResult(BaseModel):
    """A film that was sent from this tab, as it stands now."""

    file_name: str
    assessment: AssessmentOut


@router.get("")
def read_upload(visit: UploaderVisit) -> Response:
    """The empty page."""
    return render(
        visit,
        "upload.html.j2",
        most_mib=visit.services.settings.max_file_mib,
        order=list(PRIORITIES),
        most_kept=MOST_KEPT,
        duty=ringing_of(visit.services, visit.who) if visit.may("read") else None,
    )


@router.get("/results")
def read_results(visit: UploaderVisit, origin: From, ids: Ids) -> list[KeptResult]:
    """What became of the films that the page before this one sent: it keeps our ids of them and
    nothing that names a patient. Those that are gone are left out."""
    return [found for one in ids if (found := _kept(visit, origin, one)) is not None]


def _kept(visit: Visit, origin: Origin, id_: str) -> KeptResult | None:
    store, actor = visit.services.store, visit.who.acts_from(origin)
    try:
        stored = disclosure.result(store, visit.who, id_)
    except NotFound:
        return None
    note(store, entry(Action.IMAGE_VIEWED, actor, study_id=stored.study_id, assessment_id=id_))
    shown = assessment_out(stored, visit.language, visit.services.next_steps)
    return KeptResult(file_name=stored.file_name, assessment=shown)
