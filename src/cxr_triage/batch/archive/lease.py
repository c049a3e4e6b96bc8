"""Whose shard it is: a file that is there for as long as somebody says that he is at it."""

import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

import psutil

from cxr_triage.batch.files import writing

LEASE_S: Final = 60.0
"""Without a sign of life for so long, a shard is anybody's."""


class Lease:
    """A claim that is kept alive until it is let go. A context manager."""

    def __init__(self, file: Path, token: str, seconds: float) -> None:
        self._file, self._token = file, token
        self._seconds = seconds
        self._over = threading.Event()
        self._alive = threading.Thread(target=self._keep, name="lease", daemon=True)

    @property
    def held(self) -> bool:
        """Is it still ours? Another may have taken a claim that seemed dead."""
        return _read(self._file).get("token") == self._token

    def _keep(self) -> None:
        while not self._over.wait(self._seconds / 4):
            with suppress(OSError):
                if self.held:
                    os.utime(self._file)

    def __enter__(self) -> Self:
        self._alive.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._alive.join()
        with suppress(OSError):
            if self.held:
                self._file.unlink(missing_ok=True)


def claim(file: Path, seconds: float = LEASE_S) -> Lease | None:
    """The lease, or None while somebody else holds it. Raises OutputFailed."""
    token = uuid4().hex
    owner = {
        "token": token,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }
    with writing():
        for _ in range(2):
            try:
                with file.open("x") as made:
                    made.write(json.dumps(owner))
            except FileExistsError:
                if not _is_dead(file, seconds):
                    return None
                _bury(file, token)
            else:
                return Lease(file, token, seconds)
    return None


def _bury(file: Path, token: str) -> None:
    """Take a dead claim away; of several who find it dead one does. What another has made in its
    place meanwhile is put back."""
    seen = _read(file).get("token")
    grave = file.with_name(f"{file.name}.{token}")
    with suppress(OSError):
        file.rename(grave)
        if _read(grave).get("token") != seen:
            os.link(grave, file)
        grave.unlink(missing_ok=True)


def _is_dead(file: Path, seconds: float) -> bool:
    """Nobody has touched it for long, or its process on this machine is gone."""
    try:
        age = time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return True
    if age > seconds:
        return True
    owner = _read(file)
    if owner.get("host") != socket.gethostname():
        return False
    try:
        started = psutil.Process(int(str(owner["pid"]))).create_time()
        return bool(abs(started - float(str(owner["started"]))) > 1)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, KeyError, ValueError):
        return False


def _read(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
