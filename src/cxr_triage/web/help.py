"""What staff need to know: colours, limits, what to do."""

from fastapi import APIRouter
from starlette.responses import Response

from cxr_triage.result.decided import none_is_not_normal
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import AnyVisit

router = APIRouter()


@router.get("/help")
def read_help(visit: AnyVisit) -> Response:
    """Readable before signing in too: it may be why one cannot."""
    running, language = visit.services.pool.running, visit.language
    return render(
        visit,
        "help.html.j2",
        scale=running.scale,
        own_thresholds=running.rules.thresholds is not None,
        not_normal=tuple(none_is_not_normal(running.scale, running.card, language)),
    )
