"""The radiographs of pydicom-data, sent to a service as a station sends its own."""

import threading
import time
from importlib.util import find_spec
from pathlib import Path

import httpx

from cxr_triage.errors import MissingExtra
from cxr_triage.logs import log

NAMES = ("RG1_UNCR*", "RG3_UNCR*", "693_UNCR*", "MR2_UNCR*", "US1_UNCR*")
"""A chest radiograph, and a leg, CT, MR and ultrasound, which are referred."""

PATIENCE_S = 60.0


def demo_films() -> list[Path]:
    """Raises MissingExtra if pydicom-data is not installed."""
    package = find_spec("data_store")
    if package is None or package.origin is None:
        raise MissingExtra("pydicom-data", extra="demo")
    folder = Path(package.origin).parent / "data"
    return [file for name in NAMES for file in sorted(folder.glob(name))[:1]]


def send_films(films: list[Path], address: str, key: str) -> None:
    """In a thread that waits until the service answers."""
    thread = threading.Thread(target=_send, args=(films, address, key), name="demo", daemon=True)
    thread.start()


def _send(films: list[Path], address: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/dicom"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60) as client:
        if not _answers(client):
            log.error("demo films not sent: the service does not answer")
            return
        for film in films:
            status = client.post("/v1/images", content=film.read_bytes()).status_code
            log.info("demo film sent: %s", status)


def _answers(client: httpx.Client) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            return client.get("/readyz").is_success
        except httpx.TransportError:
            time.sleep(0.2)
    return False
