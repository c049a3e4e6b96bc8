"""The server's time for each page, with 10,000 studies in the store.

    python benchmarks/web.py [--studies N] [--repeat N]

A radiologist signs in over 127.0.0.1 and asks for each page; the time is from the request to
the last byte of the answer, of one connection on a machine that does nothing else.
"""

import argparse
import secrets
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from cxr_triage.service.accounts import AccountRules
from cxr_triage.service.administration import Administration
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.places import open_service_store
from cxr_triage.settings import Settings
from service import multiply, other_film, served

NAME = {"radiologist": "radiologist", "administrator": "administrator"}


def people(folder: Path) -> dict[str, str]:
    """Accounts by name, with their passwords."""
    passwords = {name: secrets.token_urlsafe(16) for name in NAME}
    with open_service_store(Settings(store_dir=folder)) as store:
        admin = Administration(store, AccountRules())
        for name, password in passwords.items():
            admin.create_person(name, password, role=NAME[name], by=SYSTEM)
    return passwords


def signed_in(port: int, name: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)
    client.post("/v1/session", json={"name": name, "password": password}).raise_for_status()
    client.headers["Accept"] = "text/html"
    return client


def milliseconds(client: httpx.Client, path: str, repeat: int) -> list[float]:
    """Of each request after the first, which fills caches."""
    client.get(path).raise_for_status()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        client.get(path).raise_for_status()
        times.append(1000 * (time.perf_counter() - started))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder) as (port, key, _):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/dicom"}
            answer = httpx.post(
                f"http://127.0.0.1:{port}/v1/images",
                content=other_film(0),
                headers=headers,
                trust_env=False,
                timeout=60,
            )
            study = answer.raise_for_status().json()["images"][0]["assessment"]["study_id"]
        multiply(folder, options.studies)
        passwords = people(folder)
        with served(folder) as (port, _, _process):
            reader = signed_in(port, "radiologist", passwords["radiologist"])
            cursor = reader.get("/v1/worklist").json()["next"]
            pages = {
                "worklist": "/worklist",
                "worklist, next page": f"/worklist?cursor={cursor}",
                "worklist, urgent and new": "/worklist?priority=urgent&state=new",
                "worklist, one patient": "/worklist?number=9RG1",
                "study": f"/studies/{study}",
                "upload": "/upload",
                "help": "/help",
                "account": "/account",
            }
            print(f"{options.studies} studies; median (highest) of {options.repeat}, ms")
            for page, path in pages.items():
                report(page, milliseconds(reader, path, options.repeat))
            manager = signed_in(port, "administrator", passwords["administrator"])
            for page in ("people", "stations"):
                report(page, milliseconds(manager, f"/{page}", options.repeat))


def report(page: str, times: list[float]) -> None:
    print(f"{page:28} {statistics.median(times):7.1f} ({max(times):.1f})")


if __name__ == "__main__":
    main()
