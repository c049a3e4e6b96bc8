"""The demonstration's films, sent to a service as stations send their own, and one reading."""

import threading
import time
from collections.abc import Callable
from typing import Final

import httpx

from cxr_triage.cli.demo.films import DemoFilm, demo_films
from cxr_triage.language import Language, say
from cxr_triage.logs import log
from cxr_triage.service.demo import READER, DemoAccounts

PATIENCE_S: Final = 60.0
SIGNED: Final = "film-10.dcm"
"""Effusion and pneumonia, says the collection, and a radiologist drew boxes on both sides."""


def send_films(
    address: str, accounts: DemoAccounts, language: Language, then: Callable[[], None]
) -> None:
    """In a thread that waits until the service answers; `then` is called when all are there."""

    def work() -> None:
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            if _answers(client):
                _send(client, accounts, language)
            else:
                log.error("demo films not sent: the service does not answer")
        then()

    threading.Thread(target=work, name="demo", daemon=True).start()


def _send(client: httpx.Client, accounts: DemoAccounts, language: Language) -> None:
    signed, failed = None, 0
    for film in demo_films():
        answer = _post(client, film, accounts.keys[film.station])
        failed += not answer.is_success
        if film.name == SIGNED and answer.is_success:
            signed = answer.json()["images"][0]["assessment"]["id"]
    if failed:
        log.error("demo films not sent: %s", failed)
    if signed is not None:
        _sign(client, signed, accounts.passwords[READER], language)


def _post(client: httpx.Client, film: DemoFilm, key: str) -> httpx.Response:
    return client.post(
        "/v1/images",
        files={"file": (film.name, film.data, film.media_type)},
        data=film.declared,
        headers={"Authorization": f"Bearer {key}"},
    )


def _sign(client: httpx.Client, assessment: str, password: str, language: Language) -> None:
    """As the radiologist, who signs out again. What is signed already stays as it is."""
    session = client.post("/v1/session", json={"name": READER, "password": password})
    if not session.is_success:
        log.error("demo reading not signed: %s", session.status_code)
        return
    token = {"X-CSRF-Token": session.json()["csrf"]}
    reading = {"action": "sign", "impression": say("serve.demo_impression", language)}
    client.post(f"/v1/assessments/{assessment}/reviews", json=reading, headers=token)
    client.delete("/v1/session", headers=token)


def _answers(client: httpx.Client) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            if client.get("/readyz").is_success:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    return False
