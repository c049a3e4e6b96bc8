"""Room is kept back, given up for what matters more than a film, and taken again."""

import os

import pytest

from cxr_triage.errors import StoreFull
from cxr_triage.store.room import NAME, KeptRoom
from tests.store.builders import store_in

SIZE = 3 << 20


def full(*_):
    raise OSError(28, "No space left on device")


def test_it_is_taken_once_and_given_up_once(tmp_path):
    room = KeptRoom(tmp_path, SIZE)
    assert not room.give_up()
    room.take()
    before = (tmp_path / NAME).stat()
    room.take()
    assert (tmp_path / NAME).stat().st_mtime_ns == before.st_mtime_ns
    assert before.st_size == SIZE
    assert before.st_blocks * 512 >= SIZE
    assert room.give_up()
    assert list(tmp_path.iterdir()) == []


def test_what_a_full_disk_did_not_take_whole_is_not_left(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull):
        KeptRoom(tmp_path, SIZE).take()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sqlite
def test_a_write_that_finds_no_room_gets_it_and_a_second_one_is_told(tmp_path):
    with store_in(tmp_path) as store:
        store.make_room()
        there: list[bool] = []

        def work(_connection) -> str:
            there.append((tmp_path / NAME).exists())
            if there[-1]:
                raise StoreFull("store_full")
            return "done"

        assert store._database.write(work) == "done"
        assert there == [True, False]

        def never(_connection):
            raise StoreFull("store_full")

        with pytest.raises(StoreFull):
            store._database.write(never)
