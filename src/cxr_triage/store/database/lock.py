"""Who runs on a store: one service at a time on a file, several on a server, each in a folder
of its own; and no restore beneath them."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cxr_triage.errors import StoreBusy
from cxr_triage.store.blobs import make_folder
from cxr_triage.store.database.faults import store_faults

LOCK_FILE: Final = "serving.lock"
MOST_INSTANCES: Final = 64
"""On one machine."""


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


@contextmanager
def serving_beside_others(folder: Path) -> Iterator[Path]:
    """A folder below `folder` for this instance alone, for the block.

    Named for the machine and numbered: an instance that starts again takes over what the one
    before it left.
    """
    machine = re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname())[:64] or "instance"
    with ExitStack() as stack:
        for number in range(1, MOST_INSTANCES + 1):
            own = folder / f"{machine}-{number}"
            try:
                stack.enter_context(serving(own))
            except StoreBusy:
                continue
            yield own
            return
    raise StoreBusy("store_serving")
