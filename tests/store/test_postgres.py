"""PostgreSQL goes away and comes back: nothing is lost, done by halves or done twice."""

import time

import pytest
from sqlalchemy import Engine, event, make_url

from cxr_triage.errors import StoreBusy, StoreUnavailable
from cxr_triage.store.audit import rows as audit_rows
from cxr_triage.store.database.postgres import PostgresBackend
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import EVERYWHERE, WorklistQuery
from cxr_triage.store.repository import open_store
from tests.databases import address, connected, control, running_server, start, user_of
from tests.store.builders import KEEPING, keep, store_in

pytestmark = pytest.mark.postgresql

OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'cxr-triage' AND pid <> pg_backend_pid()"
)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        keep(store, 0)
        yield store


@pytest.fixture
def cut_connections(postgres_server):
    """Ends every connection of the store, as a restart or a failing network does."""

    def cut():
        with connected(address(postgres_server, "postgres")) as connection:
            connection.execute(OTHERS)

    return cut


def kept(store) -> int:
    return len(store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=200).rows)


def test_connections_that_were_cut_meanwhile_are_made_anew(store, cut_connections):
    cut_connections()
    assert kept(store) == 1
    cut_connections()
    assert keep(store, 1).created


def test_work_that_was_cut_off_in_the_middle_is_done_again_and_once(store, cut_connections):
    cuts = []

    def work(connection):
        if len(cuts) < 2:
            cuts.append(cut_connections())
        audit_rows.append(connection, KEEPING)

    store._database.write(work)
    assert len(cuts) == 2
    assert store.check_trail().chain.rows == 2


def test_a_commit_without_an_answer_is_told_and_never_repeated(store, cut_connections):
    """Nobody knows what became of it: whoever asked may ask again."""
    commits = []

    def cut(_connection):
        commits.append(cut_connections())

    event.listen(Engine, "commit", cut)
    try:
        with pytest.raises(StoreUnavailable):
            keep(store, 1)
    finally:
        event.remove(Engine, "commit", cut)
    assert len(commits) == 1
    assert kept(store) == 1
    assert keep(store, 1).created
    assert store.check_trail().sound


def test_who_waits_for_a_lock_too_long_is_told_so(store, tmp_path, monkeypatch):
    monkeypatch.setattr("cxr_triage.store.database.postgres.LOCK_S", 1)
    with store_in(tmp_path) as other, store._database.transaction() as connection:
        connection.exec_driver_sql("SELECT * FROM audit_head FOR UPDATE")
        started = time.monotonic()
        with pytest.raises(StoreBusy):
            other.record(KEEPING)
        assert time.monotonic() - started < 5


def test_a_server_that_is_down_is_unavailable_and_afterwards_all_is_there(tmp_path):
    with running_server(port=54330, on_disk=True) as server:
        url = address(server, "postgres", port=54330)
        with open_store(url, tmp_path / "blobs") as store:
            keep(store, 0)
            control(server, user_of(), "pg_ctl", "stop", "-m", "immediate")
            for act in (lambda: keep(store, 1), lambda: kept(store), store.check):
                with pytest.raises(StoreUnavailable) as caught:
                    act()
                assert caught.value.code == "store_unavailable"
            start(server, user_of(), port=54330)
            assert keep(store, 1).created
            assert kept(store) == 2
            assert store.inspect().sound
            assert store.check_trail().sound


SECRET = "hunter2-of-the-hospital"  # noqa: S105 - of no server


def test_the_password_is_never_said(tmp_path, caplog):
    url = f"postgresql://triage:{SECRET}@127.0.0.1:1/cxr"
    with pytest.raises(StoreUnavailable) as caught:
        open_store(url, tmp_path)
    said = f"{caught.value} {caught.value!r} {caught.value.values} {caught.value.__cause__}"
    assert SECRET not in said + caplog.text + repr(PostgresBackend(url).engine) + repr(
        Database(url)
    )


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://a:b@db.hospital.vn/cxr", "require"),
        ("postgresql://a:b@db.hospital.vn/cxr?sslmode=verify-full", "verify-full"),
        ("postgresql://a:b@localhost/cxr", None),
        ("postgresql:///cxr?host=/var/run/postgresql", None),
        ("postgresql:///cxr?host=/var/run/postgresql&host=db", "require"),
    ],
)
def test_what_crosses_a_network_is_encrypted(url, mode):
    engine = PostgresBackend(url).engine
    assert make_url(engine.url).query.get("sslmode") == mode


def test_commits_wait_for_the_disk_though_the_database_says_otherwise(store):
    with store._database.transaction() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    store.close()
    with store._database.transaction() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
