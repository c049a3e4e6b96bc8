"""The page that sends films: its script does, file by file, through the interface."""

from fastapi import APIRouter
from starlette.responses import Response

from cxr_triage.api.v1.studies import ringing_of
from cxr_triage.domain import PRIORITIES
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import UploaderVisit

router = APIRouter()


@router.get("/upload")
def read_upload(visit: UploaderVisit) -> Response:
    """The empty page."""
    return render(
        visit,
        "upload.html.j2",
        most_mib=visit.services.settings.max_file_mib,
        order=list(PRIORITIES),
        duty=ringing_of(visit.services, visit.who) if visit.may("read") else None,
    )
