"""Does one station's flood keep others waiting?

    python benchmarks/fairness.py [--seconds N] [--connections 4,16,32] [--megapixels N]
        [--floods films,reports,costly]

A quiet station sends one ordinary film (1955×1841, each another) a second, and a doctor looks at a
picture a second: first alone, then while another station floods with films, with PDF reports, or
with costly films (noise in JPEG 2000), over so many connections, each as fast as it is answered;
what is told to come again later does so. Each flood has a quiet run just before it, and the
machine's load is said: others may use it too.

Bars: the quiet station's p99 at most three times its quiet p99 and nothing of it refused; the
doctor's p99 at most a second; nobody is refused without being told when to come back.
"""

import argparse
import http.client
import io
import itertools
import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Final

import imagecodecs
import numpy as np
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.paths import open_service_store
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.settings import Settings
from service import FILM, UIDS_END, other_film, served

DOCTOR: Final = {"name": "doctor", "password": "correct horse battery staple"}
EVERY_S: Final = 1.0
LONGEST_WAIT_S: Final = 5.0
"""Of a flooding station, whatever it is told."""
NUMBERS: Final = itertools.count(1)

Headers = dict[str, str]
Answer = tuple[int, float, bytes]
"""Status (0: no answer), seconds to wait if it says so, body."""


class Caller:
    """One connection of somebody."""

    def __init__(self, port: int, headers: Headers) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self._headers = headers

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Once more on a new connection, if the service has closed one that was idle."""
        answer = self._ask(method, path, body)
        return answer if answer[0] else self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        kind = "application/dicom" if path == "/v1/images" else "application/json"
        try:
            self._connection.request(method, path, body, self._headers | {"Content-Type": kind})
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, 0.0, b""
        if cookie := answer.getheader("Set-Cookie"):
            self._headers = self._headers | {"Cookie": cookie.split(";")[0]}
        return answer.status, float(answer.getheader("Retry-After") or 0), content


@dataclass(kw_only=True)
class Asked:
    """What came of what somebody asked for. wordless: refused without being told when to come
    back."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wordless: int = 0

    def note(self, answer: Answer, seconds: float) -> None:
        status, retry_after_s, _ = answer
        self.statuses[status] += 1
        if status in (200, 201):
            self.seconds.append(seconds)
        elif not retry_after_s:
            self.wordless += 1

    @property
    def p99_ms(self) -> float:
        ordered = sorted(self.seconds)
        return ordered[round(0.99 * (len(ordered) - 1))] * 1000 if ordered else float("nan")

    @property
    def refused(self) -> int:
        return self.statuses.total() - len(self.seconds)


@dataclass(frozen=True, kw_only=True)
class Served:
    """A service, and who asks it."""

    port: int
    flooding: Headers
    quiet: Headers
    study: str
    picture: str

    def caller(self, headers: Headers) -> Caller:
        return Caller(self.port, headers)

    def doctor(self) -> Caller:
        caller = self.caller({})
        status, _, _ = caller.ask("POST", "/v1/session", json.dumps(DOCTOR).encode())
        assert status == 200, status
        return caller


def ordinary(caller: Caller) -> Answer:
    return caller.ask("POST", "/v1/images", other_film(10**9 + next(NUMBERS)))


@cache
def costly_film(megapixels: float) -> bytes:
    """Noise in JPEG 2000, in the radiograph's file."""
    side = round((megapixels * 1e6) ** 0.5)
    pixels = np.random.default_rng(1).integers(0, 2**15, (side, side), np.uint16)
    data = dcmread(io.BytesIO(FILM))
    data.Rows = data.Columns = side
    data.BitsStored, data.HighBit, data.BitsAllocated = 15, 14, 16
    data.file_meta.TransferSyntaxUID = JPEG2000Lossless
    frame = imagecodecs.jpeg2k_encode(pixels, codecformat="J2K", level=0, reversible=True)
    data.PixelData = encapsulate([bytes(frame)])
    data["PixelData"].is_undefined_length = True
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def costly(megapixels: float, caller: Caller) -> Answer:
    other = costly_film(megapixels).replace(UIDS_END, b"2%018d" % next(NUMBERS))
    return caller.ask("POST", "/v1/images", other)


