"""The audit trail at the command line."""

import csv
import json
import sqlite3
from contextlib import closing

import pytest
from typer.testing import CliRunner

from cxr_triage.cli.app import create_app
from cxr_triage.errors import QueryInvalid
from tests.store.builders import keep, store_in


@pytest.fixture
def admin(tmp_path, monkeypatch):
    """Run a command on a store with three rows."""
    monkeypatch.setenv("CXR_TRIAGE_STORE_DIR", str(tmp_path))
    with store_in(tmp_path) as store:
        for number in range(3):
            keep(store, number)
    return lambda *words: CliRunner().invoke(create_app("en"), ["admin", *words])


def test_a_whole_trail_is_said_to_be_so_with_its_head(admin):
    said = admin("verify-audit")
    assert said.exit_code == 0
    assert "whole: 3 rows" in said.stdout
    head = next(word for word in said.stdout.split() if word.startswith("3:"))
    assert admin("verify-audit", "--expect", head).exit_code == 0
    other = admin("verify-audit", "--expect", f"3:{'0' * 64}")
    assert (other.exit_code, "written anew: row 3" in other.stdout) == (3, True)
    assert isinstance(admin("verify-audit", "--expect", "yesterday").exception, QueryInvalid)


def test_a_changed_row_is_named_and_ends_with_3(admin, tmp_path):
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection, connection:
        connection.execute("DROP TRIGGER audit_keeps_values")
        connection.execute("UPDATE audit SET actor_id = 'nobody' WHERE number = 2")
    said = admin("verify-audit", "--lang", "vi")
    assert (said.exit_code, said.stdout) == (3, "Dòng 2 đã bị sửa sau khi ghi.\n")


def test_the_trail_is_exported_as_lines_and_as_a_table(admin):
    lines = [json.loads(line) for line in admin("export-audit").stdout.splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3]
    table = list(csv.DictReader(admin("export-audit", "--format", "csv").stdout.splitlines()))
    assert [{name: str(value) for name, value in line.items()} for line in lines] == table
    assert admin("export-audit", "--until", "2020-01-01").stdout == ""
    assert len(admin("export-audit", "--from", "2020-01-01").stdout.splitlines()) == 3
