"""Signing in by password: who waits for a processor, and the browser that is known again."""

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread
from fastapi import Request, Response

from cxr_triage.api.platform.cookies import BROWSER, SESSION, YEAR_S, set_cookie, token_of
from cxr_triage.api.platform.services import Services
from cxr_triage.service.people.accounts import SignedIn

ResultT = TypeVar("ResultT")


async def in_turn(services: Services, work: Callable[[], ResultT]) -> ResultT:
    """Do what hashes a password in one of as many threads as there are processors. Who waits for
    one takes up none of the threads that everybody else's requests run in."""
    return await to_thread.run_sync(work, limiter=services.hashing)


def browser_of(request: Request, services: Services) -> str:
    """The token of this browser, a new one if it has none."""
    return token_of(request, BROWSER, services.settings)


def let_in(response: Response, signed_in: SignedIn, services: Services, browser: str = "") -> None:
    """The session's cookie, and that of a browser from which a password was right."""
    settings = services.settings
    hours = settings.session_hours
    set_cookie(response, SESSION, signed_in.token, settings, max_age_s=hours * 3600)
    if browser:
        set_cookie(response, BROWSER, browser, settings, max_age_s=YEAR_S)
