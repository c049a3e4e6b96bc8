"""Who looks at a page, in which language, and the token that their forms must bring."""

import hmac
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from cxr_triage.api.platform.cookies import FORM, LANGUAGE, SESSION, cookie_of, token_of
from cxr_triage.api.platform.services import Opened, Services
from cxr_triage.errors import NotAllowed, NotAuthenticated
from cxr_triage.language import LANGUAGES, Language
from cxr_triage.service.people.accounts import Session
from cxr_triage.service.people.principal import Permission, Principal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visit:
    """One request for a page. session: None for who has not signed in."""

    request: Request = field(repr=False)
    services: Services = field(repr=False)
    session: Session | None
    language: Language
    form_token: str = field(repr=False)

    @property
    def who(self) -> Principal:
        """Raises NotAuthenticated."""
        if self.session is None:
            raise NotAuthenticated("session_ended")
        return self.session.principal

    @property
    def csrf(self) -> str:
        """What a form of this visit must bring."""
        return self.form_token if self.session is None else self.session.csrf

    @property
    def token(self) -> str:
        """Of the session; empty: there is none."""
        return cookie_of(self.request, SESSION, self.services.settings)

    def may(self, permission: Permission) -> bool:
        return self.session is not None and self.session.principal.may(permission)

    def check_csrf(self, sent: str) -> None:
        """Raises NotAllowed `csrf` unless a form that we gave to this visitor sent it."""
        if not hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), self.csrf.encode()):
            raise NotAllowed("csrf")


def visit_of(request: Request, services: Opened) -> Visit:
    """Whoever it is."""
    return _visit(request, services, in_use=True)


def onlooker_of(request: Request, services: Opened) -> Visit:
    """A reader whose page asks by itself: an open page alone keeps nobody signed in."""
    visit = _visit(request, services, in_use=False)
    visit.who.need("read")
    return visit


def _visit(request: Request, services: Services, *, in_use: bool) -> Visit:
    session = _session(request, services, in_use=in_use)
    if session is not None:
        request.state.who = session.principal
    language = session.principal.language if session else spoken_before(request, services)
    request.state.language = language
    visit = Visit(
        request=request,
        services=services,
        session=session,
        language=language,
        form_token=token_of(request, FORM, services.settings),
    )
    request.state.visit = visit
    return visit


def nobody(request: Request, services: Services) -> Visit:
    """Where it cannot be found out who it is."""
    return Visit(
        request=request,
        services=services,
        session=None,
        language=spoken_before(request, services),
        form_token=token_of(request, FORM, services.settings),
    )


def spoken_before(request: Request, services: Services) -> Language:
    """The language that this browser chose, else what its Accept-Language prefers."""
    chosen = cookie_of(request, LANGUAGE, services.settings)
    preferred: Language = request.state.language
    return next((language for language in LANGUAGES if language == chosen), preferred)


def _session(request: Request, services: Services, *, in_use: bool) -> Session | None:
    token = cookie_of(request, SESSION, services.settings)
    try:
        return services.accounts.session(token, in_use=in_use) if token else None
    except NotAuthenticated:
        return None


AnyVisit = Annotated[Visit, Depends(visit_of)]


def signed_in(visit: AnyVisit) -> Visit:
    """Raises NotAuthenticated, which leads to the sign-in page and back again."""
    _ = visit.who
    return visit


SignedInVisit = Annotated[Visit, Depends(signed_in)]


def _who_may(permission: Permission) -> object:
    def allowed(visit: SignedInVisit) -> Visit:
        visit.who.need(permission)
        return visit

    return Depends(allowed)


ReaderVisit = Annotated[Visit, _who_may("read")]
OnlookerVisit = Annotated[Visit, Depends(onlooker_of)]
ReviewerVisit = Annotated[Visit, _who_may("review")]
UploaderVisit = Annotated[Visit, _who_may("upload")]
AdministratorVisit = Annotated[Visit, _who_may("manage_accounts")]
