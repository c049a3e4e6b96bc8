"""The schema is what the migrations make, from the first version on."""

import sqlite3
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from cxr_triage.errors import StoreInvalid
from cxr_triage.store.database import sqlite
from cxr_triage.store.database.migrate import MIGRATIONS, migrate
from cxr_triage.store.database.tables import SCHEMA, metadata
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.repository import open_store
from cxr_triage.store.rows.accounts import AccountRows
from tests.databases import raw, rows_of, url_of
from tests.store.builders import keep, store_in


@pytest.fixture
def database(tmp_path):
    database = Database(url_of(tmp_path))
    yield database
    database.close()


def differences(connection):
    """Between the database and the tables, of which some have indexes on SQLite alone."""
    kind = connection.dialect.name

    def is_meant(thing, _name, what, reflected, _other):
        only_on = getattr(thing, "_ddl_if", None) if what == "index" and not reflected else None
        return only_on is None or only_on.dialect == kind

    opts = {"compare_type": True, "include_object": is_meant}
    return compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)


def test_an_empty_file_becomes_the_schema_of_the_tables(database):
    migrate(database)
    with database.read() as connection:
        assert differences(connection) == []


def test_the_newest_migration_is_the_one_the_tables_name():
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [SCHEMA]


def test_a_store_of_the_first_version_keeps_what_it_has(database, monkeypatch):
    monkeypatch.setattr("cxr_triage.store.database.migrate.HEAD", "0001")
    migrate(database)
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO stations (id, name, created_at) VALUES ('xa-an', 'Xã An', '2026')"
        )
    monkeypatch.undo()
    migrate(database)
    with database.read() as connection:
        assert differences(connection) == []
        names = connection.exec_driver_sql("SELECT name FROM stations WHERE id = 'xa-an'").scalar()
    assert names == "Xã An"


def test_keys_of_before_do_what_they_did_and_are_a_machine_each(database, monkeypatch):
    monkeypatch.setattr("cxr_triage.store.database.migrate.HEAD", "0009")
    migrate(database)
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO station_keys (id, station_id, prefix, sha256, created_at)"
            " VALUES ('k', 'local', 'cxr_1', '', '2026-01-01')"
        )
    monkeypatch.undo()
    migrate(database)
    (key,) = AccountRows(database).keys()
    assert (key.scope, key.machine) == ("both", "k")


SIGNED = (
    "INSERT INTO patients (id, station_id, patient_id, name, birth_date, sex)"
    " VALUES ('p', 'local', '', '', '', '')",
    "INSERT INTO people (id, name, full_name, role, language, password_hash, created_at)"
    " VALUES ('d', 'd', 'D', 'radiologist', 'en', '', '2026')",
    "INSERT INTO models (id, card) VALUES ('m', '{{}}')",
    "INSERT INTO studies (id, station_id, patient_id, study_uid, accession, received_at,"
    " priority_rank, margin_order, state, images, assessed, leading_id)"
    " VALUES ('{study}', 'local', 'p', '{study}', '', '2026', 0, 0, 'signed', 1, 1, '{leading}')",
    "INSERT INTO images (id, study_id, station_id, sop_uid, series_uid, digest, pixel_digest,"
    " rows, columns, received_at)"
    " VALUES ('{image}', '{study}', 'local', '{image}', '', '', '', 1, 1, '2026')",
    "INSERT INTO assessments (id, image_id, digest, fingerprint, model_id, outcome, priority_rank,"
    " margin_order, document, received_at, is_current, maps_shape, maps)"
    " VALUES ('{result}', '{image}', '', '', 'm', 'assessed', 0, 0, '{{\"findings\": []}}',"
    " '2026', {current}, '', '')",
    "INSERT INTO reviews (id, assessment_id, study_id, person_id, verdicts, missed, note,"
    " impression, version, saved_at, signed_at)"
    " VALUES ('{result}', '{result}', '{study}', 'd', '{{}}', '[]', '', '', 1, '2026', '2026')",
)
"""Rows of the schema before: a patient, a doctor, a model, then a study with an image, its result
and a signed reading."""


def test_studies_that_one_of_several_readings_signed_are_not_signed_any_more(database, monkeypatch):
    monkeypatch.setattr("cxr_triage.store.database.migrate.HEAD", "0005")
    migrate(database)
    about, study, image, result, reading = SIGNED[:3], *SIGNED[3:]
    with database.transaction() as connection:

        def add(statement, **values):
            connection.exec_driver_sql(statement.format(**values))

        for statement in about:
            add(statement)
        for name in ("whole", "partly", "replaced"):
            add(study, study=name, leading=name)
            add(image, study=name, image=name)
            add(result, result=name, image=name, current=name != "replaced")
            add(reading, result=name, study=name)
        add(image, study="partly", image="other")
        add(result, result="other", image="other", current=True)
        add(result, result="newer", image="replaced", current=True)
    monkeypatch.undo()
    migrate(database)
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT id, state FROM studies").fetchall()
    assert dict(map(tuple, found)) == {
        "whole": "signed", "partly": "opened", "replaced": "changed",
    }  # fmt: skip


