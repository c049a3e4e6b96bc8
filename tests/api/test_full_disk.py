"""A full disk and a folder that cannot be written: said so, nothing lost, over when it is over."""

import os
import resource
import subprocess
import time
from contextlib import contextmanager
from itertools import count

import psutil
import pytest

from .films import film
from .serving import Served, assessment, send

NUMBERS = count(200_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("disk"))
    yield server
    server.stop()


@contextmanager
def small_files(server: Served, size: int):
    """The server can write no file beyond `size` bytes: to it, a full disk."""
    process = psutil.Process(server.process.pid)
    _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))


@contextmanager
def read_only(folder):
    """The folder cannot be written, by nobody."""
    commands = [["mount", "--bind", folder, folder], ["mount", "-o", "remount,ro,bind", folder]]
    if os.geteuid() != 0 or any(subprocess.run(one, check=False).returncode for one in commands):
        pytest.skip("only root may make a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("size", [0, 100_000, 500_000])
def test_a_full_disk_is_507_loses_nothing_and_passes(server, size):
    with server.client() as client:
        before = assessment(send(client, film(next(NUMBERS))))
        number = next(NUMBERS)
        with small_files(server, size):
            answer = send(client, film(number))
            assert (answer.status_code, answer.json()["code"]) == (507, "store_full")
            assert client.get(before["links"]["self"]).json() == before
            assert client.get(before["links"]["image"]).status_code == 200
            assert client.get("/v1/worklist").status_code == 200
        assert send(client, film(number)).status_code == 201
        assert client.get(before["links"]["self"]).json() == before
    with server.store() as store:
        assert store.inspect().sound
    assert list((server.folder / "spool").iterdir()) == []


def test_a_view_that_could_not_be_noted_in_the_trail_is_in_the_log(server):
    with server.client() as client:
        kept = assessment(send(client, film(next(NUMBERS))))
        with small_files(server, 0):
            client.get(kept["links"]["image"])
    rows = [event for event in server.events() if event["event"] == "audit row not kept"]
    assert rows
    assert (rows[-1]["action"], rows[-1]["assessment_id"]) == ("image_viewed", kept["id"])


@pytest.mark.parametrize("part", ["blobs", "spool"])
def test_a_folder_that_cannot_be_written_is_503_loses_nothing_and_passes(server, part):
    number = next(NUMBERS)
    with server.client() as client:
        before = assessment(send(client, film(next(NUMBERS))))
        with read_only(server.folder / part):
            answer = send(client, film(number))
            assert (answer.status_code, answer.json()["code"]) == (503, "store_read_only")
            assert int(answer.headers["retry-after"]) > 0
            assert client.get(before["links"]["self"]).json() == before
        assert send(client, film(number)).status_code == 201
    with server.store() as store:
        assert store.inspect().sound


def test_readiness_tells_of_a_store_that_cannot_be_written(server):
    with server.nobody() as nobody, read_only(server.folder / "blobs"):
        for _ in range(40):
            answer = nobody.get("/readyz")
            if answer.status_code == 503:
                break
            time.sleep(0.1)
        assert answer.json()["code"] == "store_read_only"
        assert nobody.get("/healthz").status_code == 200
