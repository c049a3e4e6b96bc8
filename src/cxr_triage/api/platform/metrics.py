"""GET /metrics for Prometheus: with its token, else on this machine alone."""

import hmac
import ipaddress
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cxr_triage.api.platform.access import Bearer
from cxr_triage.api.platform.services import Opened
from cxr_triage.errors import NotAllowed, NotAuthenticated
from cxr_triage.service.metrics import CONTENT_TYPE

router = APIRouter(include_in_schema=False)

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
"""With one of these a proxy asks for somebody else, wherever the proxy runs."""


def may_ask(request: Request, services: Opened, bearer: Bearer) -> None:
    """Raises NotAuthenticated `metrics_token`, or NotAllowed `metrics_local`."""
    token = services.settings.metrics_token.get_secret_value()
    if token:
        sent = bearer.credentials if bearer else ""
        if not hmac.compare_digest(sent.encode(), token.encode()):
            raise NotAuthenticated("metrics_token")
        return
    if any(name in request.headers for name in FORWARDED) or not _is_here(request):
        raise NotAllowed("metrics_local")


def _is_here(request: Request) -> bool:
    """Does the request come from this machine?"""
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


@router.get("/metrics")
def metrics(services: Opened, _: Annotated[None, Depends(may_ask)]) -> Response:
    """What was counted since this instance started."""
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE)
