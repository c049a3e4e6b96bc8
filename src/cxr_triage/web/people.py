"""People who can sign in: for administrators."""

import secrets
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.problems import status_of
from cxr_triage.api.platform.services import Services
from cxr_triage.api.platform.signing_in import in_turn
from cxr_triage.errors import AccountInvalid, Conflict, NotFound, TriageError
from cxr_triage.language import LANGUAGES
from cxr_triage.service.audit import Actor, Origin
from cxr_triage.service.people import lockout
from cxr_triage.service.people.administration import checked_role
from cxr_triage.store.records import ROLES
from cxr_triage.web.forms import Fields, Posted
from cxr_triage.web.rendering import now, render
from cxr_triage.web.visit import AdministratorVisit, Visit

router = APIRouter(prefix="/people")

UserName = Annotated[str, Path(max_length=64)]

DONE = {"added", "disabled", "signed_out", "unlocked"}

FIELD_OF = {
    "name_invalid": "name",
    "name_taken": "name",
    "full_name_invalid": "full_name",
    "role_unknown": "role",
    "station_needed": "station",
    "station_not_found": "station",
}
"""Beside which field an error is shown; those of passwords beside the password."""


@router.get("")
def read_people(visit: AdministratorVisit, done: str = "") -> Response:
    """Everybody, and the form for one more."""
    return _page(visit, done=done)


@router.post("")
async def add_person(visit: AdministratorVisit, origin: From, fields: Posted) -> Response:
    """A new account; what was typed stays if it cannot be made."""
    return await in_turn(visit.services, partial(_added, visit, origin, fields))


def _added(visit: Visit, origin: Origin, fields: Fields) -> Response:
    try:
        _create(visit.services, fields, visit.who.acts_from(origin))
    except (AccountInvalid, Conflict, NotFound) as error:
        return _page(visit, typed=fields, error=error)
    return RedirectResponse("/people?done=added", 303)


def _create(services: Services, fields: Fields, by: Actor) -> None:
    services.administration.create_person(
        fields.get("name", ""),
        fields.get("password", ""),
        role=checked_role(fields.get("role", "")),
        full_name=fields.get("full_name", ""),
        station_id=fields.get("station") or None,
        language="en" if fields.get("language") == "en" else "vi",
        by=by,
    )


@router.post("/{name}/disable")
def disable_person(visit: AdministratorVisit, origin: From, name: UserName, _: Posted) -> Response:
    """They cannot sign in any more. Nobody shuts themselves out."""
    by = visit.who.acts_from(origin)
    if visit.services.sessions.person(name).id == visit.who.id:
        return _page(visit, error=AccountInvalid("disable_oneself"))
    visit.services.administration.disable_person(name, by=by)
    return RedirectResponse("/people?done=disabled", 303)


@router.post("/{name}/password")
async def reset_password(
    visit: AdministratorVisit, origin: From, name: UserName, _: Posted
) -> Response:
    """A new password, shown this once, for somebody who forgot theirs."""
    return await in_turn(visit.services, partial(_reset, visit, origin, name))


def _reset(visit: Visit, origin: Origin, name: str) -> Response:
    password = secrets.token_urlsafe(12)
    by = visit.who.acts_from(origin)
    visit.services.administration.reset_password(name, password, by=by)
    return _page(visit, secret=(name, password))


@router.post("/{name}/unlock")
def unlock(visit: AdministratorVisit, origin: From, name: UserName, _: Posted) -> Response:
    """They need not wait to sign in after too many failures."""
    lockout.unlock(visit.services.store, name, by=visit.who.acts_from(origin))
    return RedirectResponse("/people?done=unlocked", 303)


def _page(
    visit: Visit,
    *,
    done: str = "",
    typed: Fields | None = None,
    error: TriageError | None = None,
    secret: tuple[str, str] | None = None,
) -> Response:
    store = visit.services.store
    everybody, stations = store.accounts.people(), store.accounts.stations()
    errors = {}
    if error is not None:
        password = error.code.startswith("password")
        field = "password" if password else FIELD_OF.get(error.code, "page")
        errors[field] = error.message(visit.language)
    return render(
        visit,
        "people.html.j2",
        status=200 if error is None else status_of(error),
        people=sorted(everybody, key=lambda one: (one.disabled_at is not None, one.name)),
        stations=stations,
        station_names={station.id: station.name for station in stations},
        roles=ROLES,
        spoken=LANGUAGES,
        sessions=visit.services.sessions.counts(),
        locked=lockout.locked_until(store, everybody, now()),
        done=done if done in DONE else "",
        typed=typed or {},
        errors=errors,
        secret=secret,
    )
