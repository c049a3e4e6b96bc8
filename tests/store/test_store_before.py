"""A whole store of the version before: it opens, and says what that version said of it."""

import csv
import io
import json
import re
import shutil
import tarfile
from contextlib import ExitStack
from html import unescape
from pathlib import Path

import pytest
from pypdf import PdfReader

from cxr_triage.evaluation.results import read_results
from cxr_triage.service.audit import Origin
from cxr_triage.service.people.principal import of_person
from cxr_triage.service.review.reviews import add, save, sign
from cxr_triage.store.backup.backup import restore
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, WorklistQuery
from tests.api.serving import Served
from tests.cli.running import cxr_triage
from tests.databases import raw, rows_of, url_of
from tests.store.builders import store_in

ARCHIVE = Path(__file__).parent / "data" / "store-0005.tar.xz"
OPENING = {"opened_at", "opened_by"}
"""Of a study: looking at it changes them."""
TEXTS = ("note", "impression")
ASKING = ("administrator", "clinician", "nurse")


@pytest.fixture(scope="session")
def before(tmp_path_factory):
    """store/ as it was left, backup/, said.json, scored/."""
    folder = tmp_path_factory.mktemp("before")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def said(before):
    return json.loads((before / "said.json").read_text("utf-8"))


@pytest.fixture
def folder(before, tmp_path):
    """A store that its backup became, on each kind of database."""
    restore(before / "backup", url_of(tmp_path), tmp_path / "blobs", force=False)
    return tmp_path


