"""Heads that were noted outside the database find a trail that was cut or written anew, and
their file only grows."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxr_triage.cli.app import create_app
from cxr_triage.errors import QueryInvalid, StoreFull, StoreInvalid
from cxr_triage.store.audit import anchors
from cxr_triage.store.audit.anchors import Anchor, add_anchor, read_anchors
from cxr_triage.store.audit.chain import FIELDS, FIRST, ChainHead, row_hash
from cxr_triage.store.backup.backup import restore
from tests.databases import raw, url_of
from tests.store.builders import KEEPING, keep, store_in
from tests.store.test_chain import TRIGGERS

MOMENT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Four rows."""
    monkeypatch.setenv("CXR_TRIAGE_STORE_DIR", str(tmp_path))
    monkeypatch.setenv("CXR_TRIAGE_DATABASE_URL", url_of(tmp_path))
    with store_in(tmp_path) as store:
        for number in range(4):
            keep(store, number)
        yield store


@pytest.fixture
def file(tmp_path) -> Path:
    """Empty, as an administrator makes it, on a disk of its own."""
    file = tmp_path / "elsewhere" / "anchors.jsonl"
    file.parent.mkdir()
    file.touch()
    return file


@pytest.fixture
def check(store, file):
    return lambda *words: CliRunner().invoke(
        create_app("en"), ["admin", "verify-audit", "--anchor", str(file), *words]
    )


def record(store, rows):
    for _ in range(rows):
        store.record(KEEPING)


def tamper(folder, kind, *statements):
    with raw(folder) as connection:
        for statement in (*TRIGGERS[kind], *statements):
            connection.exec_driver_sql(statement)


def write_anew(folder, kind):
    """Change the second row and every hash from there on, as somebody who knows how."""
    with raw(folder) as connection:
        rows = connection.exec_driver_sql(
            f"SELECT number, {', '.join(FIELDS)}, seals FROM audit ORDER BY number"  # noqa: S608
        ).all()
    made, statements = FIRST, []
    for row in rows:
        values = row._asdict() | ({"actor_id": "nobody"} if row.number == 2 else {})
        before, made = made, row_hash(made, values)
        statements.append(
            f"UPDATE audit SET actor_id = '{values['actor_id']}', previous = '{before}',"  # noqa: S608
            f" hash = '{made}' WHERE number = {row.number}"
        )
    tamper(folder, kind, *statements, f"UPDATE audit_head SET hash = '{made}'")  # noqa: S608


def test_a_trail_that_grows_passes_and_its_heads_are_added(check, store, file):
    for more in (0, 3, 0):
        record(store, more)
        assert check("--append").exit_code == 0
    assert [anchor.head.number for anchor in read_anchors(file)] == [4, 7, 7]
    said = check()
    assert (said.exit_code, said.stdout.splitlines()[-2]) == (0, "3 noted heads lie on it.")
    assert len(read_anchors(file)) == 3
    assert read_anchors(file)[-1].head == store.check_trail().chain.head
    assert json.loads(file.read_text().splitlines()[0]).keys() == {"at", "number", "hash"}


@pytest.mark.parametrize(("more", "kind_of_fault"), [(0, "cut off: row 3"), (5, "anew: row 4")])
def test_a_trail_that_was_cut_with_its_head_is_found(
    check, store, file, tmp_path, kind, more, kind_of_fault
):
    check("--append")
    before = file.read_bytes()
    (previous, *_) = [row.hash for row in store.audit_trail(before=3, limit=1)]
    tamper(
        tmp_path,
        kind,
        "DELETE FROM audit WHERE number > 2",
        f"UPDATE audit_head SET number = 2, hash = '{previous}'",  # noqa: S608
    )
    record(store, more)
    cut = store.check_trail()
    assert cut.chain.fault is None
    assert {one.fault for one in cut.differences} == {"added"}  # of the rows that are gone
    said = check("--append")
    assert (said.exit_code, kind_of_fault in said.stdout) == (3, True)
    assert file.read_bytes() == before


def test_a_trail_that_was_written_anew_is_found_at_the_first_head_that_differs(
    check, store, file, tmp_path, kind
):
    check("--append")
    record(store, 4)
    check("--append")
    write_anew(tmp_path, kind)
    assert store.check_trail().sound
    said = check("--append")
    assert (said.exit_code, "written anew: row 4" in said.stdout) == (3, True)


def test_an_older_backup_that_was_restored_is_found(check, store, file, tmp_path, monkeypatch):
    store.back_up(tmp_path / "backup")
    record(store, 2)
    check("--append")
    other = tmp_path / "other"
    restore(tmp_path / "backup", url_of(other), other / "blobs", force=False)
    monkeypatch.setenv("CXR_TRIAGE_STORE_DIR", str(other))
    monkeypatch.setenv("CXR_TRIAGE_DATABASE_URL", url_of(other))
    said = check()
    assert (said.exit_code, "cut off: row 5" in said.stdout) == (3, True)
    with store_in(other) as back:
        record(back, 7)
    said = check()
    assert (said.exit_code, "written anew: row 6" in said.stdout) == (3, True)


GOOD = f'{{"at": "2026-11-24T08:00:00.000000Z", "number": 2, "hash": "{"a" * 64}"}}\n'


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "second",
    [
        GOOD[:-1],
        GOOD[:40],
        "\n",
        "null\n",
        "[]\n",
        "\udcff\n",
        GOOD.replace("aaa", "bbb"),
        GOOD.replace("2,", "1,"),
        GOOD.replace("2,", '"2x",'),
        GOOD.replace(".000000Z", ""),
        GOOD.replace("2026-", ""),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_added(check, file, second):
    content = (GOOD + second).encode("utf-8", "surrogateescape")
    file.write_bytes(content)
    refused = check("--append").exception
    assert isinstance(refused, StoreInvalid)
    assert (refused.code, refused.values) == ("anchors_damaged", {"line": 2})
    assert file.read_bytes() == content


@pytest.mark.sqlite
def test_a_file_that_is_not_there_is_not_made(check, file):
    file.unlink()
    assert check("--append").exception.code == "anchors_missing"
    assert not file.exists()
    without = CliRunner().invoke(create_app("en"), ["admin", "verify-audit", "--append"])
    assert isinstance(without.exception, QueryInvalid)


@pytest.mark.sqlite
def test_a_line_that_does_not_fit_leaves_the_file_as_it_was(file, monkeypatch):
    anchor = Anchor(at=MOMENT, head=ChainHead(number=1, hash="a" * 64))
    add_anchor(file, anchor)

    def full(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(anchors.os, "fsync", full)
        with pytest.raises(StoreFull):
            add_anchor(file, anchor)
    assert read_anchors(file) == (anchor,)


@pytest.mark.sqlite
def test_several_at_once_do_not_spoil_the_file(store, file):
    words = ["admin", "verify-audit", "--anchor", str(file), "--append"]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "cxr_triage", *words],
            stdout=subprocess.DEVNULL,
            env=os.environ | {"CXR_TRIAGE_LANGUAGE": "en"},
        )
        for _ in range(4)
    ]
    while any(process.poll() is None for process in running):
        record(store, 1)
        time.sleep(0.01)  # or they wait for the processor
    assert [process.returncode for process in running] == [0] * 4
    noted = read_anchors(file)
    assert len(noted) == 4
    assert store.check_trail(*(anchor.head for anchor in noted)).sound
