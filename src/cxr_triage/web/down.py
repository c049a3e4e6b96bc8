"""For when the service does not answer: a sheet to print before, and the page that browsers show
in its place, which they keep beside a small worker. Nothing on it names a person or a patient."""

import json
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from cxr_triage.web.assets import assets
from cxr_triage.web.rendering import now, render
from cxr_triage.web.visit import AnyVisit, Visit

router = APIRouter()

KEPT: Final = (
    "css/tokens.css", "css/base.css", "css/parts.css", "css/down.css", "css/dark.css",
    "js/words.js", "js/down.js", "icon.svg",
)  # fmt: skip
"""What the page is made of."""

ROWS: Final = 12
"""Films that fit on the sheet."""


@router.get("/down")
def read_down(visit: AnyVisit) -> Response:
    """The sheet; readable before signing in too."""
    return render(
        visit,
        "down.html.j2",
        contacts=contacts_of(visit.services.settings.down_contacts),
        station=_station(visit),
        printed=now(),
        rows=ROWS,
    )


@router.get("/worker.js")
def read_worker(visit: AnyVisit) -> Response:
    """The browser's worker. It is another one for each version and language, which makes browsers
    keep the page anew."""
    address = assets().address
    known = {
        "name": f"cxr-triage-down-{assets().version}-{visit.language}",
        "files": [address(path) for path in KEPT],
    }
    script = files("cxr_triage.web").joinpath("static/js/worker.js").read_text("utf-8")
    return Response(
        f"const KEPT = {json.dumps(known)};\n{script}",
        media_type="text/javascript; charset=utf-8",
        headers={
            "Cache-Control": "no-cache",
            # a worker obeys the policy that it came with: it asks this service, and nobody else
            "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
        },
    )


def contacts_of(setting: str) -> list[tuple[str, str]]:
    """Whom to call and how: `Name: number; Name: number`."""
    pairs = (one.partition(":") for one in setting.split(";") if one.strip())
    return [(name.strip(), number.strip()) for name, _, number in pairs]


def _station(visit: Visit) -> str:
    """The name of the station of who looks; empty: of none."""
    if visit.session is None or visit.who.station_id is None:
        return ""
    stations = visit.services.store.accounts.stations()
    return next((one.name for one in stations if one.id == visit.who.station_id), "")
