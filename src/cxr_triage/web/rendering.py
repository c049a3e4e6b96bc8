"""Templates into pages, with the words, dates and numbers of who looks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from cxr_triage.api.platform.cookies import FORM, cookie_of, set_cookie
from cxr_triage.domain import PRIORITIES
from cxr_triage.language import LANGUAGES, Language, dates, say, say_count
from cxr_triage.report.film.html import language_context, writable
from cxr_triage.result.decided import AXIS, cuts_of, place
from cxr_triage.service.people.principal import Permission
from cxr_triage.service.review.worklist import station_name
from cxr_triage.web.assets import assets
from cxr_triage.web.schemes import dark_media, scheme_of
from cxr_triage.web.visit import Visit

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",  # with none, browsers hide the origin of our own forms
}
"""Beside those of every answer (see `api.platform.observing`): no page is stored, for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry of the navigation, for who has the permission."""

    path: str
    key: str
    permission: Permission | None


NAVIGATION: Final = (
    Link(path="/now", key="web.nav.now", permission="see_patients"),
    Link(path="/worklist", key="web.nav.worklist", permission="read"),
    Link(path="/upload", key="web.nav.upload", permission="upload"),
    Link(path="/people", key="web.nav.people", permission="manage_accounts"),
    Link(path="/stations", key="web.nav.stations", permission="manage_accounts"),
    Link(path="/deliveries", key="web.nav.deliveries", permission="manage_accounts"),
    Link(path="/audit", key="web.nav.audit", permission="read_audit"),
    Link(path="/system", key="web.nav.system", permission="manage_accounts"),
    Link(path="/help", key="web.nav.help", permission=None),
)


def render(visit: Visit, template: str, *, status: int = 200, **values: object) -> Response:
    """The page of a template in `templates`, which extends `base.html.j2`."""
    page = HTMLResponse(
        writable(_environment().get_template(template).render(_context(visit) | values)),
        status,
        headers=HEADERS,
    )
    settings = visit.services.settings
    if visit.session is None and cookie_of(visit.request, FORM, settings) != visit.form_token:
        set_cookie(page, FORM, visit.form_token, settings)
    return page


def _context(visit: Visit) -> dict[str, object]:
    """What every template may use."""
    language, zone = visit.language, visit.services.settings.zone
    address = visit.request.url
    here = f"{address.path}?{address.query}" if address.query else address.path
    scheme = scheme_of(visit)
    return language_context(language, visit.services.next_steps) | {
        "scheme": scheme,
        "dark_media": partial(dark_media, scheme),
        "say_count": lambda key, count, **values: say_count(key, language, count, **values),
        "visit": visit,
        "signed_in": visit.session is not None,
        "who": visit.session.principal if visit.session else None,
        "csrf": visit.csrf,
        "here": here,
        "navigation": [
            link for link in NAVIGATION if link.permission is None or visit.may(link.permission)
        ],
        "languages": LANGUAGES,
        "model": visit.services.pool.running.card,
        "script_words": script_words(language),
        "zone": zone.key,
        "time": partial(time_text, language=language, zone=zone),
        "day": partial(day_text, language=language, zone=zone),
        "ago": partial(ago_text, language=language),
        "station_name": partial(station_name, language=language),
        "lasted": partial(lasted_text, language=language),
    }


def script_words(language: Language) -> Callable[..., dict[str, str]]:
    """Sentences for a page's scripts by their keys, their {fields} still open."""
    open_fields = {name: f"{{{name}}}" for name in SCRIPT_FIELDS}
    return lambda *keys: {key: say(key, language, **open_fields) for key in (*EVERYWHERE, *keys)}


EVERYWHERE: Final = (
    "web.script.network", "web.script.unexpected", "web.script.other_person",
    "bell.live", "bell.lost", "bell.critical", "bell.answer",
)  # fmt: skip
"""What scripts of every page may say."""


SCRIPT_FIELDS: Final = ("count", "done", "failed", "name", "seconds", "percent", "problem")
"""What sentences for scripts may leave open."""


def time_text(moment: datetime, language: Language, zone: ZoneInfo) -> str:
    """Date and time to the minute, at the place."""
    return dates.time_text(moment.astimezone(zone), language)


def day_text(moment: datetime, language: Language, zone: ZoneInfo) -> str:
    """The date at the place."""
    return dates.day_text(moment.astimezone(zone), language)


def now() -> datetime:
    """This moment, with its zone."""
    return datetime.now(UTC)


def wait_text(wait: timedelta, language: Language) -> str:
    """How long something may wait, in one unit."""
    return format_timedelta(wait, granularity="minute", threshold=1.0, locale=language)


def ago_text(moment: datetime, language: Language) -> str:
    """How long it has waited, in one unit."""
    return lasted_text(moment, now(), language)


def lasted_text(since: datetime, until: datetime, language: Language) -> str:
    """From one moment to another, in one unit; a minute at least."""
    waited = max(until - since, timedelta(seconds=60))
    return format_timedelta(
        waited, granularity="minute", threshold=1.5, format="short", locale=language
    )


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("cxr_triage.web", "templates"),
                PackageLoader("cxr_triage.report", "templates"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        priorities=PRIORITIES, asset=assets().address, axis=AXIS, cuts_of=cuts_of, place=place
    )
    return environment
