"""Films by C-STORE from four senders beside HTTP: films a second, and how long an answer takes.

`python benchmarks/receiving.py [FILMS]`; a service of its own on this machine, each film another.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path

import psutil
from pydicom import dcmread

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.api.films import film
from tests.api.serving import Served, send
from tests.dicom_net.serving import association, store
from tests.peers.orthanc import free_port

SENDERS = 4
MIB = 2**20


def measure(films: int, sender: Callable[[int, Callable[[], int | None]], None]) -> list[float]:
    """Seconds of each answer; the last is the whole run."""
    numbers, lock, times = count(), threading.Lock(), []

    def following() -> int | None:
        with lock:
            number = next(numbers)
        return number if number < films else None

    def run(which: int) -> None:
        before = time.perf_counter()

        def answered() -> int | None:
            nonlocal before
            now = time.perf_counter()
            times.append(now - before)
            before = now
            return following()

        sender(which, answered)

    started = time.perf_counter()
    threads = [threading.Thread(target=run, args=(which,)) for which in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [*sorted(times[SENDERS:]), time.perf_counter() - started]


def show(name: str, films: int, times: list[float], server: Served) -> None:
    *answers, whole = times
    memory = psutil.Process(server.process.pid).memory_info().rss / MIB
    p99 = answers[int(len(answers) * 0.99) - 1]
    print(
        f"{name:<8} {films} films: {films / whole:.1f} a second, median "
        f"{statistics.median(answers):.2f} s, p99 {p99:.2f} s, service {memory:.0f} MiB"
    )


def main() -> None:
    films = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    port = free_port()
    callers = "; ".join(f"XRAY{which}=north" for which in range(SENDERS))
    with tempfile.TemporaryDirectory() as folder:
        server = Served(Path(folder) / "store", dicom_port=port, dicom_callers=callers, workers=2)

        def by_network(which: int, following: Callable[[], int | None]) -> None:
            with association(port, f"XRAY{which}") as xray:
                while (number := following()) is not None:
                    answer = store(xray, film(number))
                    if answer.Status != 0:
                        raise SystemExit(f"status {answer.Status:04X}")

        def by_http(_: int, following: Callable[[], int | None]) -> None:
            with server.client() as client:
                while (number := following()) is not None:
                    dcmread(BytesIO(film(films + number)))  # as much work as the other sender has
                    if send(client, film(films + number)).status_code != 201:
                        raise SystemExit("not kept")

        try:
            show("C-STORE", films, measure(films, by_network), server)
            show("HTTP", films, measure(films, by_http), server)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
