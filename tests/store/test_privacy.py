"""What names a patient stands in one table, and in the files that were sent; nowhere else."""

import logging
from dataclasses import fields, replace

import pytest

from cxr_triage.domain import Patient
from cxr_triage.errors import Conflict, TriageError
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, WorklistQuery
from cxr_triage.store.rows import keys as identity
from tests.databases import raw, rows_of
from tests.store.builders import KEEPING, RECEIVED_AT, image, keep, result, store_in

MARKS = Patient(id="MARK1ID", name="MARK2^NAME", birth_date="19MARK3", sex="MARK4", issuer="MARK6")
UIDS = {"study": "1.2.7777001", "sop": "1.2.7777002", "accession": "MARK5ACC"}
PATIENT_WORDS = ("MARK1", "MARK2", "MARK3", "MARK4", "MARK6")
IDENTIFIERS = (*PATIENT_WORDS, "MARK5", "7777001", "7777002")


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        new = image(patient=MARKS)
        kept = store.keep(new, result(new, **UIDS), audit=KEEPING)
        store.open_study(kept.stored.study_id, EVERYWHERE, audit=KEEPING)
        yield store


@pytest.mark.usefixtures("store")
def test_patients_stand_in_their_own_table_alone(tmp_path):
    found = rows_of(tmp_path)
    assert {"patients", "studies", "audit", "assessments", "alembic_version"} <= found.keys()
    for word in PATIENT_WORDS:
        assert [name for name, rows in found.items() if word in rows] == ["patients"], word


@pytest.mark.usefixtures("store")
def test_the_audit_trail_and_ids_of_rows_hold_no_identifier(tmp_path):
    trail = rows_of(tmp_path)["audit"]
    assert "image_kept" in trail
    for word in IDENTIFIERS:
        assert word not in trail


def test_file_names_hold_no_identifier(store, tmp_path):
    store.back_up(tmp_path / "backup")
    names = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")]
    assert len(names) > 10
    for word in IDENTIFIERS:
        assert [name for name in names if word in name] == []


def test_records_print_no_identifier(store):
    (row,) = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows
    detail = store.study(row.study_id, EVERYWHERE)
    draft = ReviewDraft(assessment_id="a", note="MARK1", impression="MARK2")
    said = repr((row, detail, image(patient=MARKS), WorklistQuery(text="MARK5ACC"), draft))
    for word in IDENTIFIERS:
        assert word not in said


def test_errors_and_logs_hold_no_identifier(tmp_path, caplog, monkeypatch):
    """Not even those of a database that fails in the middle of writing them."""
    caplog.set_level(logging.DEBUG)
    errors = []
    with store_in(tmp_path) as store:
        new = image(patient=MARKS)
        kept = store.keep(new, result(new, **UIDS), audit=KEEPING)
        digest, other = kept.stored.assessment.digest, replace(MARKS, id="MARK1OTHER")
        with pytest.raises(Conflict) as caught:
            store.identify(digest, other, station_id="local", at=RECEIVED_AT, audit=KEEPING)
        errors.append(caught.value)
        with raw(tmp_path) as connection:
            connection.exec_driver_sql("DROP TABLE reviews")
            connection.exec_driver_sql("ALTER TABLE assessments RENAME TO elsewhere")
        with pytest.raises(TriageError) as failed:
            keep(store, 6, **{**UIDS, "sop": "1.2.7777002.1"})
        errors.append(failed.value)
    said = "".join(f"{error} {error!r} {error.values} {error.__cause__}" for error in errors)
    for word in IDENTIFIERS:
        assert word not in said + caplog.text


def test_an_id_changes_with_everything_that_makes_it():
    ids = {
        identity.study_id("a", "1.2"),
        identity.study_id("b", "1.2"),
        identity.study_id("a", "1.3"),
        identity.image_id("a", "1.2"),
        identity.result_id("a", "d", "f"),
        identity.result_id("a", "d", "g"),
        identity.result_id("b", "d", "f"),
    }
    assert len(ids) == 7
    assert {len(one) for one in ids} == {32}


def test_the_marks_fill_every_field_of_a_patient():
    assert all("MARK" in getattr(MARKS, field.name) for field in fields(Patient))
