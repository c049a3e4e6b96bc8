"""Sign in and out, choose the language."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.cookies import LANGUAGE, SESSION, YEAR_S, drop_cookie, set_cookie
from cxr_triage.api.platform.problems import headers_of, status_of
from cxr_triage.api.platform.signing_in import browser_of, in_turn, let_in
from cxr_triage.errors import AccessError, TooManyAttempts, TriageError
from cxr_triage.language import LANGUAGES
from cxr_triage.service.audit import Origin
from cxr_triage.web.forms import Fields, Posted, within
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import AnyVisit, SignedInVisit, Visit

router = APIRouter()

NextAddress = Annotated[str, Query(max_length=2000)]


@router.get("/")
def read_start(_: SignedInVisit) -> Response:
    """The worklist is where work begins."""
    return RedirectResponse("/worklist", 303)


@router.get("/sign-in")
def read_sign_in(visit: AnyVisit, next: NextAddress = "", ended: str = "") -> Response:  # noqa: A002 (an address's word)
    """The form; who is signed in already goes on."""
    if visit.session is not None:
        return RedirectResponse(within(next), 303)
    return sign_in_page(visit, wanted=within(next), ended=bool(ended))


@router.post("/sign-in")
async def sign_in(visit: AnyVisit, origin: From, fields: Posted) -> Response:
    """A session, and on to where one wanted to go; the page speaks the person's language."""
    return await in_turn(visit.services, partial(_sign_in, visit, origin, fields))


def _sign_in(visit: Visit, origin: Origin, fields: Fields) -> Response:
    name, wanted = fields.get("name", "")[:64], within(fields.get("next", ""))
    browser, password = browser_of(visit.request, visit.services), fields.get("password", "")[:1024]
    try:
        accounts = visit.services.accounts
        signed_in = accounts.sign_in(name, password, origin=origin, browser=browser)
    except AccessError as error:
        visit.services.metrics.problem(error.code)
        return sign_in_page(visit, wanted=wanted, name=name, error=error)
    response = RedirectResponse(wanted, 303)
    let_in(response, signed_in, visit.services, browser)
    remember(response, visit, signed_in.principal.language)
    return response


def sign_in_page(
    visit: Visit,
    *,
    wanted: str,
    name: str = "",
    ended: bool = False,
    error: TriageError | None = None,
) -> Response:
    """The form, and what kept somebody from coming in."""
    sso = visit.services.sso
    page = render(
        visit,
        "sign_in.html.j2",
        status=200 if error is None else status_of(error),
        wanted=wanted,
        typed=name,
        ended=ended,
        sso=None if sso is None else sso.label,
        error=None if error is None else error.message(visit.language),
    )
    if isinstance(error, TooManyAttempts):
        page.headers.update(headers_of(error))
    return page


@router.post("/sign-out")
def sign_out(visit: SignedInVisit, origin: From, _: Posted) -> Response:
    """End the session."""
    visit.services.accounts.sign_out(visit.token, origin=origin)
    response = RedirectResponse("/sign-in", 303)
    drop_cookie(response, SESSION, visit.services.settings)
    response.headers["Clear-Site-Data"] = '"storage"'  # the machine may be shared
    return response


@router.post("/language")
def choose_language(visit: AnyVisit, fields: Posted) -> Response:
    """Pages speak it from now on: on the account, or in this browser before signing in."""
    language = next((one for one in LANGUAGES if one == fields.get("language")), visit.language)
    if visit.session is not None:
        visit.services.accounts.change_language(visit.token, language)
    response = RedirectResponse(within(fields.get("next", "")), 303)
    remember(response, visit, language)
    return response


def remember(response: Response, visit: Visit, language: str) -> None:
    """In this browser, for before one signs in."""
    settings = visit.services.settings
    set_cookie(response, LANGUAGE, language, settings, max_age_s=YEAR_S, samesite="lax")
