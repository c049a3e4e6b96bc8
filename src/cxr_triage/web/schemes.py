"""Light or dark: as the system has it, or as somebody chose in this browser. The viewer is always
dark, and paper always white."""

from typing import Final, Literal, get_args

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.cookies import SCHEME, YEAR_S, cookie_of, set_cookie
from cxr_triage.web.forms import Posted
from cxr_triage.web.visit import SignedInVisit, Visit

router = APIRouter()

Scheme = Literal["system", "light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = get_args(Scheme)


def scheme_of(visit: Visit) -> Scheme:
    """What this browser was told."""
    chosen = cookie_of(visit.request, SCHEME, visit.services.settings)
    return next((one for one in SCHEMES if one == chosen), "system")


def dark_media(scheme: Scheme, room: str = "light") -> str:
    """For which media the dark style sheets are; empty: for none."""
    if room == "dark" or scheme == "dark":
        return "screen"
    return "screen and (prefers-color-scheme: dark)" if scheme == "system" else ""


@router.post("/scheme")
def choose_scheme(visit: SignedInVisit, fields: Posted) -> Response:
    """Pages look so from now on, in this browser."""
    scheme = next((one for one in SCHEMES if one == fields.get("scheme")), "system")
    response = RedirectResponse("/account", 303)
    set_cookie(response, SCHEME, scheme, visit.services.settings, max_age_s=YEAR_S, samesite="lax")
    return response
