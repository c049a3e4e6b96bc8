"""The AI was wrong: kept with the result, listed without names."""

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from cxr_triage.service.review.incidents import as_csv
from cxr_triage.store.records import IncidentRow

from .films import film
from .serving import assessment, send


@pytest.fixture
def one(served, numbers):
    number = next(numbers)
    data = film(
        number, PatientName="SECRET^NAME", PatientID="SECRETID", AccessionNumber="SECRETACC"
    )
    with served.client() as client:
        return assessment(send(client, data))


@pytest.fixture
def doctor(served):
    with served.person("radiologist") as client:
        yield client


def wrong(doctor, found, kind, label=""):
    address = f"/v1/assessments/{found['id']}/incidents"
    return doctor.post(address, json={"kind": kind, "label": label})


def flagged(found, *, is_flagged=True):
    return next(one["label"] for one in found["findings"] if one["flagged"] is is_flagged)


def test_incidents_are_listed_without_names_for_administrators(served, one, doctor):
    named = flagged(one)
    assert wrong(doctor, one, "false", named).status_code == 201
    first = wrong(doctor, one, "not_refused").json()
    assert wrong(doctor, one, "not_refused").json() == first
    assert doctor.get("/v1/incidents").status_code == 403
    with served.person("administrator") as admin:
        answer = admin.get("/v1/incidents")
        lines = admin.get("/v1/incidents", params={"format": "jsonl"}).text
    assert answer.headers["content-type"].startswith("text/csv")
    rows = [
        row for row in csv.DictReader(io.StringIO(answer.text)) if row["assessment_id"] == one["id"]
    ]
    assert [(row["kind"], row["finding"]) for row in rows] == [
        ("false", named),
        ("not_refused", ""),
    ]
    assert rows[0]["flagged"] == "True"
    assert rows[0]["fingerprint"] == one["fingerprint"]
    for text in (answer.text, lines):
        assert "SECRET" not in text
        assert "radiologist" not in text
    assert [json.loads(line)["id"] for line in lines.splitlines()] == [
        row["id"] for row in csv.DictReader(io.StringIO(answer.text))
    ]


def test_what_is_not_so_is_refused(one, doctor):
    assert wrong(doctor, one, "false", flagged(one, is_flagged=False)).json()["code"] == (
        "false_was_not_flagged"
    )
    assert wrong(doctor, one, "missed", flagged(one)).json()["code"] == "missed_was_flagged"
    assert wrong(doctor, one, "missed", "Nothing").json()["code"] == "unknown_finding"
    assert wrong(doctor, one, "nonsense").status_code == 422


def test_the_command_writes_the_same_list(served, one, doctor, admin_cli):
    wrong(doctor, one, "missed", flagged(one, is_flagged=False))
    out = admin_cli(served, "export-incidents", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows[-1]["assessment_id"] == one["id"]
    assert admin_cli(served, "export-incidents", "--until", "2020-01-01") == ""


@pytest.fixture
def admin_cli():
    def run(server, *arguments):
        names = {"CXR_TRIAGE_STORE_DIR": str(server.folder)}
        done = subprocess.run(
            [sys.executable, "-m", "cxr_triage", "admin", *arguments],
            env=os.environ | names, capture_output=True, text=True, encoding="utf-8", check=True,
        )  # fmt: skip
        return done.stdout

    return run


def test_a_formula_in_a_header_is_text_in_the_table():
    row = IncidentRow(
        id="i", at=datetime(2026, 1, 2, tzinfo=UTC), kind="missed", finding="Mass", flagged=False,
        score=0.1, threshold=0.5, rarity=None, priority="none", outcome="assessed",
        view="=1+1", station_id="north",
        **{one.name: "x" for one in fields(IncidentRow)[12:]},
    )  # fmt: skip
    (told,) = csv.DictReader(as_csv([row]).splitlines())
    assert (told["view"], told["score"], told["rarity"]) == ("'=1+1", "0.1", "")
