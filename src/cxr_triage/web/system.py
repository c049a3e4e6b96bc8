"""Backups and limits in the browser, for administrators."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.responses import Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.connections import MAX_CONNECTIONS, SHARE
from cxr_triage.imaging.limits import MIB
from cxr_triage.language import Language
from cxr_triage.language.numbers import localized
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.service import backups
from cxr_triage.service.audit import Action, entry
from cxr_triage.settings import Settings
from cxr_triage.web.rendering import now, render
from cxr_triage.web.visit import AdministratorVisit

router = APIRouter(prefix="/system")

OLD: Final = timedelta(days=7)
"""From when on a backup is called old."""


@router.get("")
def read_system(visit: AdministratorVisit) -> Response:
    """When the last backup was made, and what limits hold."""
    services = visit.services
    state = backups.state(services.store, services.settings)
    newest = max(filter(None, (state.made_at, state.file_at)), default=None)
    return render(
        visit,
        "system.html.j2",
        backup=state,
        newest=newest,
        old=newest is None or now() - newest > OLD,
        folder_named=services.settings.backup_dir is not None,
        mib=MIB,
        limits=tuple(limits(services.settings, visit.language)),
        quotas=services.quotas.today(),
        stations=services.store.accounts.stations(),
    )


@router.get("/backup")
def download(visit: AdministratorVisit, origin: From) -> Response:
    """The last one, where whoever runs the server has said that it may leave so."""
    file = backups.last_file(visit.who, visit.services.settings)
    visit.services.store.record(entry(Action.BACKUP_TAKEN, visit.who.acts_from(origin)))
    return FileResponse(file, media_type="application/zip", filename=file.name)


def limits(settings: Settings, language: Language) -> Iterator[tuple[str, str]]:
    """Keys of what is limited, and how."""
    told: dict[str, object] = {
        "max_file_mib": settings.max_file_mib,
        "max_megapixels": settings.max_megapixels,
        "max_request_mib": settings.max_request_mib,
        "max_files": settings.max_files,
        "idle_upload_s": round(settings.idle_upload_s),
        "station_images_a_day": settings.station_images_a_day or "–",
        "station_mib_a_day": settings.station_mib_a_day or "–",
        "at_once": settings.workers or usable_cpus(),
        "queue": settings.queue,
        "decode_timeout_s": round(settings.decode_timeout_s),
        "worker_timeout_s": round(settings.worker_timeout_s),
        "connections": MAX_CONNECTIONS,
        "share": SHARE,
        "session_idle_minutes": settings.session_idle_minutes,
        "session_hours": settings.session_hours,
        "key_days": settings.key_days,
    }
    for name, value in told.items():
        yield name, str(localized(value, language))