def admin(folder, *words):
    done = cxr_triage(
        "admin", *words, CXR_TRIAGE_STORE_DIR=str(folder), CXR_TRIAGE_DATABASE_URL=url_of(folder)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


WORDS = ("priority_reason", "sentence")
"""Sentences that are made anew from codes and numbers, in the words of now."""


def differences(old, new, at=""):
    """Where `new` is not what `old` was; it may hold more fields."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            if name not in OPENING and not (name in WORDS and new.get(name)):
                yield from differences(value, new.get(name, "nothing"), f"{at}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        if at == ".studies":  # within a priority the order is another by now
            old, new = (sorted(rows, key=lambda row: row["id"]) for rows in (old, new))
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{at}[{number}]")
    elif old != new:
        yield at, old, new


@pytest.fixture
def people(folder):
    """Clients of a server on that store, signed in with the passwords of then."""
    server = Served(folder, keys={"north": ""}, database_url=url_of(folder))
    with ExitStack() as stack:
        stack.callback(server.stop)
        yield {name: stack.enter_context(server.person(name)) for name in ASKING}


def test_what_is_shown_is_what_was(people, said):
    """One server for all of it: answers, then pages, reports and pictures."""
    wrong = {}
    for asked, old in said["answers"].items():
        name, path = asked.split(" ", 1)
        answer = people[name].get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 200, answer.text
        found = list(differences(old, answer.json()))
        if name == "administrator":  # to whom that version showed what doctors wrote
            found = [one for one in found if not (one[0].endswith(TEXTS) and one[2] == "")]
        if found:
            wrong[asked] = found
    assert wrong == {}
    clinician = people["clinician"]
    for study in said["answers"]["clinician /v1/worklist?limit=50"]["studies"]:
        detail = said["answers"][f"clinician /v1/studies/{study['id']}"]
        expected = {study["accession"], detail["study"]["patient"]["id"]}
        expected |= {review[text] for review in detail["reviews"] for text in TEXTS}
        page = clinician.get(f"/studies/{study['id']}")
        report = clinician.get(f"/v1/studies/{study['id']}/report.html")
        for shown in (page, report):
            text = unescape(shown.text)
            assert shown.status_code == 200
            assert [one for one in expected if one not in text] == []
        printed = PdfReader(
            io.BytesIO(clinician.get(f"/v1/studies/{study['id']}/report.pdf").content)
        )
        text = "".join(page.extract_text() for page in printed.pages)
        assert study["accession"] in text
        for one in detail["assessments"]:
            assert_pictures(clinician, one)


def assert_pictures(client, result):
    at = f"/v1/assessments/{result['id']}"
    assert client.get(f"{at}/image.png").content.startswith(b"\x89PNG")
    assert client.get(f"{at}/pixels").status_code == 200
    shown = [one["label"] for one in result["findings"] if one["flagged"]]
    for label in shown:
        assert client.get(f"{at}/heatmaps/{label}.png").content.startswith(b"\x89PNG")


def test_a_review_goes_on_where_it_was(folder, said):
    """The one that was saved is signed now; the one that was signed is added to."""
    answers = said["answers"]
    rows = answers["clinician /v1/worklist?limit=50"]["studies"]
    by_state = {row["state"]: answers[f"clinician /v1/studies/{row['id']}"] for row in rows}
    [saved], first = by_state["reviewed"]["reviews"], by_state["signed"]["reviews"][0]
    with store_in(folder) as store:
        doctor = of_person(store.accounts.person_named("radiologist"))
        draft = ReviewDraft(assessment_id=saved["assessment_id"], note=saved["note"], agrees=True)
        changed = save(store, doctor, draft, version=saved["version"], origin=Origin())
        sign(store, doctor, draft.assessment_id, version=changed.version, origin=Origin())
        draft = ReviewDraft(assessment_id=first["assessment_id"], note="Xem lại.")
        assert add(store, doctor, draft, origin=Origin()).addendum_of == first["id"]


def test_the_audit_trail_goes_on_from_the_rows_that_were(folder, said):
    now = [json.loads(line) for line in admin(folder, "export-audit").splitlines()]
    was = [json.loads(line) for line in said["audit"]]
    added = {"seals", "local_time"}
    of_before = [{name: row[name] for name in row.keys() - added} for row in now[: len(was)]]
    assert of_before == was
    assert {row["action"] for row in now[len(was) :]} == {"seals_begun"}
    head = re.search(r"\d+:[0-9a-f]{64}", said["verified"])[0]
    admin(folder, "verify-audit", "--expect", head)
    rows = list(csv.DictReader(io.StringIO(admin(folder, "export-audit", "--format", "csv"))))
    assert [row["hash"] for row in rows[: len(was)]] == [row["hash"] for row in was]


def test_accounts_stations_and_keys_are_those_that_were(folder, said):
    assert admin(folder, "list-users") == said["people"]
    was, now = (
        [line.split("  ") for line in table.splitlines()]
        for table in (said["keys"], admin(folder, "list-keys"))
    )
    assert [[*line[:1], *line[-2:]] for line in now] == [[*line[:1], *line[-2:]] for line in was]
    assert all("Sends and reads all of the station" in line for line in map("  ".join, now[1:]))
    was, now = (
        [[line.split()[0], *re.findall(r"/ (\S+)", line)] for line in table.splitlines()]
        for table in (said["stations"], admin(folder, "list-stations"))
    )
    assert now == was


def kept_before(folder) -> int:
    """Studies, results and signed readings."""
    tables = ("studies", "assessments", "reviews WHERE signed_at IS NOT NULL")
    with raw(folder) as connection:
        counts = (
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608
            for table in tables
        )
        return sum(counts)


def test_it_is_whole_and_can_be_backed_up_anew(folder, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    with store_in(folder) as store:
        assert store.inspect().sound
        check = store.check_trail()
        assert check.sound
        assert check.unknown == kept_before(folder)
        summary = store.back_up(again / "backup")
    assert (summary.images, summary.damaged) == (6, ())
    restore(again / "backup", url_of(again), again / "blobs", force=False)
    assert rows_of(again) == rows_of(folder)


@pytest.mark.sqlite
def test_opening_it_where_it_lies_is_as_good_as_its_backup(before, folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("place")
    shutil.copytree(before / "store", place, dirs_exist_ok=True)
    with store_in(folder) as restored, store_in(place) as opened:
        query = {"after": None, "limit": 50}
        assert opened.worklist(WorklistQuery(), EVERYWHERE, **query) == restored.worklist(
            WorklistQuery(), EVERYWHERE, **query
        )
        assert opened.inspect().sound


@pytest.mark.sqlite
def test_results_that_were_scored_at_the_command_line_can_be_evaluated(before):
    lines = (before / "scored" / "results.jsonl").read_text("utf-8").splitlines()
    old = {row["digest"]: row for row in map(json.loads, lines)}
    found = read_results(before / "scored")
    assert {row.digest for row in found.rows.values()} == set(old)
    for row in found.rows.values():
        was = {one["label"]: one["score"] for one in old[row.digest]["findings"]}
        assert {label: one.score for label, one in row.findings.items()} == was
