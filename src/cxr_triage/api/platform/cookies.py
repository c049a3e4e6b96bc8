"""Cookies: their names, and how a browser is to keep them.

Where browsers come by HTTPS each name begins with `__Host-`: no other host, and no page of a
neighbouring name, can set it (RFC 6265bis 4.1.3.2). On localhost without TLS it cannot.
"""

import secrets
from typing import Final, Literal

from fastapi import Request, Response

from cxr_triage.settings import Settings

SESSION: Final = "cxr-triage-session"
BROWSER: Final = "cxr-triage-browser"
"""By which a browser is known again from where somebody has signed in: see `lockout`."""
FORM: Final = "cxr-triage-form"
"""A random token for the forms of who has not signed in: they must send it back."""
LANGUAGE: Final = "cxr-triage-language"
SCHEME: Final = "cxr-triage-scheme"
"""Light or dark."""
SIGN_IN_BEGUN: Final = "cxr-triage-oidc"

YEAR_S: Final = 365 * 24 * 3600
TOKEN_LENGTH: Final = 43
"""Of 256 random bits, as text."""


def is_secure(settings: Settings) -> bool:
    """Do browsers reach the service by HTTPS? Without it, it listens on this machine alone."""
    return settings.tls_certificate is not None or bool(settings.trusted_proxies)


def cookie_name(cookie: str, settings: Settings) -> str:
    """As browsers know it."""
    return f"__Host-{cookie}" if is_secure(settings) else cookie


def cookie_of(request: Request, cookie: str, settings: Settings) -> str:
    """What the browser sends; empty: nothing."""
    return request.cookies.get(cookie_name(cookie, settings), "")


def token_of(request: Request, cookie: str, settings: Settings) -> str:
    """The random token that the browser keeps, or a new one if it has none of ours."""
    known = cookie_of(request, cookie, settings)
    fits = len(known) == TOKEN_LENGTH and known.isascii()
    return known if fits else secrets.token_urlsafe(32)


def set_cookie(
    response: Response,
    cookie: str,
    value: str,
    settings: Settings,
    *,
    max_age_s: int | None = None,
    samesite: Literal["lax", "strict"] = "strict",
) -> None:
    """For this host and no script. max_age_s: None: until the browser is closed."""
    response.set_cookie(
        cookie_name(cookie, settings),
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        secure=is_secure(settings),
        samesite=samesite,
    )


def drop_cookie(response: Response, cookie: str, settings: Settings) -> None:
    """The browser forgets it."""
    response.delete_cookie(
        cookie_name(cookie, settings), path="/", httponly=True, secure=is_secure(settings)
    )
