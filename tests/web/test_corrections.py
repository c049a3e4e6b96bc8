"""On the study's page: a name put right, films moved, hidden and merged, by keyboard and phone."""

import re

import pytest

from tests.api.films import film, picture
from tests.api.serving import assessment, send

from .viewing import open_study, reader, shoot, shows


def opened(page, served, kept):
    """The study's page with its form unfolded."""
    open_study(page, served, kept)
    page.locator("#correct-details > summary").press("Enter")
    shows(page.locator("#correct-form"))


def saved(page, button="button[type=submit]"):
    with page.expect_navigation():
        page.locator(f"#correct-form {button}").press("Enter")
    page.wait_for_selector("#screen[data-ready]", timeout=20000)


@pytest.fixture
def three(pages, film_numbers):
    """Pictures of three people."""
    found = []
    with pages.client() as client:
        for name in ("Lê Thị Hoa", "Trần Văn Tám", "Phạm Cúc"):
            files = {"file": ("film.png", picture(next(film_numbers)))}
            form = {"patient_name": name, "sex": "F", "age": "44", "view": "PA"}
            found.append(assessment(client.post("/v1/images", files=files, data=form)))
    return found


@pytest.fixture
def two(pages, film_numbers):
    """Two patients' films under one study number."""
    one, other = next(film_numbers), next(film_numbers)
    with pages.client() as client:
        first = film(one, study=one, PatientID="A1", PatientName="LE^HOA")
        second = film(other, study=one, PatientID="B1", PatientName="DO^TAM", PatientSex="M")
        return assessment(send(client, first)), assessment(send(client, second))


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_one_of_three_names_is_put_right_by_a_nurse_and_the_report_prints_it(
    browser, pages, three, screen
):
    with reader(browser, pages, "nurse", language="vi", screen=screen) as page:
        opened(page, pages, three[1])
        shoot(page, f"corrections-form-vi-{screen}")
        page.fill("#c-patient_name", "Đỗ Thị Lành")
        page.fill("#c-birth_date", "31/02/1980")
        page.locator("#correct-form button[type=submit]").press("Enter")
        assert page.evaluate("document.activeElement.id") == "c-birth_date"
        page.fill("#c-birth_date", "03/02/1980")
        saved(page)
        assert page.inner_text(".identity h2") == "Đỗ Thị Lành"
        assert "Trong tệp ghi: Họ tên: Trần Văn Tám" in page.inner_text(".identity")
        shoot(page, f"corrections-done-vi-{screen}")
        for kept, name in zip(three, ("Lê Thị Hoa", "Đỗ Thị Lành", "Phạm Cúc"), strict=True):
            page.goto(f"{pages.address}/studies/{kept['study_id']}/report?lang=vi")
            assert name in page.inner_text("dl.facts")
        page.goto(f"{pages.address}/studies/{three[1]['study_id']}/report?lang=vi")
        assert "Trong tệp ghi: Họ tên: Trần Văn Tám" in page.inner_text("main")
        shoot(page, f"corrections-report-vi-{screen}")


def test_a_doctor_needs_a_reason_and_an_age_decides_again(browser, pages, sent):
    kept = sent(PatientAge="058Y", PatientBirthDate="")
    with reader(browser, pages) as page:
        page.forgiven = {"422"}
        opened(page, pages, kept)
        page.fill("#c-age_years", "9")
        page.press("#c-age_years", "Enter")
        page.wait_for_selector(".field.wrong #c-reason")
        assert page.evaluate("document.activeElement.id") == "c-reason"
        page.fill("#c-reason", "a child")
        saved(page)
        assert "Not assessed" in page.inner_text("#state-title")
        assert "The file says: Age in years: 58" in page.inner_text(".identity")
        page.locator("#correct-history > summary").click()
        assert re.search(r"58 → 9\s+Reason a child", page.inner_text("#correct-history"))


def test_who_saw_an_older_version_is_told_and_keeps_what_was_typed(browser, pages, sent):
    kept = sent()
    with reader(browser, pages, "nurse") as page:
        page.forgiven = {"409"}
        opened(page, pages, kept)
        with pages.client() as station:
            body = {"version": 0, "patient_name": "SOMEBODY^ELSE"}
            assert station.post(f"{kept['links']['study']}/corrections", json=body).is_success
        page.fill("#c-patient_name", "MINE")
        page.locator("#correct-form button[type=submit]").click()
        page.wait_for_selector("#correct-notice a")
        assert page.input_value("#c-patient_name") == "MINE"


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("vi", "phone")])
def test_two_of_one_number_are_linked_merged_and_parted(browser, pages, two, language, screen):
    first, second = two
    with reader(browser, pages, language=language, screen=screen) as page:
        page.goto(f"{pages.address}/worklist")
        row = page.locator(f"#s-{first['study_id']}")
        shows(row.locator(".doubt"))
        row.scroll_into_view_if_needed()
        shoot(page, f"corrections-list-{language}-{screen}")
        open_study(page, pages, first)
        link = page.locator(".contested a")
        assert link.get_attribute("href") == f"/studies/{second['study_id']}"
        opened(page, pages, first)
        page.fill("#c-reason", "one patient")
        page.locator("[data-act=merge]").scroll_into_view_if_needed()
        shoot(page, f"corrections-number-{language}-{screen}")
        saved(page, "[data-act=merge]")
        shows(page.locator(".images li"), 2)
        assert page.locator(".contested").count() == 0
        page.locator("#correct-details > summary").press("Enter")
        page.fill("#c-reason", "two after all")
        saved(page, "[data-act=part]")
        shows(page.locator(".contested"))
        assert page.locator(".images li").count() == 0


def test_a_film_sent_by_mistake_leaves_the_list_and_is_found_by_a_filter(browser, pages, sent):
    kept = sent(PatientName="OF^A DOG")
    with reader(browser, pages, "nurse") as page:
        opened(page, pages, kept)
        saved(page, "[data-act=hide]")
        assert "sent by mistake" in page.inner_text(".identity")
        page.goto(f"{pages.address}/worklist")
        assert page.locator(f"#s-{kept['study_id']}").count() == 0
        page.goto(f"{pages.address}/worklist?hidden=1")
        page.locator(f"#s-{kept['study_id']} .open").click()
        page.wait_for_selector("#screen[data-ready]")
        page.locator("#correct-details > summary").press("Enter")
        saved(page, "[data-act=show]")
        page.goto(f"{pages.address}/worklist")
        shows(page.locator(f"#s-{kept['study_id']}"), 1)


def test_an_administrator_sees_nothing_of_it(browser, pages, two):
    with reader(browser, pages, "administrator") as page:
        page.goto(f"{pages.address}/worklist")
        assert page.locator(".doubt").count() == 0
        page.goto(f"{pages.address}/studies/{two[0]['study_id']}")
        assert page.locator("#screen").count() == 1
        assert page.locator("#correct, .contested").count() == 0
