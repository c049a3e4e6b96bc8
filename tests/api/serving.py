"""A real server in a process of its own, on a store with accounts, and clients for it."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from atexit import register
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
import psutil

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.paths import open_service_store
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store
from tests.databases import VARIABLE, migrated_in

PASSWORD = "correct horse battery staple"  # noqa: S105 (of these tests alone)
PEOPLE = {
    "nurse": ("station", "north"),
    "clinician": ("clinician", None),
    "radiologist": ("radiologist", None),
    "administrator": ("administrator", None),
}
DICOM = {"Content-Type": "application/dicom"}
RELATED = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=edge'}
PART = b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n"
END = b"\r\n--edge--\r\n"


def store_of(folder: Path, database_url: str = "") -> Store:
    return open_service_store(Settings(store_dir=folder, database_url=database_url))


def make_accounts(folder: Path, database_url: str = "") -> dict[str, str]:
    """Stations, people and the stations' keys in a new store."""
    if database_url or os.environ.get(VARIABLE):
        return _made_accounts(folder, database_url)
    made, keys = _with_accounts()
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return dict(keys)


@cache
def _with_accounts() -> tuple[Path, dict[str, str]]:
    """A store that others are copies of, for as long as this process runs, and its keys."""
    folder = Path(tempfile.mkdtemp(prefix="cxr-triage-accounts-"))
    register(shutil.rmtree, folder, ignore_errors=True)
    return folder, _made_accounts(folder, "")


def _made_accounts(folder: Path, database_url: str) -> dict[str, str]:
    if not database_url:
        migrated_in(folder)
    with store_of(folder, database_url) as store:
        admin = Administration(store, AccountRules())
        for station in ("north", "south"):
            admin.create_station(station, station.title(), by=SYSTEM)
        for name, (role, station) in PEOPLE.items():
            admin.create_person(name, PASSWORD, role=role, station_id=station, by=SYSTEM)
        return {
            name: admin.create_key(name, scope="both", by=SYSTEM)[0] for name in ("north", "south")
        }


class Served:
    """`cxr-triage serve` on `folder`. keys: of the stations north and south.

    log: every line that it wrote to standard error so far. port: 0 for any; what another
    program knows it by when it is started again. keys: those of another instance on the same
    store; None: a new store is made.
    """

    def __init__(
        self,
        folder: Path,
        *,
        verify: str | None = None,
        keys: dict[str, str] | None = None,
        port: int = 0,
        **settings: object,
    ) -> None:
        self.folder = folder
        self._verify = ssl.create_default_context(cafile=verify) if verify else True
        self.settings = {"store_dir": str(folder), "workers": 1} | settings
        self.log: list[str] = []
        self._database_url = str(settings.get("database_url", ""))
        self.keys = keys or make_accounts(folder, self._database_url)
        self.port = port
        self.start()

    def store(self) -> Store:
        """The same store, opened beside the server."""
        return store_of(self.folder, self._database_url)

    def start(self) -> None:
        names = {f"CXR_TRIAGE_{name.upper()}": str(value) for name, value in self.settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cxr_triage", "serve", "--port", str(self.port)],
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | names,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(
            target=self._read_log, args=(self.process.stderr,), daemon=True
        )
        self._reader.start()
        self.printed = self.process.stdout.readline()
        if "http" not in self.printed:
            self.process.wait(30)
            raise RuntimeError(f"no server: {self.printed} {self.log}")
        self.address = next(word for word in self.printed.split() if word.startswith("http"))
        self._wait()

    def _read_log(self, stream) -> None:
        with stream:
            for line in stream:
                self.log.append(line)

    def _wait(self) -> None:
        for _ in range(300):
            try:
                httpx.get(f"{self.address}/healthz", trust_env=False, verify=self._verify)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the server does not answer")

    def client(self, station: str = "north", **options) -> httpx.Client:
        """A station's program."""
        return self._client(headers={"Authorization": f"Bearer {self.keys[station]}"}, **options)

    @contextmanager
    def person(self, name: str) -> Iterator[httpx.Client]:
        """A person who has signed in."""
        with self._client() as client:
            answer = client.post("/v1/session", json={"name": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
            yield client

    def nobody(self) -> httpx.Client:
        return self._client()

    def _client(self, **options) -> httpx.Client:
        return httpx.Client(
            base_url=self.address, timeout=30, trust_env=False, verify=self._verify, **options
        )

    def children(self) -> list[psutil.Process]:
        """The inference processes."""
        return psutil.Process(self.process.pid).children()

    def kill(self) -> None:
        """kill -9 of the server; its processes end by themselves."""
        self.process.kill()
        self._end()

    def stop(self) -> int:
        """End it gracefully; the exit code, which uvicorn makes that of the signal."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        code = self.process.wait(30)
        self._reader.join(10)
        self.process.stdout.close()
        return code

    def events(self) -> list[dict]:
        """The log's lines."""
        return [json.loads(line) for line in self.log]


def send(client: httpx.Client, data: bytes, **headers: str) -> httpx.Response:
    """One image as the body."""
    return client.post("/v1/images", content=data, headers=DICOM | headers)


def related(*files: bytes) -> bytes:
    """A body of instances, as RELATED says it is."""
    return b"".join(PART + file for file in files) + END


def assessment(answer: httpx.Response) -> dict:
    """Of an upload of one file."""
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["images"][0]["assessment"]