def report(study: str, caller: Caller) -> Answer:
    return caller.ask("GET", f"/v1/studies/{study}/report.pdf")


@contextmanager
def repeating(begin: Callable[[], Callable[[], None]], number: int = 1) -> Iterator[None]:
    """What `begin` gives, again and again, in each of so many threads while the block runs."""
    ended = threading.Event()

    def run() -> None:
        work = begin()
        while not ended.is_set():
            work()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(300)


def timed(ask: Callable[[], Answer], asked: Asked, *, every_s: float) -> None:
    """Ask once; wait for the rest of `every_s`, or as long as one is told to."""
    start = time.perf_counter()
    answer = ask()
    took = time.perf_counter() - start
    asked.note(answer, took)
    told_s = 0.0 if answer[0] in (200, 201) else min(LONGEST_WAIT_S, answer[1] or 1.0)
    time.sleep(max(told_s, every_s - took, 0.0))


def observe(service: Served, seconds: float) -> tuple[Asked, Asked]:
    """The quiet station and the doctor, for so long."""
    station, reader = Asked(), Asked()

    def sending() -> Callable[[], None]:
        send = partial(ordinary, service.caller(service.quiet))
        return partial(timed, send, station, every_s=EVERY_S)

    def looking() -> Callable[[], None]:
        look = partial(service.doctor().ask, "GET", service.picture)
        return partial(timed, look, reader, every_s=EVERY_S)

    with repeating(sending), repeating(looking):
        time.sleep(seconds)
    return station, reader


def measure(
    service: Served, kind: str, ask: Callable[[Caller], Answer], connections: int, seconds: float
) -> None:
    quiet, calm = observe(service, seconds)
    flood = Asked()

    def flooding() -> Callable[[], None]:
        return partial(timed, partial(ask, service.caller(service.flooding)), flood, every_s=0.0)

    with repeating(flooding, connections):
        time.sleep(3.0)
        station, reader = observe(service, seconds)
        load = os.getloadavg()[0]
    print(
        f"{kind:<8} {connections:>3}  quiet {quiet.p99_ms:6.0f} → {station.p99_ms:6.0f} ms "
        f"({station.p99_ms / quiet.p99_ms:5.2f} times), refused {station.refused} of "
        f"{station.statuses.total()};  doctor {calm.p99_ms:5.0f} → {reader.p99_ms:6.0f} ms, "
        f"refused {reader.refused} of {reader.statuses.total()};  "
        f"flood {dict(flood.statuses)}, without Retry-After {flood.wordless};  load {load:.1f}",
        flush=True,
    )


@contextmanager
def opened(folder: Path) -> Iterator[Served]:
    """With two stations, a doctor, and a film of the one that will flood."""
    with open_service_store(Settings(store_dir=folder)) as store:
        admin = Administration(store, AccountRules())
        for station in ("north", "south"):
            admin.create_station(station, station.title(), by=SYSTEM)
        admin.create_person("it", "another long password", role="administrator", by=SYSTEM)
        admin.create_person(DOCTOR["name"], DOCTOR["password"], role="radiologist", by=SYSTEM)
        quiet, _ = admin.create_key("south", by=SYSTEM)
    with served(folder) as (port, key, _):
        flooding = {"Authorization": f"Bearer {key}"}
        _, _, body = ordinary(Caller(port, flooding))
        found = json.loads(body)["images"][0]["assessment"]
        yield Served(
            port=port,
            flooding=flooding,
            quiet={"Authorization": f"Bearer {quiet}"},
            study=found["study_id"],
            picture=f"/v1/assessments/{found['id']}/image.png",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", default="4,16,32")
    parser.add_argument("--floods", default="films,reports,costly")
    parser.add_argument("--megapixels", type=float, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as service:
        floods: dict[str, Callable[[Caller], Answer]] = {
            "films": ordinary,
            "reports": partial(report, service.study),
            "costly": partial(costly, arguments.megapixels),
        }
        for kind in arguments.floods.split(","):
            floods[kind](service.caller(service.flooding))  # what it takes is ready by then
            for connections in map(int, arguments.connections.split(",")):
                measure(service, kind, floods[kind], connections, arguments.seconds)


if __name__ == "__main__":
    main()
