"""A service checks its store by itself, and says what it found."""

import re
import time

import pytest

from cxr_triage.service.tasks.store_check import last_check
from tests.databases import raw

from .films import film
from .serving import Served, send


@pytest.fixture
def server(tmp_path):
    server = Served(tmp_path)
    yield server
    server.stop()


def checked(server: Served):
    """The last check, as soon as there is one."""
    with server.store() as store:
        for _ in range(300):
            if (last := last_check(store)) is not None:
                return last
            time.sleep(0.05)
    raise AssertionError("nothing was checked")


def shown(server: Served) -> tuple[str, float, str]:
    """What an administrator's page says, what Prometheus reads, and /healthz."""
    with server.person("administrator") as client:
        page = client.get("/stations").text
    with server.nobody() as nobody:
        metrics, health = nobody.get("/metrics").text, nobody.get("/healthz").text
    said = re.search(r"Kiểm tra hằng đêm, [^<]*", page)
    return said[0], float(re.search(r"\ncxr_triage_store_check_sound (\S+)", metrics)[1]), health


def test_a_film_that_was_changed_on_the_disk_is_told_after_the_next_check(tmp_path, server):
    assert checked(server).sound
    said, sound, health = shown(server)
    assert said.endswith(": không thiếu gì.")
    assert sound == 1
    with server.client() as station:
        assert send(station, film(1)).status_code == 201
    with server.store() as store:
        digest = next(store._blobs.digests())
        store.path_of(digest).write_bytes(b"something else")
    server.stop()
    with raw(tmp_path) as connection:
        connection.exec_driver_sql("DELETE FROM tasks")  # as if a day had passed
        connection.exec_driver_sql("UPDATE studies SET priority_rank = 4")
    server.start()
    assert checked(server).found.damaged_named == (digest,)
    said, sound, same = shown(server)
    assert "thiếu 0 ảnh, 1 ảnh bị hỏng" in said
    with server.person("administrator") as client:
        assert "1 ca chụp, kết quả hoặc bản đọc không khớp" in client.get("/stations").text
    assert (sound, same) == (0, health)


def test_at_no_hour_the_page_says_nothing(tmp_path):
    server = Served(tmp_path, store_check_hour=-1)
    try:
        with server.person("administrator") as client:
            assert "Kiểm tra hằng đêm" not in client.get("/stations").text
    finally:
        server.stop()
