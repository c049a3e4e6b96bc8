"""Stations and the keys that their machines send with: for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.problems import status_of
from cxr_triage.errors import AccountInvalid, Conflict, TriageError
from cxr_triage.imaging.limits import MIB
from cxr_triage.service.intake.quotas import limit_of
from cxr_triage.service.people.administration import checked_scope
from cxr_triage.service.tasks.store_check import last_check
from cxr_triage.store.records import KEY_SCOPES
from cxr_triage.web.forms import Fields, Posted
from cxr_triage.web.rendering import now, render
from cxr_triage.web.visit import AdministratorVisit, Visit

router = APIRouter(prefix="/stations")

Id = Annotated[str, Path(max_length=64)]

FIELD_OF = {
    "name_invalid": "id",
    "name_taken": "id",
    "full_name_invalid": "name",
    "quota_invalid": "quota",
}
NOTHING = {"station": "", "images": "", "mib": ""}


@router.get("")
def read_stations(visit: AdministratorVisit, done: str = "") -> Response:
    """Every station with its keys, and the form for one more."""
    return _page(visit, done=done)


@router.post("")
def add_station(visit: AdministratorVisit, origin: From, fields: Posted) -> Response:
    """A new station; what was typed stays if it cannot be made."""
    by = visit.who.acts_from(origin)
    try:
        visit.services.administration.create_station(
            fields.get("id", ""), fields.get("name", ""), by=by
        )
    except (AccountInvalid, Conflict) as error:
        return _page(visit, typed=fields, error=error)
    return RedirectResponse("/stations?done=added", 303)


@router.post("/{station}/keys")
def add_key(visit: AdministratorVisit, origin: From, station: Id, fields: Posted) -> Response:
    """A key, shown this once."""
    key, record = visit.services.administration.create_key(
        station, scope=checked_scope(fields.get("scope", "send")), by=visit.who.acts_from(origin)
    )
    return _page(visit, secret=(record.station_id, key))


@router.post("/{station}/quota")
def set_quota(visit: AdministratorVisit, origin: From, station: Id, fields: Posted) -> Response:
    """What the station may send in a day; an empty field: as the setting has it."""
    by = visit.who.acts_from(origin)
    images, mib = fields.get("images", "")[:16], fields.get("mib", "")[:16]
    try:
        visit.services.quotas.set(station, images=limit_of(images), mib=limit_of(mib), by=by)
    except AccountInvalid as error:
        mistyped = {"station": station, "images": images, "mib": mib}
        return _page(visit, mistyped=mistyped, error=error)
    return RedirectResponse("/stations?done=quota", 303)


@router.post("/keys/{prefix}/scope")
def set_key_scope(visit: AdministratorVisit, origin: From, prefix: Id, fields: Posted) -> Response:
    """What the key is for from now on."""
    by = visit.who.acts_from(origin)
    wanted = checked_scope(fields.get("scope", ""))
    visit.services.administration.set_key_scope(prefix, wanted, by=by)
    return RedirectResponse("/stations?done=scope", 303)


@router.post("/keys/{prefix}/revoke")
def revoke_key(visit: AdministratorVisit, origin: From, prefix: Id, _: Posted) -> Response:
    """What sends with it is refused from now on."""
    visit.services.administration.revoke_key(prefix, by=visit.who.acts_from(origin))
    return RedirectResponse("/stations?done=revoked", 303)


def _page(
    visit: Visit,
    *,
    done: str = "",
    typed: Fields | None = None,
    mistyped: Fields = NOTHING,
    error: TriageError | None = None,
    secret: tuple[str, str] | None = None,
) -> Response:
    accounts = visit.services.store.accounts
    errors = {}
    if error is not None:
        errors[FIELD_OF.get(error.code, "page")] = error.message(visit.language)
    return render(
        visit,
        "stations.html.j2",
        status=200 if error is None else status_of(error),
        stations=accounts.stations(),
        keys=sorted(accounts.keys(), key=lambda key: key.created_at, reverse=True),
        scopes=KEY_SCOPES,
        now=now(),
        quotas=visit.services.quotas.today(),
        rules=visit.services.quotas.rules,
        check=last_check(visit.services.store),
        checks=visit.services.settings.store_check_hour >= 0,
        mib=MIB,
        early=visit.services.store.early_reading(),
        done=done if done in {"added", "revoked", "quota", "scope"} else "",
        typed=typed or {},
        mistyped=mistyped,
        errors=errors,
        secret=secret,
    )
