"""Where the service keeps things, by its settings."""

from pathlib import Path

from cxr_triage.model.catalog import data_folder
from cxr_triage.settings import Settings
from cxr_triage.store.backup import BackupSummary, restore
from cxr_triage.store.database import file_of
from cxr_triage.store.repository import Store, open_store


def store_folder(settings: Settings) -> Path:
    """The folder of the images and, by default, of the database."""
    name = "demo-store" if settings.demo else "store"
    return settings.store_dir or data_folder(settings.data_dir) / name


def database_url(settings: Settings) -> str:
    """SQLite in the store's folder unless the setting says otherwise."""
    file = (store_folder(settings) / "store.sqlite3").resolve()
    return settings.database_url.get_secret_value() or f"sqlite:///{file}"


def blobs_folder(settings: Settings) -> Path:
    """The images, by the hash of their content."""
    return store_folder(settings) / "blobs"


def spool_folder(settings: Settings) -> Path:
    """Files that were received and are not yet kept."""
    return store_folder(settings) / "spool"


def open_service_store(settings: Settings) -> Store:
    """Raises StoreError or MissingExtra, as `open_store`."""
    return open_store(database_url(settings), blobs_folder(settings))


def restore_into(settings: Settings, source: Path, *, force: bool) -> BackupSummary:
    """Bring a backup back to where the service keeps things. Raises as `backup.restore`."""
    return restore(source, file_of(database_url(settings)), blobs_folder(settings), force=force)
