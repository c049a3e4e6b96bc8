"""The next version migrates the database while this one serves on it, under load."""

import shutil
import threading
import time
from itertools import count

import pytest

from cxr_triage.store.database.migrate import MIGRATIONS, migrate
from cxr_triage.store.database.tables import SCHEMA
from cxr_triage.store.database.transactions import Database
from tests.databases import url_on
from tests.store.builders import keep

from .films import film
from .serving import Served, assessment, send

NUMBERS = count(700_000)
NEXT = f'''"""What the next version adds, slowly, and in the order that gets in writers' way."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{SCHEMA}"
compatible_from = "{SCHEMA}"


def upgrade() -> None:
    for table in ("assessments", "images", "studies", "audit"):
        op.add_column(table, sa.Column("colour", sa.String(9), nullable=False, server_default=""))
        op.execute("SELECT pg_sleep(0.3)")
'''


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """Code of this process from here on is of the next version."""
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations/versions/v9999_next.py").write_text(NEXT)

    def become():
        monkeypatch.setattr("cxr_triage.store.database.migrate.MIGRATIONS", tmp_path / "migrations")
        monkeypatch.setattr("cxr_triage.store.database.migrate.HEAD", "9999")
        monkeypatch.setattr("cxr_triage.store.database.migrate.SCHEMA", "9999")

    return become


@pytest.fixture
def old(tmp_path, postgres_server):
    url = url_on(postgres_server, tmp_path)
    server = Served(tmp_path / "store", database_url=url)
    yield server
    server.stop()


class Stations:
    """Send films without a pause, and note every answer."""

    def __init__(self, server: Served) -> None:
        self._server, self._stop = server, threading.Event()
        self.kept: list[dict] = []
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=self._send) for _ in range(3)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        with self._server.client() as client:
            while not self._stop.is_set():
                answer = send(client, film(next(NUMBERS)))
                if answer.status_code == 201:
                    self.kept.append(assessment(answer))
                else:
                    self.refused.append(answer.text)

    def wait_for(self, more: int) -> None:
        aim, until = len(self.kept) + more, time.monotonic() + 60
        while len(self.kept) < aim and time.monotonic() < until and not self.refused:
            time.sleep(0.02)
        assert self.refused == []
        assert len(self.kept) >= aim

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def test_the_old_version_serves_while_the_next_one_migrates_and_after(old, next_version):
    stations = Stations(old)
    try:
        stations.wait_for(3)
        next_version()
        database = Database(old.settings["database_url"])
        migrate(database)
        database.close()
        stations.wait_for(3)
    finally:
        stations.stop()
    with old.store() as store:  # by now the next version's code
        assert keep(store, 1).created
    old.kill()
    old.start()  # of the old version still
    with old.client() as client:
        assert send(client, film(next(NUMBERS))).status_code == 201
        for kept in stations.kept:
            assert client.get(kept["links"]["self"]).json() == kept
    with old.store() as store:
        assert store.inspect().sound
        verdict = store.check_trail().chain
        assert verdict.fault is None
        rows = store.audit_trail(before=None, limit=999)
        assert sum(row.entry.action == "image_kept" for row in rows) == len(stations.kept) + 2
