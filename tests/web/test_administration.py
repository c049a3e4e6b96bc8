"""The audit trail, backups and limits in the browser: for administrators, and of no patient."""

import csv
import io
import zipfile

import pytest

from cxr_triage.language import is_said, say
from cxr_triage.service.audit import SYSTEM, Action, entry
from tests.web.conftest import serving_pages
from tests.web.viewing import reader, shoot


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("backups")


@pytest.fixture(scope="module")
def pages(tmp_path_factory, folder):
    settings = {"backup_dir": folder, "backup_download": True}
    with serving_pages(tmp_path_factory.mktemp("administration"), **settings) as server:
        yield server


def test_every_action_has_words():
    assert [one for one in Action if not is_said(f"action.{one.value}")] == []


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_trail_is_filtered_checked_and_exported(browser, pages, sent, language):
    film = sent(PatientName="SECRET^NAME")
    with reader(browser, pages, "administrator", language=language) as page:
        page.goto(f"{pages.address}/audit")
        shoot(page, f"audit-{language}")
        assert say("action.image_kept", language) in page.inner_text(".trail")
        page.select_option("#action", "signed_in")
        page.click("form.sieve button.primary")
        page.wait_for_url("**/audit?action=signed_in*")
        cells = set(page.locator(".trail td:nth-child(3)").all_inner_texts())
        assert cells == {say("action.signed_in", language)}
        page.click("form[action='/audit/check'] button")
        page.wait_for_selector(".notice.good")
        with page.expect_download() as begun:
            page.click("button[value=csv]")
        rows = list(csv.DictReader(io.StringIO(begun.value.path().read_text("utf-8"))))
        assert {"number", "action", "hash", "local_time"} <= rows[0].keys()
        assert "reason" not in rows[0]
        assert film["study_id"] in {row["study_id"] for row in rows}
        assert rows[-1]["action"] == "trail_read", "whoever reads it is in it"
        assert "SECRET" not in page.content()


def test_the_last_backup_is_told_of_and_leaves_only_where_it_may(browser, pages, folder):
    with reader(browser, pages, "administrator") as page:
        page.goto(f"{pages.address}/system")
        assert say("backup.never", "en") in page.inner_text("main")
        assert "256" in page.inner_text(".limits")
        with pages.store() as store:
            store.back_up(folder / "first.zip")
            store.record(entry(Action.BACKUP_MADE, SYSTEM))
        page.goto(f"{pages.address}/system")
        assert page.locator(".notice.good").count() == 1
        shoot(page, "system")
        with page.expect_download() as begun:
            page.click("a[href='/system/backup']")
        assert zipfile.is_zipfile(begun.value.path())
        page.goto(f"{pages.address}/audit?action=backup_taken")
        assert page.locator(".trail tbody tr").count() == 1


def test_it_is_nobody_elses(pages):
    for who in ("nurse", "clinician", "radiologist"):
        with pages.person(who) as client:
            for path in ("/audit", "/audit/export", "/system", "/system/backup"):
                assert client.get(path).status_code == 403
