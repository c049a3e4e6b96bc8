"""A row of the audit trail that was changed, removed, inserted, moved or cut off is found."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest

from cxr_triage.store.audit.chain import FIELDS, FIRST, ChainHead, head_of, row_hash
from cxr_triage.store.database.migrate import migrate
from cxr_triage.store.database.transactions import Database
from tests.databases import raw, url_of
from tests.store.builders import KEEPING, keep, store_in

ROWS = 12
TRIGGERS = {
    "sqlite": (
        "DROP TRIGGER audit_keeps_rows",
        "DROP TRIGGER audit_keeps_values",
        "DROP TRIGGER audit_keeps_numbers",
    ),
    "postgresql": ("ALTER TABLE audit DISABLE TRIGGER ALL",),
}


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        for number in range(4):
            keep(store, number)
        for _ in range(ROWS - 4):
            store.record(KEEPING)
        yield store


@pytest.fixture
def tamper(store, tmp_path, kind):
    """Statements of somebody who may do anything to the database."""

    def run(*statements):
        with raw(tmp_path) as connection:
            for statement in (*TRIGGERS[kind], *statements):
                connection.exec_driver_sql(statement)

    return run


def found(store, *noted):
    fault = store.check_trail(*noted).chain.fault
    return fault and (fault.number, fault.kind)


COLUMNS = ", ".join((*FIELDS, "seals"))
COPY = f"INSERT INTO audit (number, {COLUMNS}, previous, hash)"


def copied(number, as_number, previous="previous", made="hash"):
    return (
        f"{COPY} SELECT {as_number}, {COLUMNS}, {previous}, {made} FROM audit"  # noqa: S608
        f" WHERE number = {number}"
    )


def test_a_trail_that_nobody_touched_is_sound_and_says_its_head(store):
    verdict = store.check_trail().chain
    (newest,) = store.audit_trail(before=None, limit=1)
    assert verdict.fault is None
    assert verdict.rows == ROWS
    assert verdict.head == ChainHead(number=ROWS, hash=newest.hash) == head_of(str(verdict.head))
    assert store.check_trail(verdict.head).sound


@pytest.mark.parametrize("column", [*FIELDS, "seals", "previous", "hash"])
def test_a_changed_row_is_found_whatever_was_changed(store, tamper, column):
    tamper(f"UPDATE audit SET {column} = 'other' WHERE number = 5")  # noqa: S608
    assert found(store) == (5, "changed")


@pytest.mark.parametrize(
    ("number", "as_said"), [(1, (1, "removed")), (5, (5, "removed")), (ROWS, (ROWS, "cut"))]
)
def test_a_removed_row_is_found(store, tamper, number, as_said):
    tamper(f"DELETE FROM audit WHERE number = {number}")  # noqa: S608
    assert found(store) == as_said


def test_a_removed_row_is_found_though_the_others_moved_up(store, tamper):
    tamper(
        "DELETE FROM audit WHERE number = 5",
        "UPDATE audit SET number = -(number - 1) WHERE number > 5",
        "UPDATE audit SET number = -number WHERE number < 0",
        f"UPDATE audit_head SET number = {ROWS - 1}",  # noqa: S608
    )
    assert found(store) == (5, "removed")


def forged(store, tmp_path, after):
    """The values of a row that follows `after` as if the store had written it."""
    with raw(tmp_path) as connection:
        row = connection.exec_driver_sql(
            f"SELECT {COLUMNS}, hash FROM audit WHERE number = {after}"  # noqa: S608
        ).one()
    return row.hash, row_hash(row.hash, row._asdict())


def test_an_inserted_row_is_found_though_it_is_well_made(store, tamper, tmp_path):
    previous, made = forged(store, tmp_path, 4)
    tamper(
        "UPDATE audit SET number = -(number + 1) WHERE number > 4",
        "UPDATE audit SET number = -number WHERE number < 0",
        copied(4, 5, f"'{previous}'", f"'{made}'"),
        f"UPDATE audit_head SET number = {ROWS + 1}",  # noqa: S608
    )
    assert found(store) == (5, "inserted")


def test_a_row_added_past_the_store_is_found(store, tamper, tmp_path):
    previous, made = forged(store, tmp_path, ROWS)
    tamper(copied(ROWS, ROWS + 1, f"'{previous}'", f"'{made}'"))
    assert found(store) == (ROWS + 1, "inserted")


def test_rows_that_changed_places_are_found(store, tamper):
    tamper(
        "UPDATE audit SET number = -number WHERE number IN (5, 6)",
        "UPDATE audit SET number = 6 WHERE number = -5",
        "UPDATE audit SET number = 5 WHERE number = -6",
    )
    assert found(store) == (5, "reordered")


def test_a_trail_that_was_cut_with_its_head_is_found_by_a_head_that_was_noted(
    store, tamper, tmp_path
):
    noted = store.check_trail().chain.head
    previous, _ = forged(store, tmp_path, ROWS - 2)
    tamper(
        f"DELETE FROM audit WHERE number > {ROWS - 2}",  # noqa: S608
        f"UPDATE audit_head SET number = {ROWS - 2}, hash = '{previous}'",  # noqa: S608
    )
    assert found(store) is None
    assert found(store, noted) == (ROWS - 1, "cut")
    for _ in range(5):
        store.record(KEEPING)
    assert found(store, noted) == (ROWS, "rewritten")


def test_a_head_of_another_trail_is_found(store, tamper):
    tamper(f"UPDATE audit_head SET hash = '{'a' * 64}'")  # noqa: S608
    assert found(store) == (ROWS, "rewritten")


def test_what_is_exported_is_enough_to_check_it_elsewhere(store):
    """The hash as its description says, without our code."""
    previous = FIRST
    for row in store.audit_between(None, None):
        words = [row[name] for name in FIELDS]
        parts = ["cxr-triage-audit-1", previous, *words]
        if row["seals"]:
            parts = ["cxr-triage-audit-2", previous, *words, row["seals"]]
        text = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
        assert row["previous"] == previous
        previous = sha256(text.encode()).hexdigest()
        assert row["hash"] == previous


def test_a_period_is_exported_alone_and_in_order(store):
    rows = list(store.audit_between(None, None))
    moments = [row.at for row in reversed(store.audit_trail(before=None, limit=99))]
    part = list(store.audit_between(moments[3], moments[8]))
    assert part == [
        row for row, at in zip(rows, moments, strict=True) if moments[3] <= at < moments[8]
    ]
    assert list(store.audit_between(moments[-1] + timedelta(seconds=1), None)) == []


def test_rows_from_before_the_chain_are_chained(tmp_path, monkeypatch):
    database = Database(url_of(tmp_path))
    with monkeypatch.context() as older:
        older.setattr("cxr_triage.store.database.migrate.HEAD", "0002")
        migrate(database)
    with raw(tmp_path) as connection:
        for number in range(1, 2501):
            connection.exec_driver_sql(
                "INSERT INTO audit (at, action, actor_kind, actor_id, study_id,"  # noqa: S608
                " assessment_id, subject_id, fingerprint, address, request_id)"
                " VALUES ('2026-03-04T05:06:07.000000Z', 'image_kept', 'station', 'xã', '', '',"
                f" 's{number}', '', '::1', '')"
            )
    database.close()
    with store_in(tmp_path) as store:
        verdict = store.check_trail().chain
        assert (verdict.rows, verdict.fault) == (2500, None)
        store.record(KEEPING)
        assert store.check_trail(verdict.head).chain.rows == 2501
        (newest, before) = store.audit_trail(before=None, limit=2)
        assert before.entry.subject_id == "s2500"
        assert newest.number == 2501
