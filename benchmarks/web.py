"""How long the service takes for each page with 10,000 studies.

    python benchmarks/web.py [--studies N] [--rounds N] [--only WORDS] [--database postgresql]

Copies of a real study; the pages are asked for in turn over 127.0.0.1 by people who have signed
in, so that all see the same machine. Times are from the request to the last byte.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.paths import open_service_store
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.settings import Settings

from service import FILM, Client, multiply, served  # isort: skip (it says where the tests are)
from tests.databases import VARIABLE, running_server, url_of  # isort: skip

PASSWORD = "words for one measurement"  # noqa: S105 (of a store that lasts a minute)
PAGES = {
    "worklist": ("radiologist", "/worklist"),
    "worklist, urgent and new": ("radiologist", "/worklist?priority=urgent&state=new"),
    "worklist, tenth page": ("radiologist", "/worklist?cursor={cursor}"),
    "worklist, a finding": ("radiologist", "/worklist?finding=Nodule"),
    "worklist, part of a name": ("radiologist", "search:hoa"),
    "worklist, a whole name": ("radiologist", "search:Nguyễn Văn Hòa"),
    "worklist, part of a number": ("radiologist", "search:BN0012"),
    "worklist, nobody": ("radiologist", "search:zzqx"),
    "needs me now": ("radiologist", "/now"),
    "how many need me now": ("radiologist", "/now/calls"),
    "are there newer studies": ("radiologist", "/worklist/newer?since=2026-01-01T00:00:00Z"),
    "study": ("radiologist", "/studies/{study}?from=priority%3Durgent"),
    "report": ("radiologist", "/studies/{study}/report"),
    "upload": ("radiologist", "/upload"),
    "help": ("radiologist", "/help"),
    "account": ("radiologist", "/account"),
    "people": ("administrator", "/people"),
    "stations": ("administrator", "/stations"),
    "sign in": ("", "/sign-in"),
}


@contextmanager
def filled(studies: int) -> Iterator[str]:
    """The address of a service with so many studies, and with people."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CXR_TRIAGE_DATABASE_URL"] = url_of(folder)
        with served(folder) as (port, key, _):
            Client(port, key).ask("POST", "/v1/images", FILM)
        multiply(folder, studies)
        with open_service_store(Settings(store_dir=folder, database_url=url_of(folder))) as store:
            admin = Administration(store, AccountRules())
            for role in ("radiologist", "administrator"):
                admin.create_person(role, PASSWORD, role=role, by=SYSTEM)
        with served(folder) as (port, _, _):
            yield f"http://127.0.0.1:{port}"


def person(address: str, name: str) -> httpx.Client:
    """Somebody at a browser; "" has not signed in."""
    client = httpx.Client(
        base_url=address, headers={"Accept": "text/html"}, trust_env=False, timeout=60
    )
    if name:
        answer = client.post("/v1/session", json={"name": name, "password": PASSWORD})
        client.headers["X-CSRF-Token"] = answer.raise_for_status().json()["csrf"]
    return client


def places(client: httpx.Client) -> dict[str, str]:
    """A study, and where the tenth page of the worklist begins."""
    page = client.get("/v1/worklist").json()
    study = page["studies"][0]["id"]
    for _ in range(8):
        page = client.get("/v1/worklist", params={"cursor": page["next"]}).json()
    return {"study": study, "cursor": page["next"]}


def page_ms(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    way, _, text = path.partition("search:")
    if way:
        answer = client.get(path)
    else:
        csrf = client.headers["X-CSRF-Token"]
        answer = client.post("/worklist", data={"csrf": csrf, "text": text})
    assert answer.status_code == 200, (path, answer.status_code)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", default="", help="pages whose name has it")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    pages = {page: way for page, way in PAGES.items() if arguments.only in page}
    with ExitStack() as stack:
        if arguments.database == "postgresql":
            os.environ[VARIABLE] = stack.enter_context(running_server())
        address = stack.enter_context(filled(arguments.studies))
        took = measured(address, pages, arguments.rounds)
    told(took, f"{arguments.studies:,} studies, {arguments.database}")


def measured(
    address: str, pages: dict[str, tuple[str, str]], rounds: int
) -> dict[str, list[float]]:
    """Milliseconds of each page, round after round; the first fills caches and is left out."""
    people = {name: person(address, name) for name, _ in PAGES.values()}
    known = places(people["radiologist"])
    took: dict[str, list[float]] = {page: [] for page in pages}
    for _ in range(rounds + 1):
        for page, (name, path) in pages.items():
            took[page].append(page_ms(people[name], path.format(**known)))
    return {page: sorted(times[1:]) for page, times in took.items()}


def told(took: dict[str, list[float]], title: str) -> None:
    """As a table."""
    table = Table("page", "median ms", "95 % within", title=title)
    for page, times in took.items():
        last = times[int(0.95 * (len(times) - 1))]
        table.add_row(page, f"{statistics.median(times):.1f}", f"{last:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
