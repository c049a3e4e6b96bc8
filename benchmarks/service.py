"""The service under load beside the bare pipeline, and the worklist as it grows.

    python benchmarks/service.py [--seconds N] [--clients N] [--skip-worklist | --skip-load]

Load: clients upload 1955×1841 DICOM files over 127.0.0.1, each file another (made from one
radiograph of pydicom-data), as fast as they are answered. The bare pipeline reads such
files from memory in as many processes, for half the time before and half after, so that
both see the same machine. Memory is that of the server and its processes together.

Worklist: pages of 50 over 1,000 and over 100,000 studies, copies of real rows, each of a patient of
its own with a Vietnamese name, through HTTP; and searches for parts of names and numbers. On SQLite
and, where Debian's package `postgresql` is installed, on PostgreSQL.
"""

import argparse
import http.client
import json
import os
import random
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import data_store
import psutil
from sqlalchemy import Connection, text

from cxr_triage.domain import folded
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.paths import open_service_store
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.databases import VARIABLE, programs, raw, running_server, url_of

Row = dict[str, Any]

FILM = next((Path(data_store.__file__).parent / "data").glob("RG1_UNCR*")).read_bytes()
UIDS_END = b"20040826185059.5457"
"""Of study, series and instance."""

PIXELS_END = FILM.rindex(b"\xfc\xff\xfc\xff")
"""Where the data set's trailing padding begins."""

STUDIES = (1_000, 100_000)
TABLES = ("patients", "studies", "images", "assessments")
CHUNK = 500
PAGES = {
    "first page": "",
    "urgent alone": "&priority=urgent",
    "state new": "&state=new",
    "finding": "&finding=Nodule",
}
SEARCHES = {
    "one name in 40": "hung",
    "with diacritics": "Hùng",
    "family name": "nguyen",
    "whole name": "nguyen van hung",
    "patient's number": "bn0012",
    "accession number": "a1b2",
    "nobody": "no such name",
}
FAMILY = ("Nguyễn",) * 4 + ("Trần", "Lê", "Phạm", "Huỳnh", "Vũ", "Đặng")
MIDDLE = ("Văn", "Thị", "Hữu", "Đức", "Minh", "Ngọc", "Thanh", "Xuân")
GIVEN = (
    "An", "Anh", "Bình", "Chi", "Cường", "Dũng", "Duy", "Giang", "Hà", "Hải",
    "Hạnh", "Hiền", "Hoa", "Hòa", "Hùng", "Hưng", "Hương", "Huy", "Khánh", "Lan",
    "Linh", "Loan", "Mai", "Nam", "Nga", "Nhung", "Phong", "Phúc", "Quân", "Quang",
    "Sơn", "Tâm", "Thảo", "Thu", "Thủy", "Trang", "Tuấn", "Vân", "Yến", "Đạt",
)  # fmt: skip


