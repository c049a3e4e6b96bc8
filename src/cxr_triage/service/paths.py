"""Where the service keeps things, by its settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr_triage.model.catalog import data_folder
from cxr_triage.settings import Settings
from cxr_triage.store.backup.backup import BackupSummary, restore
from cxr_triage.store.database.lock import serving, serving_beside_others
from cxr_triage.store.database.transactions import is_shared
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


@contextmanager
def serving_here(settings: Settings) -> Iterator[Path]:
    """Serve the store for the block: alone if its database is a file, else beside other
    instances. The folder for files that were received and are not yet kept, which is this
    instance's alone. Raises StoreBusy `store_serving` or another StoreError."""
    folder = store_folder(settings)
    if is_shared(database_url(settings)):
        with serving_beside_others(folder / "instances") as own:
            yield own / "spool"
    else:
        with serving(folder):
            yield folder / "spool"


def open_service_store(settings: Settings) -> Store:
    """Raises StoreError or MissingExtra, as `open_store`."""
    publishes = settings.destinations is not None
    return open_store(database_url(settings), blobs_folder(settings), publishes=publishes)


def restore_into(settings: Settings, source: Path, *, force: bool) -> BackupSummary:
    """Bring a backup back to where the service keeps things. Raises as `backup.restore`."""
    return restore(source, database_url(settings), blobs_folder(settings), force=force)
