"""What is removed, changed or added past the service differs from the audit trail, and is named."""

import pytest

from cxr_triage.domain import Patient
from cxr_triage.errors import NotFound, StoreInvalid
from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.audit.seals import Difference
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, WorklistQuery
from tests.databases import raw, rows_of
from tests.store.builders import KEEPING, image, keep, result, store_in

LIFTED = {
    "sqlite": (
        "DROP TRIGGER reviews_stay_signed", "DROP TRIGGER reviews_are_kept",
        "DROP TRIGGER reviews_keep_ids",
    ),
    "postgresql": ("ALTER TABLE reviews DISABLE TRIGGER ALL",),
}  # fmt: skip
MARKED = Patient(id="MARKID", name="MARK^NAME", birth_date="19700101", sex="F")


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def signed(store):
    """A study of two films, one with a signed reading, beside another study."""
    keep(store, 7)
    new = image(1, patient=MARKED)
    kept = store.keep(new, result(new, study="1.5", sop="1.5.1"), audit=KEEPING).stored
    keep(store, 2, of=image(2, patient=MARKED), study="1.5", sop="1.5.2")
    person = Administration(store, AccountRules()).create_person(
        "lan", "ba con mèo đen 7", role="radiologist", by=SYSTEM
    )
    draft = ReviewDraft(assessment_id=kept.assessment.id, note="MARKED", impression="MARKED")
    about = {"reader_id": person.id, "audit": KEEPING}
    store.save_review(draft, EVERYWHERE, version=0, **about)
    store.sign_review(kept.assessment.id, EVERYWHERE, version=1, **about)
    return kept


@pytest.fixture
def tamper(signed, tmp_path, kind):
    """Statements of somebody who may do anything to the database; SQLite's own tool minds no
    keys."""

    def run(*statements):
        (reading,) = (row.id for row in rows(tmp_path, "SELECT id FROM reviews"))
        named = {
            "study": signed.study_id, "result": signed.assessment.id, "reading": reading,
            "film": signed.image_id,
        }  # fmt: skip
        with raw(tmp_path) as connection:
            for statement in (*LIFTED[kind], *statements):
                connection.exec_driver_sql(statement.format(**named))
        return named

    return run


def rows(folder, query):
    with raw(folder) as connection:
        return connection.exec_driver_sql(query).fetchall()


def differing(store) -> set[tuple[str, str, str]]:
    return {(one.kind, one.fault, one.id) for one in store.check_trail().differences}


def test_what_nobody_touched_is_as_the_trail_says(store, signed):
    check = store.check_trail()
    assert check.sound
    assert check.unknown == 0


CHANGED = {
    "UPDATE studies SET priority_rank = 4 WHERE id = '{study}'": ("study", "changed", "study"),
    "UPDATE studies SET state = 'signed' WHERE id = '{study}'": ("study", "changed", "study"),
    "UPDATE studies SET received_at = '2020-01-01T00:00:00.000000Z' WHERE id = '{study}'":
        ("study", "changed", "study"),
    "UPDATE studies SET leading_id = NULL WHERE id = '{study}'": ("study", "changed", "study"),
    "UPDATE images SET hidden_at = received_at WHERE id = '{film}'": ("films", "changed", "study"),
    "UPDATE images SET digest = 'other' WHERE id = '{film}'": ("films", "changed", "study"),
    "UPDATE images SET corrected = '{{\"view\": \"PA\"}}' WHERE id = '{film}'":
        ("films", "changed", "study"),
    "UPDATE assessments SET is_current = FALSE WHERE id = '{result}'":
        ("films", "changed", "study"),
    "UPDATE assessments SET document = '{{}}' WHERE id = '{result}'":
        ("result", "changed", "result"),
    "UPDATE assessments SET maps = '' WHERE id = '{result}'": ("result", "changed", "result"),
    "UPDATE assessments SET priority_rank = 4 WHERE id = '{result}'":
        ("result", "changed", "result"),
    "UPDATE reviews SET impression = 'nothing' WHERE id = '{reading}'":
        ("reading", "changed", "reading"),
    "UPDATE reviews SET signed_at = NULL WHERE id = '{reading}'": ("reading", "gone", "reading"),
    "DELETE FROM reviews WHERE id = '{reading}'": ("reading", "gone", "reading"),
}  # fmt: skip


@pytest.mark.parametrize("statement", CHANGED)
def test_what_was_changed_is_named(store, tamper, statement):
    kind, fault, named = CHANGED[statement]
    ids = tamper(statement)
    assert differing(store) == {(kind, fault, ids[named])}
    assert "MARK" not in repr(store.check_trail())