def other_film(number: int) -> bytes:
    """The radiograph as another study, with other last pixels."""
    data = bytearray(FILM.replace(UIDS_END, b"1%018d" % number))
    data[PIXELS_END - 4 : PIXELS_END] = number.to_bytes(4, "little")
    return bytes(data)


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, str, psutil.Process]]:
    """A server on `folder`: its port, a station's key, its process."""
    with open_service_store(Settings(store_dir=folder)) as store:
        admin = Administration(store, AccountRules())
        if not store.accounts.people():
            admin.create_station("north", "North", by=SYSTEM)
            admin.create_person("it", secrets.token_urlsafe(16), role="administrator", by=SYSTEM)
        key, _ = admin.create_key("north", scope="both", by=SYSTEM)
    process = subprocess.Popen(
        [sys.executable, "-m", "cxr_triage", "serve", "--port", "0"],
        env=os.environ | {"CXR_TRIAGE_STORE_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split("://")[1].split()[0]
        yield int(address.rpartition(":")[2]), key, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


class Client:
    """One connection of a station."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {key}"}

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, kind: str = "application/dicom"
    ) -> Row:
        self._connection.request(method, path, body, self._headers | {"Content-Type": kind})
        answer = self._connection.getresponse()
        content: Row = json.loads(answer.read())
        assert answer.status in (200, 201), content
        return content


def mebibytes(process: psutil.Process) -> float:
    """Memory of a process and all below it, shared pages counted once (PSS)."""
    family = [process, *process.children(recursive=True)]
    return float(sum(one.memory_full_info().pss for one in family)) / 2**20


def cpu_s(process: psutil.Process) -> float:
    """Processor time that a process and all below it have used."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in family)


def load(port: int, key: str, *, clients: int, seconds: float, first: int) -> list[float]:
    """Seconds that each upload took."""
    until, took = time.monotonic() + seconds, []

    def upload(numbers: range) -> None:
        client = Client(port, key)
        for number in numbers:
            if time.monotonic() > until:
                return
            film = other_film(number)
            start = time.perf_counter()
            client.ask("POST", "/v1/images", film)
            took.append(time.perf_counter() - start)

    threads = [
        threading.Thread(target=upload, args=(range(first + n * 10**6, first + (n + 1) * 10**6),))
        for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


BARE = """
import sys, time
sys.path[:0] = [{here!r}]
from service import other_film
from cxr_triage.settings import Settings
from cxr_triage.triage.loading import open_pipeline
with open_pipeline(Settings(), model=None, policy=None, workers=1, threads={threads}) as pipeline:
    films = [other_film(number) for number in range(8)]
    pipeline.assess(films[0])
    print("ready", flush=True)
    sys.stdin.readline()
    until, done, began = time.monotonic() + {seconds}, 0, time.process_time()
    while time.monotonic() < until:
        pipeline.assess(films[done % 8])
        done += 1
print(done, time.process_time() - began)
"""


def bare(seconds: float) -> tuple[float, float]:
    """Images a second of as many processes as the service has; processor seconds an image."""
    program = BARE.format(here=str(Path(__file__).parent), seconds=seconds, threads=1)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for _ in range(usable_cpus())
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0].split() for process in running]
    images = sum(int(done) for done, _ in answers)
    return images / seconds, sum(float(cpu) for _, cpu in answers) / images


def measure_load(clients: int, seconds: float) -> None:
    before, bare_cpu = bare(seconds / 2)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (port, key, process):
        load(port, key, clients=clients, seconds=5, first=0)
        at_start, cpu = mebibytes(process), cpu_s(process)
        took = sorted(load(port, key, clients=clients, seconds=seconds, first=10**8))
        at_end, cpu = mebibytes(process), cpu_s(process) - cpu
    after, _ = bare(seconds / 2)
    rate, pipeline = len(took) / seconds, (before + after) / 2
    print(f"{clients} clients, {usable_cpus()} processes, {seconds:.0f} s, {len(took)} images")
    print(f"service                {rate:8.1f} images/s")
    print(
        f"bare pipeline          {pipeline:8.1f} images/s ({before:.1f} before, {after:.1f} after)"
    )
    print(f"ratio                  {rate / pipeline:8.2f}")
    print(f"processor an image     {cpu / len(took) * 1000:8.0f} ms, bare {bare_cpu * 1000:.0f} ms")
    for share in (0.5, 0.95, 0.99):
        print(f"p{share * 100:<21.0f} {took[int(share * (len(took) - 1))] * 1000:8.0f} ms")
    print(f"memory at start, end   {at_start:8.0f} {at_end:8.0f} MiB")


def multiply(folder: Path, count: int) -> None:
    """Copy the one study of the store `count` times, each with a place of its own."""
    with raw(folder) as connection:
        rows = {
            table: dict(connection.exec_driver_sql(f"SELECT * FROM {table}").one()._mapping)  # noqa: S608
            for table in TABLES
        }
        pick = random.Random(1)  # noqa: S311
        connection.exec_driver_sql("BEGIN")
        for _ in range(count // CHUNK):
            copies = [copy_study(rows, pick) for _ in range(CHUNK)]
            for table in TABLES:
                _insert(connection, table, [copy[table] for copy in copies])
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("ANALYZE")


def _insert(connection: Connection, table: str, rows: list[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in rows[0])
    marks = ", ".join(f":{name}" for name in rows[0])
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), rows)  # noqa: S608


def copy_study(rows: Row, pick: random.Random) -> dict[str, Row]:
    """Rows of the same study by table, with a place and names of its own."""
    patient, study, image, result = (f"{pick.getrandbits(128):032x}" for _ in range(4))
    name = f"{pick.choice(FAMILY)}^{pick.choice(MIDDLE)}^{pick.choice(GIVEN)}"
    number, file_name = f"BN{pick.randrange(10**6):06d}", f"IMG_{pick.randrange(10**6):06d}.dcm"
    place = {"priority_rank": pick.randrange(5), "band": pick.randrange(3)}
    state = pick.choice(("new", "opened", "changed", "reviewed", "signed"))
    changed = {
        "patients": {"id": patient, "key": patient * 2, "patient_id": number, "name": name,
                     "folded": f"{folded(name)}\n{folded(number)}"},
        "studies": {"id": study, "patient_id": patient, "filed_patient_id": patient,
                    "study_uid": f"2.25.{pick.getrandbits(100)}", "state": state,
                    "accession": study[:12], "leading_id": result, **place},
        "images": {"id": image, "study_id": study, "patient_id": patient,
                   "file_name": file_name, "folded": folded(file_name),
                   "sop_uid": f"2.25.{pick.getrandbits(100)}"},
        "assessments": {"id": result, "image_id": image, **place},
    }  # fmt: skip
    return {table: rows[table] | changes for table, changes in changed.items()}


@contextmanager
def worklist_of(studies: int) -> Iterator[Client]:
    """A client of a service with so many studies."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CXR_TRIAGE_DATABASE_URL"] = url_of(folder)
        with served(folder) as (port, key, _):
            Client(port, key).ask("POST", "/v1/images", FILM)
        multiply(folder, studies)
        with served(folder) as (port, key, _):
            yield Client(port, key)


def _cursor(client: Client, pages: int) -> str:
    """Where the page after the first `pages` begins."""
    query = ""
    for _ in range(pages):
        query = f"&cursor={client.ask('GET', f'/v1/worklist?limit=50{query}')['next']}"
    return query


def _page_ms(client: Client, query: str) -> float:
    start = time.perf_counter()
    rows = client.ask("GET", f"/v1/worklist?limit=50{query}")["studies"]
    assert len(rows) == 50
    return (time.perf_counter() - start) * 1000


def _search_ms(client: Client, text: str) -> float:
    body = json.dumps({"text": text}).encode()
    start = time.perf_counter()
    client.ask("POST", "/v1/worklist/search", body, kind="application/json")
    return (time.perf_counter() - start) * 1000


def measure_worklist() -> None:
    """Both services are asked in turn, so that both see the same machine."""
    print("PostgreSQL" if VARIABLE in os.environ else "SQLite", end=": ")
    with worklist_of(STUDIES[0]) as small, worklist_of(STUDIES[1]) as large:
        print(f"worklist, 50 rows over {STUDIES[0]:,} and {STUDIES[1]:,} studies, medians")
        tenth = {"tenth page": (_cursor(small, 9), _cursor(large, 9))}
        for kind, queries in ({kind: (page, page) for kind, page in PAGES.items()} | tenth).items():
            rounds = [(_page_ms(small, queries[0]), _page_ms(large, queries[1])) for _ in range(60)]
            few, many = (statistics.median(took) for took in zip(*rounds, strict=True))
            times = statistics.median(b / a for a, b in rounds)
            print(f"{kind:<22} {few:8.1f} {many:8.1f} ms  ({times:.2f} times)")
        for kind, text in SEARCHES.items():
            rounds = [(_search_ms(small, text), _search_ms(large, text)) for _ in range(20)]
            few, many = (statistics.median(took) for took in zip(*rounds, strict=True))
            print(f"search: {kind:<22} {few:8.1f} {many:8.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--skip-worklist", action="store_true")
    parser.add_argument("--skip-load", action="store_true")
    arguments = parser.parse_args()
    if not arguments.skip_load:
        measure_load(arguments.clients, arguments.seconds)
    if not arguments.skip_worklist:
        measure_worklist()
        if programs() is not None:
            with running_server() as os.environ[VARIABLE]:
                measure_worklist()


if __name__ == "__main__":
    main()
