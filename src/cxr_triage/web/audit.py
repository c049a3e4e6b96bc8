"""The audit trail in the browser: filtered, checked, exported; for who may read it."""

from datetime import date, datetime, time, timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Annotated, Final
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.language import Language, is_said, say
from cxr_triage.service import trail
from cxr_triage.service.audit import Action, Origin
from cxr_triage.service.tasks.store_check import last_check
from cxr_triage.store.records import AuditRow, TrailQuery
from cxr_triage.web.filters import day_in
from cxr_triage.web.forms import Posted
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import AdministratorVisit, Visit

router = APIRouter(prefix="/audit")

BLOCK: Final = 1 << 16
MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

Word = Annotated[str, Query(max_length=64)]
Since = Annotated[str, Query(alias="from", max_length=10)]
Until = Annotated[str, Query(max_length=10)]
Number = Annotated[int | None, Query(ge=1)]


def _wanted(
    visit: Visit, *, action: str = "", who: str = "", since: str = "", until: str = ""
) -> TrailQuery:
    zone, last = visit.services.settings.zone, day_in(until)

    def midnight(day: date | None) -> datetime | None:
        return None if day is None else datetime.combine(day, time(), zone)

    return TrailQuery(
        action=action if action in set(Action) else "",
        actor_id=who,
        since=midnight(day_in(since)),
        until=midnight(None if last is None else last + timedelta(days=1)),
    )


@router.get("")
def read_audit(
    visit: AdministratorVisit,
    origin: From,
    action: Word = "",
    who: Word = "",
    since: Since = "",
    until: Until = "",
    before: Number = None,
    done: Word = "",
) -> Response:
    """A page of rows, the newest first; filters stand in the address."""
    store, language = visit.services.store, visit.language
    query = _wanted(visit, action=action, who=who, since=since, until=until)
    page = trail.page(store, visit.who, query, before=before, origin=origin)
    chosen = {"action": query.action, "who": who, "from": since, "until": until}
    names = names_of(visit)
    return render(
        visit,
        "audit.html.j2",
        rows=page.rows,
        older=page.older,
        chosen=chosen,
        address=urlencode({name: value for name, value in chosen.items() if value}),
        narrowed=any(chosen.values()),
        actions=sorted(((one.value, words(one, language)) for one in Action), key=lambda it: it[1]),
        action_words=partial(words, language=language),
        names=names,
        actor=lambda row: actor(row, names, visit),
        check=last_check(store),
        checking=trail.is_checking(store),
        done=done if done == "checking" else "",
        first=before is None,
    )


@router.post("/check")
def check(visit: AdministratorVisit, _: Posted) -> Response:
    """Walk the trail and compare the tables with it, as every night, but soon."""
    trail.ask_for_check(visit.services.store, visit.who)
    return RedirectResponse("/audit?done=checking", 303)


@router.get("/export")
async def export(
    visit: AdministratorVisit,
    origin: From,
    since: Since = "",
    until: Until = "",
    form: Annotated[trail.Form, Query(alias="format")] = "csv",
) -> Response:
    """The days' rows as a file, oldest first."""
    query = _wanted(visit, since=since, until=until)
    file = await to_thread.run_sync(_written, visit, query, form, origin)
    name = f"audit-{since or 'begin'}-{until or 'now'}.{form}"
    return StreamingResponse(
        iter(partial(file.read, BLOCK), b""),
        media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _written(visit: Visit, query: TrailQuery, form: trail.Form, origin: Origin) -> IO[bytes]:
    """In one go: no transaction stays open for a slow line. The file goes when it is closed."""
    services = visit.services
    file = TemporaryFile()  # noqa: SIM115 (the answer closes it)
    for line in trail.exported(
        services.store, visit.who, query, form, services.settings.zone, origin=origin
    ):
        file.write(line.encode())
    file.seek(0)
    return file


def words(action: str, language: Language) -> str:
    """What was done, in words; of a newer version its code."""
    return say(f"action.{action}", language) if is_said(f"action.{action}") else action


def names_of(visit: Visit) -> dict[str, str]:
    """People and stations by our ids."""
    accounts = visit.services.store.accounts
    people = {one.id: one.full_name for one in accounts.people()}
    return people | {one.id: one.name for one in accounts.stations()}


def actor(row: AuditRow, names: dict[str, str], visit: Visit) -> str:
    """Who did it."""
    one = row.entry
    if one.actor_kind in ("system", "nobody"):
        return say(f"audit.{one.actor_kind}", visit.language)
    return names.get(one.actor_id, one.actor_id)
