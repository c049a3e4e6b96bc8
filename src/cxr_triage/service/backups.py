"""What is known of backups: when the last was made, and the file, where its folder is named."""

import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cxr_triage.errors import NotAllowed, NotFound
from cxr_triage.service.audit import Action
from cxr_triage.service.people.principal import Principal
from cxr_triage.settings import Settings
from cxr_triage.store.records import TrailQuery
from cxr_triage.store.repository import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupState:
    """made_at: as the trail has it; None: none was ever made by `admin backup`. file: the newest of
    the folder that the setting names, a .zip; None: there is none. may_download: the setting lets
    it leave by the browser."""

    made_at: datetime | None
    file: str
    bytes: int
    file_at: datetime | None
    may_download: bool


def state(store: Store, settings: Settings) -> BackupState:
    """Raises StoreError."""
    made = store.trail(TrailQuery(action=Action.BACKUP_MADE), before=None, limit=1)
    newest = _newest(settings)
    stat = None if newest is None else newest.stat()
    return BackupState(
        made_at=made[0].at if made else None,
        file="" if newest is None else newest.name,
        bytes=0 if stat is None else stat.st_size,
        file_at=None if stat is None else datetime.fromtimestamp(stat.st_mtime, UTC),
        may_download=settings.backup_download,
    )


def last_file(who: Principal, settings: Settings) -> Path:
    """The newest backup, to be handed out: it holds every patient, so whoever runs the server must
    have said that it may. Raises NotAllowed or NotFound."""
    who.need("manage_accounts")
    if not settings.backup_download:
        raise NotAllowed("backup_stays")
    newest = _newest(settings)
    if newest is None:
        raise NotFound("no_backup")
    return newest


def _newest(settings: Settings) -> Path | None:
    if settings.backup_dir is None or not settings.backup_dir.is_dir():
        return None
    found = [
        one
        for one in settings.backup_dir.iterdir()
        if one.suffix == ".zip" and not one.name.startswith(".") and zipfile.is_zipfile(one)
    ]
    return max(found, key=lambda one: one.stat().st_mtime, default=None)
