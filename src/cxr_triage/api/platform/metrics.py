"""GET /metrics for Prometheus: with its token, else on this machine alone."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cxr_triage.api.platform.access import Bearer
from cxr_triage.api.platform.hosts import peer_of
from cxr_triage.api.platform.services import Opened
from cxr_triage.errors import NotAllowed, NotAuthenticated
from cxr_triage.service.metrics import CONTENT_TYPE
from cxr_triage.service.sender import is_loopback, is_within

router = APIRouter(include_in_schema=False)

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
"""With one of these a proxy asks for somebody else, whether or not we know of it."""


def may_ask(request: Request, services: Opened, bearer: Bearer) -> None:
    """Raises NotAuthenticated `metrics_token`, or NotAllowed `metrics_local`."""
    token = services.settings.metrics_token.get_secret_value()
    if token:
        sent = bearer.credentials if bearer else ""
        if not hmac.compare_digest(sent.encode(), token.encode()):
            raise NotAuthenticated("metrics_token")
        return
    peer = peer_of(request.scope)
    proxied = is_within(peer, services.settings.proxy_networks)
    if proxied or any(name in request.headers for name in FORWARDED) or not is_loopback(peer):
        raise NotAllowed("metrics_local")


@router.get("/metrics")
def metrics(services: Opened, _: Annotated[None, Depends(may_ask)]) -> Response:
    """What was counted since this instance started."""
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE)
