"""The audit trail at the command line."""

import csv
import json

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


def test_a_changed_row_is_named_and_ends_with_3(admin, store_folder, on_database):
    with raw(store_folder) as connection:
        for statement in TRIGGERS[on_database]:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE audit SET actor_id = 'nobody' WHERE number = 2")
    said = admin("verify-audit", "--lang", "vi")
    assert (said.exit_code, said.stdout) == (3, "Dòng 2 đã bị sửa sau khi ghi.\n")


def test_the_trail_is_exported_as_lines_and_as_a_table(admin):
    lines = [json.loads(line) for line in admin("export-audit").stdout.splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3]
    table = list(csv.DictReader(admin("export-audit", "--format", "csv").stdout.splitlines()))
    assert [{name: str(value) for name, value in line.items()} for line in lines] == table
    assert admin("export-audit", "--until", "2020-01-01").stdout == ""
    assert len(admin("export-audit", "--from", "2020-01-01").stdout.splitlines()) == 3
