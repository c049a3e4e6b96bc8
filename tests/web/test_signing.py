"""What a signature stands for, in the browser: nothing empty, no film unseen."""

import re

import pytest

from cxr_triage.language import say
from tests.api.films import film
from tests.api.serving import assessment, send
from tests.web.viewing import open_study, reader, shoot, shows

pytestmark = pytest.mark.browser


@pytest.fixture
def study(pages, film_numbers):
    """A frontal film that was assessed and a lateral that was refused."""
    number = next(film_numbers)
    same = {"study": number, "PatientID": f"P{number}", "PatientName": "TRAN^THI MAN"}
    with pages.client() as client:
        return [
            assessment(send(client, film(number, **same))),
            assessment(send(client, film(next(film_numbers), ViewPosition="LL", **same))),
        ]


def another(pages, film_numbers, study):
    """A film that comes later."""
    uid = {"StudyInstanceUID": study[0]["study_uid"], "PatientID": "", "PatientName": ""}
    with pages.client() as client:
        return assessment(send(client, film(next(film_numbers), **uid)))


def found(pages, study) -> dict:
    with pages.person("radiologist") as client:
        return client.get(f"/v1/studies/{study[0]['study_id']}").json()


def sign(page, *, whole=False):
    page.click("[data-action=sign]")
    page.wait_for_selector("#signing[open]")
    if whole:
        page.check("#signing [name=whole_study]")
    page.click("#signing button[value=sign]")
    page.wait_for_selector("#review-form[data-kind=addendum]", state="attached")


def see(page, selector):
    page.locator(selector).scroll_into_view_if_needed()


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("vi", "desk"), ("vi", "phone")])
def test_an_empty_reading_is_refused_beside_the_button(browser, pages, study, language, screen):
    with reader(browser, pages, language=language, screen=screen) as page:
        open_study(page, pages, study[0])
        page.click("[data-action=sign]")
        notice = page.locator("#review-notice")
        assert notice.inner_text() == say("error.reading_empty", language)
        below = page.locator("[data-action=sign]").bounding_box()["y"]
        assert 0 < below - notice.bounding_box()["y"] < 160
        shoot(page, f"reading-empty-{language}-{screen}")
        assert page.locator("#signing[open]").count() == 0
        page.check("[name=agrees]")
        page.click("[data-action=sign]")
        page.wait_for_selector("#signing[open]")
        assert say("viewer.agreed", language) in page.inner_text("#signing-list")
        assert notice.inner_text() == ""
        shoot(page, f"signing-study-{language}-{screen}")
        page.click("#signing button:not([value=sign])")
        page.evaluate("sessionStorage.clear()")
        page.on("dialog", lambda dialog: dialog.accept())
    assert found(pages, study)["reviews"] == []


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("vi", "phone")])
def test_signing_the_refused_lateral_leaves_the_study_to_be_read(
    browser, pages, study, language, screen
):
    frontal, lateral = study
    with reader(browser, pages, language=language, screen=screen) as page:
        open_study(page, pages, lateral, query=f"?image={lateral['id']}")
        assert page.locator("[name=agrees]").count() == 0
        page.fill("#impression", "Phim nghiêng: không thấy tràn dịch.")
        sign(page)
        lacking = page.locator("#study-signing .lacking")
        assert say("viewer.lacking", language) in lacking.inner_text()
        assert found(pages, study)["study"]["state"] == "opened"
        see(page, "#study-signing")
        shoot(page, f"lateral-signed-{language}-{screen}")
        lacking.locator("a").click()
        page.wait_for_url(re.compile(frontal["id"]))
        page.wait_for_selector("#screen[data-ready=full]")
        page.check("[name=agrees]")
        page.click("[data-action=sign]")
        assert page.locator("#signing [name=whole_study]").count() == 0
        page.click("#signing button[value=sign]")
        page.wait_for_selector("#review-form[data-kind=addendum]", state="attached")
        assert page.locator("#study-signing .lacking").count() == 0
        assert say("viewer.agreed", language) in page.inner_text("#known")
    assert found(pages, study)["study"]["state"] == "signed"


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_whole_study_is_signed_at_once_and_changes_with_a_newer_film(
    browser, pages, film_numbers, study, language
):
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, study[0])
        page.fill("#impression", "Nhiều nốt rải rác hai phổi.")
        sign(page, whole=True)
        assert "radiologist" in page.inner_text("#study-signing .good")
        assert found(pages, study)["study"]["state"] == "signed"
        see(page, "#study-signing")
        shoot(page, f"study-signed-{language}")
        another(pages, film_numbers, study)
        open_study(page, pages, study[0], query=f"?image={study[0]['id']}")
        assert say("viewer.study_changed", language) in page.inner_text("#study-signing")
        shows(page.locator("#study-signing .lacking a"), 2)
        see(page, "#study-signing")
        shoot(page, f"study-changed-{language}")
        page.goto(f"{pages.address}/worklist?state=changed")
        row = page.locator(f"#s-{study[0]['study_id']}")
        assert say("list.state.changed", language) in row.inner_text()
        shoot(page, f"list-changed-{language}")
        page.goto(f"{pages.address}/studies/{study[0]['study_id']}/report")
        assert page.inner_text(".every-head").startswith(say("paper.changed", language))
        shoot(page, f"report-changed-{language}")


def test_nobody_signs_for_a_film_that_came_after_they_looked(browser, pages, film_numbers, study):
    with reader(browser, pages) as page:
        page.forgiven.add(409)
        open_study(page, pages, study[0])
        page.fill("#impression", "Nhiều nốt rải rác hai phổi.")
        another(pages, film_numbers, study)
        page.click("[data-action=sign]")
        page.check("#signing [name=whole_study]")
        page.click("#signing button[value=sign]")
        page.wait_for_selector("#review-notice.warning")
        assert page.inner_text("#review-notice") == say("error.study_changed", "en")
        assert page.input_value("#impression") == "Nhiều nốt rải rác hai phổi."
    [review] = found(pages, study)["reviews"]
    assert (review["impression"], review["signed_at"]) == ("Nhiều nốt rải rác hai phổi.", None)
