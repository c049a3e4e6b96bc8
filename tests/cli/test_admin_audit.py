"""The audit trail at the command line."""

import csv
import json
import time

import pytest

from cxr_triage.errors import QueryInvalid
from tests.databases import raw
from tests.store.builders import keep, store_in
from tests.store.test_chain import TRIGGERS


@pytest.fixture(autouse=True)
def _rows(store_folder):
    """Three of them in the trail."""
    with store_in(store_folder) as store:
        for number in range(3):
            keep(store, number)


def test_a_whole_trail_is_said_to_be_so_with_its_head(admin):
    said = admin("verify-audit")
    assert said.exit_code == 0
    assert "whole: 3 rows" in said.stdout
    head = next(word for word in said.stdout.split() if word.startswith("3:"))
    assert admin("verify-audit", "--expect", head).exit_code == 0
    other = admin("verify-audit", "--expect", f"3:{'0' * 64}")
    assert (other.exit_code, "written anew: row 3" in other.stdout) == (3, True)
    assert isinstance(admin("verify-audit", "--expect", "yesterday").exception, QueryInvalid)


@pytest.fixture
def _elsewhere(monkeypatch):
    """A machine whose own zone is not the place's."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_elsewhere")
def test_times_and_days_are_the_places_whatever_the_machines_zone(
    admin, store_folder, on_database, monkeypatch
):
    monkeypatch.setenv("CXR_TRIAGE_TIME_ZONE", "Asia/Ho_Chi_Minh")
    with raw(store_folder) as connection:
        for statement in TRIGGERS[on_database]:
            connection.exec_driver_sql(statement)
        for number, at in ((1, "23T16:59"), (2, "23T17:00"), (3, "24T16:59")):
            moment = f"2026-11-{at}:59.000000Z"
            connection.exec_driver_sql(
                f"UPDATE audit SET at = '{moment}' WHERE number = {number}"  # noqa: S608
            )
    said = admin("export-audit", "--from", "2026-11-24", "--until", "2026-11-25")
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert [(line["number"], line["local_time"]) for line in lines] == [
        (2, "2026-11-24T00:00:59+07:00"), (3, "2026-11-24T23:59:59+07:00"),
    ]  # fmt: skip
    with raw(store_folder) as connection:
        connection.exec_driver_sql("UPDATE stations SET created_at = '2026-11-23T17:30:00.000000Z'")
    assert "2026-11-24" in admin("list-stations").stdout


def test_a_day_far_out_of_range_is_refused(admin):
    for option in ("--from", "--until"):
        assert isinstance(admin("export-audit", option, "0001-01-01").exception, QueryInvalid)


def test_a_changed_row_is_named_and_ends_with_3(admin, store_folder, on_database):
    with raw(store_folder) as connection:
        for statement in TRIGGERS[on_database]:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE audit SET actor_id = 'nobody' WHERE number = 2")
    said = admin("verify-audit", "--lang", "vi")
    assert (said.exit_code, said.stdout) == (3, "Dòng 2 đã bị sửa sau khi ghi.\n")


def test_a_study_that_is_not_as_the_trail_says_is_named_and_ends_with_3(admin, store_folder):
    assert admin("check").exit_code == 0
    with raw(store_folder) as connection:
        study = connection.exec_driver_sql("SELECT min(id) FROM studies").scalar_one()
        connection.exec_driver_sql(
            f"UPDATE studies SET priority_rank = 4 WHERE id = '{study}'"  # noqa: S608
        )
    for command in ("check", "verify-audit"):
        said = admin(command, "--lang", "en")
        assert said.exit_code == 3
        assert f"Study {study} is not as the audit trail says" in said.stdout


def test_a_trail_without_its_head_is_cut_off(admin, store_folder):
    with raw(store_folder) as connection:
        connection.exec_driver_sql("DELETE FROM audit_head")
    said = admin("verify-audit", "--lang", "en")
    assert said.exit_code == 3
    assert "cut off: row 4" in said.stdout


def test_the_trail_is_exported_as_lines_and_as_a_table(admin):
    lines = [json.loads(line) for line in admin("export-audit").stdout.splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3]
    table = list(csv.DictReader(admin("export-audit", "--format", "csv").stdout.splitlines()))
    assert [{name: str(value) for name, value in line.items()} for line in lines] == table
    assert admin("export-audit", "--until", "2020-01-01").stdout == ""
    assert len(admin("export-audit", "--from", "2020-01-01").stdout.splitlines()) == 3
