"""Doctors' readings in the browser: saved, signed, added to, and never lost."""

import pytest

from tests.web.viewing import open_study, reader, shoot, shows, sign_in

pytestmark = pytest.mark.browser


def wait_saved(page):
    page.wait_for_selector("#review[data-state=saved]")


def reviews(pages, film):
    with pages.person("radiologist") as client:
        return client.get(f"/v1/studies/{film['study_id']}").json()["reviews"]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_reading_is_saved_signed_and_added_to(browser, pages, sent, language):
    film = sent()
    label = next(one["label"] for one in film["findings"] if one["flagged"])
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, film)
        page.click(".corrections summary")
        page.check(f'[name="verdict:{label}"][value=disagree]', force=True)
        page.check("[name=priority][value=urgent]", force=True)
        page.fill("#impression", "Không thấy tổn thương <i>cấp tính</i>")
        page.click("[data-action=save]")
        wait_saved(page)
        page.wait_for_selector("#known .reading")
        [saved] = reviews(pages, film)
        assert saved["verdicts"] == {label: "disagree"}
        assert (saved["priority"], saved["signed_at"]) == ("urgent", None)
        page.fill("#note", "so với phim cũ")
        page.click("[data-action=sign]")
        page.wait_for_selector("#signing[open]")
        listed = page.inner_text("#signing-list")
        assert "<i>cấp tính</i>" in listed
        assert "so với phim cũ" in listed
        shoot(page, f"signing-{language}")
        page.click("#signing button[value=sign]")
        page.wait_for_selector("#review-form[data-kind=addendum]", state="attached")
        [signed] = reviews(pages, film)
        assert signed["signed_at"]
        assert signed["note"] == "so với phim cũ"
        assert "<i>cấp tính</i>" in page.inner_text("#known")
        page.click("#addendum summary")
        page.fill("#note", "đã báo trạm")
        page.click("[data-action=addendum]")
        page.wait_for_selector("#known .reading:nth-child(2)")
        added = reviews(pages, film)[-1]
        assert (added["note"], added["addendum_of"]) == ("đã báo trạm", signed["id"])
        shoot(page, f"signed-{language}")


def test_two_readers_do_not_overwrite_each_other(browser, pages, sent):
    film = sent()
    with reader(browser, pages) as one, reader(browser, pages, "clinician") as other:
        for page in (one, other):
            open_study(page, pages, film)
        other.fill("#impression", "theirs")
        other.click("[data-action=save]")
        wait_saved(other)
        one.forgiven.add(409)
        one.fill("#impression", "mine")
        one.click("[data-action=save]")
        one.wait_for_selector("#theirs:not([hidden])")
        assert one.locator("#review-notice").evaluate(
            "(box) => box.getBoundingClientRect().bottom <= innerHeight"
        )
        assert "theirs" in one.inner_text("#theirs")
        assert "clinician" in one.inner_text("#review-notice")
        assert one.input_value("#impression") == "mine"
        shoot(one, "conflict-en")
        one.click("#theirs button")
        assert one.input_value("#impression") == "theirs"
        one.click("#theirs button")
        assert one.input_value("#impression") == "mine"
        one.click("[data-action=save]")
        wait_saved(one)
    [saved] = reviews(pages, film)
    assert (saved["impression"], saved["version"]) == ("mine", 2)


def test_what_somebody_signed_meanwhile_keeps_my_words_for_an_addendum(browser, pages, sent):
    film = sent()
    with reader(browser, pages) as page:
        open_study(page, pages, film)
        page.forgiven.add(409)
        page.fill("#impression", "typed in vain?")
        with pages.person("radiologist") as client:
            body = {"action": "sign", "impression": "signed first"}
            answer = client.post(f"/v1/assessments/{film['id']}/reviews", json=body)
            assert answer.status_code == 201
        page.click("[data-action=save]")
        page.wait_for_selector("#review-form[data-kind=addendum]")
        assert page.input_value("#impression") == "typed in vain?"
        assert "signed first" in page.inner_text("#known")
        page.evaluate("sessionStorage.clear()")
        page.on("dialog", lambda dialog: dialog.accept())


def test_words_outlive_the_session_for_their_writer_alone(browser, pages, sent):
    film = sent()
    with reader(browser, pages) as page:
        open_study(page, pages, film)
        page.fill("#impression", "half a sentence")
        page.context.clear_cookies()
        page.forgiven.add(401)
        page.click("[data-action=save]")
        page.click("#review-notice a")
        page.wait_for_url("**/sign-in**")
        page.fill("#name", "radiologist")
        page.fill("#password", "correct horse battery staple")
        page.click("button.primary")
        page.wait_for_url(f"**/studies/{film['study_id']}**")
        assert page.input_value("#impression") == "half a sentence"
        page.context.clear_cookies()
        page.on("dialog", lambda dialog: dialog.accept())
        sign_in(page, pages, "clinician")
        open_study(page, pages, film)
        assert page.input_value("#impression") == ""
        assert page.evaluate("Object.keys(sessionStorage).length") == 0


def test_leaving_with_unsaved_words_asks(browser, pages, sent):
    film = sent()
    with reader(browser, pages) as page:
        open_study(page, pages, film)
        page.click("#note")
        page.keyboard.type("x")
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.goto(f"{pages.address}/account")
        assert asked == ["beforeunload"]


def test_station_staff_read_only_and_clinicians_do_not_sign(browser, pages, sent):
    film = sent()
    with reader(browser, pages, "nurse") as page:
        open_study(page, pages, film)
        assert page.locator("#review-form").count() == 0
    with reader(browser, pages, "clinician") as page:
        open_study(page, pages, film)
        shows(page.locator("[data-action=save]"), 1)
        assert page.locator("[data-action=sign]").count() == 0
