"""What staff need to know: colours, limits, what to do."""

from fastapi import APIRouter
from starlette.responses import Response

from cxr_triage.web.rendering import render
from cxr_triage.web.visit import AnyVisit

router = APIRouter()


@router.get("/help")
def read_help(visit: AnyVisit) -> Response:
    """Readable before signing in too: it may be why one cannot."""
    return render(visit, "help.html.j2")
