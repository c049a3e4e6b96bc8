"""The films of pydicom-data, sent to a service as stations send their own."""

import threading
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import httpx

from cxr_triage.cli.demo.studies import demo_studies
from cxr_triage.errors import MissingExtra
from cxr_triage.logs import log
from cxr_triage.service.demo import STATION

CHEST = "RG1_UNCR*"
OTHERS = ("RG3_UNCR*", "693_UNCR*", "MR2_UNCR*", "US1_UNCR*")
"""A leg, CT, MR and ultrasound, which are referred."""

PATIENCE_S = 60.0


def demo_films() -> Path:
    """The folder of the films. Raises MissingExtra if pydicom-data is not installed."""
    package = find_spec("data_store")
    if package is None or package.origin is None:
        raise MissingExtra("pydicom-data", extra="demo")
    return Path(package.origin).parent / "data"


def send_films(folder: Path, address: str, keys: Mapping[str, str]) -> None:
    """In a thread that waits until the service answers. keys: by station."""
    thread = threading.Thread(target=_send, args=(folder, address, keys), name="demo", daemon=True)
    thread.start()


def _send(folder: Path, address: str, keys: Mapping[str, str]) -> None:
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        if not _answers(client):
            log.error("demo films not sent: the service does not answer")
            return
        for station, film in _films(folder):
            headers = {
                "Authorization": f"Bearer {keys[station]}",
                "Content-Type": "application/dicom",
            }
            status = client.post("/v1/images", content=film, headers=headers).status_code
            log.info("demo film sent: %s", status)


def _films(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Station and file; the invented studies first."""
    found = {name: sorted(folder.glob(name))[0].read_bytes() for name in (CHEST, *OTHERS)}
    yield from demo_studies(found[CHEST])
    for name in OTHERS:
        yield STATION, found[name]


def _answers(client: httpx.Client) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            return client.get("/readyz").is_success
        except httpx.TransportError:
            time.sleep(0.2)
    return False
