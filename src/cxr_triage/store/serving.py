"""Who runs on a store: one service at a time, and no restore beneath it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cxr_triage.errors import StoreBusy
from cxr_triage.store.blobs import make_folder
from cxr_triage.store.faults import store_faults

LOCK_FILE: Final = "serving.lock"


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    """Hold the store in `folder` for the block; a killed holder holds nothing.

    Other processes may open it meanwhile, as the administrator's commands do. Raises
    StoreBusy `store_serving` if a service (or a restore) holds it, or another StoreError.
    """
    lock = FileLock(folder / LOCK_FILE)
    with store_faults():
        make_folder(folder)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StoreBusy("store_serving") from None
    try:
        yield
    finally:
        lock.release()