def test_another_name_of_the_patient_is_found(store, tamper, signed):
    tamper("UPDATE patients SET name = 'SOMEBODY^ELSE' WHERE name LIKE 'MARK%%'")
    assert differing(store) == {
        ("study", "changed", signed.study_id), ("films", "changed", signed.study_id),
    }  # fmt: skip


def test_a_result_that_was_removed_is_named_and_its_study_stays_on_the_list(
    store, tamper, signed, kind
):
    keys = "PRAGMA foreign_keys = ON" if kind == "sqlite" else "SELECT 1"
    ids = tamper(
        keys,
        "DELETE FROM reviews WHERE id = '{reading}'",
        "DELETE FROM assessments WHERE id = '{result}'",
    )
    assert {
        ("result", "gone", ids["result"]), ("reading", "gone", ids["reading"]),
        ("films", "changed", ids["study"]),
    } <= differing(store)  # fmt: skip
    listed = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows
    assert ids["study"] in {row.study_id for row in listed}


def test_a_study_that_lost_every_result_is_listed_and_its_page_says_why(store, tmp_path, kind):
    kept = keep(store).stored
    with raw(tmp_path) as connection:  # SQLite's own tool minds no keys
        connection.exec_driver_sql("DELETE FROM assessments")
    (row,) = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows
    assert (row.study_id, row.assessment_id) == (kept.study_id, "")
    assert row.reason.refusal.code == "result_gone"
    with pytest.raises(NotFound) as caught:
        _ = store.study(kept.study_id, EVERYWHERE).first
    assert caught.value.code == "result_gone"


def test_a_study_that_was_removed_is_named(store, tamper, signed):
    ids = tamper(
        "DELETE FROM reviews",
        "UPDATE studies SET leading_id = NULL",
        "DELETE FROM assessments WHERE image_id IN"
        " (SELECT id FROM images WHERE study_id = '{study}')",
        "DELETE FROM images WHERE study_id = '{study}'",
        "DELETE FROM studies WHERE id = '{study}'",
    )
    found = differing(store)
    assert ("study", "gone", ids["study"]) in found
    assert ("result", "gone", ids["result"]) in found
    assert ("reading", "gone", ids["reading"]) in found


def test_a_result_and_a_reading_that_were_put_in_are_named(store, tamper, tmp_path):
    columns = {
        table: ", ".join(f'"{column}"' for column in found)
        for table, found in (("assessments", names(tmp_path, "assessments")),)
    }["assessments"]
    made = columns.replace('"id"', "'put-in'").replace('"is_current"', "FALSE")
    tamper(
        f"INSERT INTO assessments ({columns}) SELECT {made} FROM assessments"  # noqa: S608
        " WHERE id = '{result}'"
    )
    assert differing(store) == {("result", "added", "put-in")}


def names(folder, table):
    return rows(folder, f"SELECT * FROM {table}")[0]._fields  # noqa: S608


def test_a_purge_is_no_difference(store, signed):
    purge = entry(Action.STUDY_PURGED, SYSTEM, reason="too old")
    store.purging.purge(signed.study_id, audit=purge)
    assert store.check_trail().sound


def test_a_changed_model_card_is_named(store, tamper, tmp_path):
    tamper("UPDATE models SET card = '{{}}'")
    (row,) = rows(tmp_path, "SELECT id FROM models")
    assert store.check_trail().cards == (row.id,)


def test_a_digest_that_was_taken_out_of_the_trail_is_a_changed_row(store, tmp_path, kind):
    keep(store, 1)
    lifted = {
        "sqlite": "DROP TRIGGER audit_keeps_values",
        "postgresql": "ALTER TABLE audit DISABLE TRIGGER ALL",
    }
    with raw(tmp_path) as connection:
        connection.exec_driver_sql(lifted[kind])
        connection.exec_driver_sql("UPDATE audit SET seals = ''")
    fault = store.check_trail().chain.fault
    assert (fault.number, fault.kind) == (1, "changed")


def test_a_head_that_is_gone_is_a_trail_cut_off_and_nothing_is_kept_any_more(store, tmp_path):
    keep(store, 1)
    with raw(tmp_path) as connection:
        connection.exec_driver_sql("DELETE FROM audit_head")
    fault = store.check_trail().chain.fault
    assert (fault.number, fault.kind) == (2, "cut")
    before = rows_of(tmp_path)
    for attempt in (lambda: keep(store, 2), store.check):
        with pytest.raises(StoreInvalid) as caught:
            attempt()
        assert caught.value.code == "trail_cut"
    assert rows_of(tmp_path) == before


def test_differences_are_told_by_our_own_ids(store, tamper, signed):
    ids = tamper("UPDATE reviews SET note = 'MARKED anew' WHERE id = '{reading}'")
    assert store.check_trail().differences == (
        Difference(kind="reading", id=ids["reading"], fault="changed"),
    )