def test_what_was_kept_before_there_were_seals_is_counted_and_what_went_since_is_named(
    database, tmp_path
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cxr_triage.store.database.migrate.HEAD", "0005")
        migrate(database)
    about, study, image, result, reading = SIGNED[:3], *SIGNED[3:]
    with database.transaction() as connection:
        for statement in about:
            connection.exec_driver_sql(statement.format())
        for name in ("first", "second"):
            connection.exec_driver_sql(study.format(study=name, leading=name))
            connection.exec_driver_sql(image.format(study=name, image=name))
            connection.exec_driver_sql(result.format(result=name, image=name, current=True))
            connection.exec_driver_sql(reading.format(result=name, study=name))
        connection.exec_driver_sql(study.format(study="leads-nowhere", leading="gone"))
    database.close()
    with open_store(url_of(tmp_path), tmp_path / "blobs") as store:
        check = store.check_trail()
        assert (check.differences, check.unknown) == ((), 7)
        assert (check.chain.rows, check.chain.fault) == (3, None)
        keep(store)
        check = store.check_trail()
        assert (check.differences, check.unknown) == ((), 7)
        with raw(tmp_path) as connection:
            leading = connection.exec_driver_sql("SELECT id, leading_id FROM studies").fetchall()
            connection.exec_driver_sql("DELETE FROM studies WHERE id = 'leads-nowhere'")
        assert {("first", "first"), ("leads-nowhere", None)} < set(map(tuple, leading))
        (gone,) = store.check_trail().differences
        assert (gone.kind, gone.id, gone.fault) == ("study", "leads-nowhere", "gone")


@pytest.mark.sqlite
def test_tables_that_are_made_anew_keep_their_indexes_whole(database):
    migrate(database)
    with database.read() as connection:
        made = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        found = dict(map(tuple, made))
    assert "WHERE state IN" in found["ix_studies_waiting"]
    assert "WHERE state IN" in found["ix_studies_station_waiting"]


@pytest.mark.sqlite
def test_migrating_again_changes_nothing(database):
    migrate(database)
    before = database.file.read_bytes()
    migrate(database)
    assert database.file.read_bytes() == before


def test_many_may_open_a_new_store_at_once(tmp_path):
    faults, url = [], url_of(tmp_path)

    def open_and_close():
        try:
            open_store(url, tmp_path / "blobs").close()
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is a failure
            faults.append(fault)

    threads = [Thread(target=open_and_close) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with store_in(tmp_path) as store:
        assert keep(store).created


@pytest.mark.sqlite
def test_who_is_refused_while_others_open_the_file_tries_again(monkeypatch):
    class Refusing:
        asked = 0

        def execute(self, _statement):
            self.asked += 1
            if self.asked < 3:
                fault = sqlite3.OperationalError("database is locked")
                fault.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise fault
            return self

        def fetchall(self):
            return []

    connection = Refusing()
    sqlite._patiently(connection, "PRAGMA journal_mode = WAL")
    assert connection.asked == 3
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", -1.0)
    with pytest.raises(sqlite3.OperationalError):
        sqlite._patiently(Refusing(), "PRAGMA journal_mode = WAL")


def test_a_migration_that_fails_leaves_nothing(database, tmp_path, monkeypatch):
    monkeypatch.setattr("cxr_triage.store.database.migrate.VERSION_TABLE", "alembic_version")

    def fail(*_args, **_values):
        raise sqlite3.OperationalError("interrupted")

    monkeypatch.setattr("alembic.op.create_index", fail)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever error it is
        migrate(database)
    monkeypatch.undo()
    assert rows_of(tmp_path) == {}
    migrate(database)


def newer(folder, *, oldest):
    """A version that does not exist yet has migrated the store."""
    with raw(folder) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql(f"UPDATE compatibility SET oldest = '{oldest}'")  # noqa: S608
        connection.exec_driver_sql("ALTER TABLE studies ADD COLUMN colour VARCHAR(9)")


def test_a_store_of_a_newer_version_is_left_alone(database, tmp_path):
    migrate(database)
    newer(tmp_path, oldest="9998")
    with pytest.raises(StoreInvalid) as caught:
        migrate(database)
    assert caught.value.code == "store_newer"


def test_a_store_that_was_migrated_for_a_newer_version_goes_on_serving(tmp_path):
    with store_in(tmp_path) as store:
        keep(store, 0)
        newer(tmp_path, oldest=SCHEMA)
        assert keep(store, 1).created
        with store_in(tmp_path) as started_again:
            assert keep(started_again, 2).created
            assert started_again.inspect().sound
            assert started_again.check_trail().sound


def test_every_migration_says_which_versions_still_fit():
    scripts = ScriptDirectory(str(MIGRATIONS))
    for script in scripts.walk_revisions():
        if script.revision >= "0004":
            assert script.module.compatible_from <= script.revision


def test_a_database_of_something_else_is_left_alone(database, tmp_path):
    with raw(tmp_path) as connection:
        connection.exec_driver_sql("CREATE TABLE accounts (id INTEGER)")
    with pytest.raises(StoreInvalid) as caught:
        migrate(database)
    assert caught.value.code == "store_not_ours"


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    (tmp_path / "store.sqlite3").write_bytes(b"a letter, not a database" * 100)
    with pytest.raises(StoreInvalid) as caught:
        store_in(tmp_path)
    assert caught.value.code == "store_not_ours"


@pytest.mark.parametrize(
    "url",
    ["", "sqlite://", "postgresql://db", "postgresql://[", "mysql://db/x", "nonsense", "a://b:c"],
)
def test_an_address_that_cannot_be_used_is_said_to_be_so(url, tmp_path):
    with pytest.raises(StoreInvalid) as caught:
        open_store(url, tmp_path)
    assert caught.value.code == "store_url"


@pytest.mark.sqlite
def test_only_this_account_reads_the_database_even_in_a_folder_that_others_may_enter(tmp_path):
    tmp_path.chmod(0o755)
    with store_in(tmp_path) as store:
        keep(store)
        files = list(tmp_path.glob("store.sqlite3*"))
        assert len(files) == 3
        assert all(file.stat().st_mode & 0o077 == 0 for file in files)


@pytest.mark.sqlite
def test_every_connection_is_durable(database):
    with database.transaction() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }
