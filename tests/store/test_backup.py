"""A backup is the store of one moment, made while it is in use, and comes back whole."""

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from hashlib import sha256
from threading import Event, Thread

import pytest

from cxr_triage.errors import BackupFailed, StoreBusy
from cxr_triage.store.backup.backup import restore
from cxr_triage.store.database.lock import serving
from cxr_triage.store.records import EVERYWHERE, WorklistQuery
from tests.databases import TOUCHED, VARIABLE, raw, rows_of, url_of
from tests.store.builders import image, keep, store_in

FORMS = ("backup", "backup.zip")


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path / "store") as store:
        for number in range(3):
            keep(store, number)
        yield store


def bring_back(source, folder, *, force=False):
    return restore(source, url_of(folder), folder / "blobs", force=force)


def rows(store):
    return store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=200).rows


@pytest.mark.parametrize("form", FORMS)
def test_what_was_backed_up_comes_back(store, tmp_path, form):
    assert store.back_up(tmp_path / form).images == 3
    assert bring_back(tmp_path / form, tmp_path / "new").images == 3
    with store_in(tmp_path / "new") as back:
        assert rows(back) == rows(store)
        assert back.audit_trail(before=None, limit=9) == store.audit_trail(before=None, limit=9)
        assert back.file(rows(back)[0].assessment_id, EVERYWHERE)
        assert back.inspect().sound
        assert not keep(back, 0).created


@pytest.mark.parametrize("form", FORMS)
def test_a_backup_taken_under_load_is_consistent(store, tmp_path, form):
    stop, kept = Event(), []

    def load():
        number = 10
        while not stop.is_set():
            keep(store, number)
            kept.append(number)
            number += 1

    loader = Thread(target=load)
    loader.start()
    try:
        while len(kept) < 5:
            pass
        before = len(kept)
        store.back_up(tmp_path / form)
    finally:
        stop.set()
        loader.join()
    bring_back(tmp_path / form, tmp_path / "new")
    with store_in(tmp_path / "new") as back:
        found = back.inspect()
        assert found.sound
        assert found.orphans == ()
        assert found.images >= 3 + before
        assert len(rows(back)) == found.images == len(back.audit_trail(before=None, limit=999))


@pytest.mark.parametrize("form", FORMS)
def test_a_backup_signs_nobody_in_and_is_for_this_account_alone(store, tmp_path, form):
    with raw(tmp_path / "store") as connection:
        connection.exec_driver_sql("INSERT INTO sign_in_attempts VALUES (1, 'a', 'b', 'c')")
    store.back_up(tmp_path / form)
    assert (tmp_path / form).stat().st_mode & 0o077 == 0
    bring_back(tmp_path / form, tmp_path / "new")
    assert rows_of(tmp_path / "new")["sign_in_attempts"] == "[]"


def test_a_backup_takes_nobodys_place_and_leaves_nothing_unfinished(store, tmp_path):
    target = tmp_path / "there.zip"
    target.write_bytes(b"something of yours")
    with pytest.raises(BackupFailed) as caught:
        store.back_up(target)
    assert caught.value.code == "backup_exists"
    assert target.read_bytes() == b"something of yours"
    store.back_up(tmp_path / "one")
    assert {path.name for path in tmp_path.iterdir()} == {"store", "there.zip", "one"}


@pytest.mark.sqlite
def test_a_store_is_not_overwritten_unless_asked_and_then_kept_aside(store, tmp_path):
    store.back_up(tmp_path / "backup")
    keep(store, 7)
    store.close()
    with pytest.raises(BackupFailed) as caught:
        bring_back(tmp_path / "backup", tmp_path / "store")
    assert caught.value.code == "store_exists"
    bring_back(tmp_path / "backup", tmp_path / "store", force=True)
    with store_in(tmp_path / "store") as back:
        assert len(rows(back)) == 3
    (aside,) = (tmp_path / "store").glob("store-before-restore-*.sqlite3")
    with closing(sqlite3.connect(aside)) as connection:
        assert connection.execute("SELECT count(*) FROM studies").fetchone() == (4,)


@pytest.mark.sqlite
def test_a_damaged_database_is_replaced_too(store, tmp_path):
    store.back_up(tmp_path / "backup")
    store.close()
    (tmp_path / "store" / "store.sqlite3").write_bytes(b"\xff" * 5000)
    bring_back(tmp_path / "backup", tmp_path / "store", force=True)
    with store_in(tmp_path / "store") as back:
        assert len(rows(back)) == 3


def test_nothing_is_restored_beneath_a_running_service(store, tmp_path):
    store.back_up(tmp_path / "backup")
    with serving(tmp_path / "store"), pytest.raises(StoreBusy) as caught:
        bring_back(tmp_path / "backup", tmp_path / "store", force=True)
    assert caught.value.code == "store_serving"
    assert len(rows(store)) == 3


def some_blob(backup):
    return sorted(file for file in (backup / "blobs").rglob("*") if file.is_file())[0]


DAMAGE = {
    "no manifest": lambda backup: (backup / "manifest.json").unlink(),
    "manifest of something else": lambda backup: (backup / "manifest.json").write_text("[1]"),
    "no database": lambda backup: (backup / "store.sqlite3").unlink(),
    "another database": lambda backup: (backup / "store.sqlite3").write_bytes(b"x"),
    "an image is missing": lambda backup: some_blob(backup).unlink(),
    "an image was changed": lambda backup: some_blob(backup).write_bytes(b"x"),
    "nothing": shutil.rmtree,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_backup_changes_nothing(store, tmp_path, damage, kind):
    store.back_up(tmp_path / "backup")
    store.close()
    DAMAGE[damage](tmp_path / "backup")
    there = "store" if kind == "sqlite" else "new"
    with pytest.raises(BackupFailed) as caught:
        bring_back(tmp_path / "backup", tmp_path / there, force=True)
    assert caught.value.code in {"backup_invalid", "backup_incomplete"}
    with store_in(tmp_path / there) as back:
        assert len(rows(back)) == (3 if kind == "sqlite" else 0)
        assert back.inspect().sound


def test_a_zip_that_was_cut_off_is_no_backup(store, tmp_path):
    store.back_up(tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    for size in (0, 100, len(whole) // 2, len(whole) - 10):
        (tmp_path / "cut.zip").write_bytes(whole[:size])
        with pytest.raises(BackupFailed):
            bring_back(tmp_path / "cut.zip", tmp_path / "new")
        assert not (tmp_path / "new" / "store.sqlite3").exists()


def test_a_zip_whose_bytes_changed_is_no_backup(store, tmp_path):
    store.back_up(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        offset = archive.getinfo("store.sqlite3").header_offset + 5000
    changed = bytearray((tmp_path / "b.zip").read_bytes())
    changed[offset] ^= 1
    (tmp_path / "b.zip").write_bytes(changed)
    with pytest.raises(BackupFailed):
        bring_back(tmp_path / "b.zip", tmp_path / "new")


def test_what_the_store_itself_lacked_is_said_and_the_rest_comes_back(store, tmp_path):
    lost = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=1).rows[0]
    digest = store.assessment(lost.assessment_id, EVERYWHERE).assessment.digest
    store._blobs.path(digest).write_bytes(b"damaged")
    summary = store.back_up(tmp_path / "backup")
    assert (summary.images, summary.damaged) == (2, (digest,))
    assert json.loads((tmp_path / "backup" / "manifest.json").read_text())["damaged"] == [digest]
    assert bring_back(tmp_path / "backup", tmp_path / "new").damaged == (digest,)
    with store_in(tmp_path / "new") as back:
        assert back.inspect().missing == (digest,)


def test_an_inspection_finds_what_is_missing_damaged_and_left_over(store):
    digests = sorted(store._blobs.digests())
    store._blobs.path(digests[0]).unlink()
    store._blobs.path(digests[1]).write_bytes(b"x")
    orphan = sha256(b"orphan").hexdigest()
    store._blobs.write(b"orphan", orphan)
    found = store.inspect()
    assert found.missing == (digests[0],)
    assert found.damaged == (digests[1],)
    assert found.orphans == (orphan,)
    assert not found.sound


def test_a_database_that_is_in_use_is_never_restored_into(store, tmp_path, kind):
    store.back_up(tmp_path / "backup")
    with pytest.raises(BackupFailed) as caught:
        bring_back(tmp_path / "backup", tmp_path / "store")
    assert caught.value.code == {"sqlite": "store_exists", "postgresql": "database_in_use"}[kind]
    assert len(rows(store)) == 3


def test_a_store_moves_from_one_kind_of_database_to_the_other(
    store, tmp_path, kind, postgres_server, monkeypatch
):
    store.back_up(tmp_path / "backup")
    kept_in = rows(store), store.audit_trail(before=None, limit=99)
    if kind == "sqlite":
        monkeypatch.setenv(VARIABLE, postgres_server)
    else:
        monkeypatch.delenv(VARIABLE)
    bring_back(tmp_path / "backup", tmp_path / "new")
    with store_in(tmp_path / "new") as back:
        assert (rows(back), back.audit_trail(before=None, limit=99)) == kept_in
        assert back.inspect().sound
        assert back.check_trail().sound
        assert keep(back, 9).created


@pytest.mark.sqlite
def test_a_text_with_a_nul_from_before_moves_to_postgresql_without_it(
    store, tmp_path, postgres_server, monkeypatch
):
    keep(store, 8, of=image(8, file_name="film.dcm"))
    TOUCHED.add(tmp_path)
    with store._database.transaction() as connection:
        connection.exec_driver_sql("UPDATE images SET file_name = 'film' || char(0) || '.dcm'")
    store.back_up(tmp_path / "backup")
    monkeypatch.setenv(VARIABLE, postgres_server)
    bring_back(tmp_path / "backup", tmp_path / "new")
    with store_in(tmp_path / "new") as back:
        assert "film\ufffd.dcm" in {row.file_name for row in rows(back)}
