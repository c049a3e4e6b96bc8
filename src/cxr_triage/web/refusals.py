"""Errors as pages for people; programs and scripts get problem+json from the interface."""

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.cookies import SESSION, cookie_of
from cxr_triage.api.platform.problems import Place, answer_problem, headers_of, status_of
from cxr_triage.api.platform.services import Services
from cxr_triage.errors import NotAuthenticated, StoreError, TriageError
from cxr_triage.language import is_said
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import Visit, nobody, visit_of

INTERFACE = ("/v1/", "/dicomweb/", "/metrics", "/static/")


def answer(request: Request, error: TriageError, places: Sequence[Place] = ()) -> Response:
    """A page where a person asked for one."""
    if not _is_page(request):
        return answer_problem(request, error, places)
    if isinstance(error, NotAuthenticated):
        return to_sign_in(request)
    return _page(request, error)


def _is_page(request: Request) -> bool:
    accepts = "text/html" in request.headers.get("accept", "")
    return accepts and not request.url.path.startswith(INTERFACE)


def to_sign_in(request: Request) -> Response:
    """To the sign-in page, which leads back to where one wanted to go."""
    path, query = request.url.path, request.url.query
    wanted = (f"{path}?{query}" if query else path) if request.method == "GET" else ""
    services: Services = request.app.state.services
    ended = "1" if cookie_of(request, SESSION, services.settings) else ""
    said = {name: value for name, value in (("next", wanted), ("ended", ended)) if value}
    return RedirectResponse(f"/sign-in?{urlencode(said)}", 303)


def _page(request: Request, error: TriageError) -> Response:
    status = status_of(error)
    title, advice = f"problem.{status}", f"web.advice.{status}"
    page = render(
        _visit(request),
        "problem.html.j2",
        status=status,
        title=title if is_said(title) else "problem.500",
        advice=advice if is_said(advice) else "web.advice.other",
        error=error,
        request_id=request.state.request_id,
    )
    page.headers.update(headers_of(error))
    return page


def _visit(request: Request) -> Visit:
    """Who it is, found out before the trouble or now; nobody if the trouble forbids it."""
    known: Visit | None = getattr(request.state, "visit", None)
    services: Services = request.app.state.services
    if known is not None:
        return known
    try:
        return visit_of(request, services)
    except StoreError:
        return nobody(request, services)
