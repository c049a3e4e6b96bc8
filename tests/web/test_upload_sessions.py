"""A session that ends in the middle of uploads loses nothing."""

from datetime import UTC, datetime

import httpx
import pytest

from cxr_triage.api.platform.cookies import SESSION
from cxr_triage.service.people.accounts import sha256_of
from tests.api.films import film, picture
from tests.api.serving import PASSWORD
from tests.web.test_upload import pick, settled
from tests.web.test_upload_pictures import result_of, row_of, say_whom
from tests.web.viewing import reader, shoot, shows

BOTH = pytest.mark.parametrize("language", ["en", "vi"])


@pytest.fixture
def upload(browser, pages):
    with reader(browser, pages, "nurse") as page:
        page.forgiven |= {401, 403}
        page.goto(f"{pages.address}/upload")
        yield page


def end_session(page, pages):
    """As time does."""
    (token,) = [one["value"] for one in page.context.cookies() if one["name"] == SESSION]
    with pages.store() as store:
        store.sessions.touch(sha256_of(token), datetime(2020, 1, 1, tzinfo=UTC))


def sign_in_here(page, name="nurse", password=PASSWORD):
    page.fill("#again-name", name)
    page.fill("#again-password", password)
    page.click("#signed-out button.primary")


@BOTH
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_who_signs_in_again_on_the_page_loses_nothing(
    browser, pages, film_numbers, language, screen
):
    with reader(browser, pages, "nurse", language=language, screen=screen) as page:
        page.forgiven |= {401, 403}
        page.goto(f"{pages.address}/upload")
        pick(page, ("a.png", picture(next(film_numbers))), ("b.png", picture(next(film_numbers))))
        say_whom(page, "a.png", patient_name="Lý Kim Sơn")
        end_session(page, pages)
        pick(page, *((f"{at}.dcm", film(next(film_numbers))) for at in range(3)))
        row_of(page, "a.png").locator("button.primary").click()
        page.wait_for_selector("#signed-out:not([hidden])")
        page.locator("#queue li.waiting").nth(3).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shoot(page, f"upload-signed-out-{language}-{screen}")
        with page.expect_response("**/v1/session") as refused:
            sign_in_here(page, password=PASSWORD[:-1])
        assert refused.value.status == 401
        say_whom(page, "b.png", patient_name="Bùi Hữu Nghĩa")
        sign_in_here(page)
        page.wait_for_selector("#signed-out", state="hidden")
        page.click("#send-all")
        rows = settled(page)
        assert [rows.nth(at).get_attribute("class") for at in range(5)] == ["done"] * 5
        assert "Lý Kim Sơn" in result_of(page, "a.png").inner_text()
        page.click("form[action='/sign-out'] button")
        page.wait_for_url("**/sign-in")


def test_who_signs_in_again_in_another_tab_goes_on_in_the_first(upload, pages, film_numbers):
    end_session(upload, pages)
    pick(upload, ("a.dcm", film(next(film_numbers))))
    upload.wait_for_selector("#signed-out:not([hidden])")
    upload.click("#signed-out [data-action=look]")
    with upload.context.expect_page() as opened:
        upload.click("#signed-out a")
    other = opened.value
    other.fill("#name", "nurse")
    other.fill("#password", PASSWORD)
    other.click("button.primary")
    other.wait_for_url("**/account")
    other.close()
    upload.click("#signed-out [data-action=look]")
    upload.wait_for_selector("#queue li.done")
    assert not upload.is_visible("#signed-out")


def test_a_token_of_an_earlier_session_is_renewed_without_a_word(upload, pages, film_numbers):
    other = upload.context.new_page()
    other.goto(f"{pages.address}/account")
    other.click("form[action='/sign-out'] button")
    other.wait_for_url("**/sign-in")
    other.fill("#name", "nurse")
    other.fill("#password", PASSWORD)
    other.click("button.primary")
    other.wait_for_url("**/worklist")
    other.close()
    pick(upload, ("a.dcm", film(next(film_numbers))))
    settled(upload)
    shows(upload.locator("#queue li.done"), 1)


def test_nobody_elses_films_are_sent_by_who_signs_in_next(upload, pages, film_numbers):
    end_session(upload, pages)
    pick(upload, ("a.dcm", film(next(film_numbers))))
    upload.wait_for_selector("#signed-out:not([hidden])")
    sign_in_here(upload, "radiologist")
    upload.wait_for_selector("text=radiologist is signed in now")
    shows(upload.locator("#queue li.waiting"), 1)
    sign_in_here(upload)
    upload.wait_for_selector("#queue li.done")


def test_a_refusal_that_looks_like_a_lost_network_is_found_out(upload, pages, film_numbers):
    upload.forgiven |= {"ERR_CONNECTION_RESET"}
    end_session(upload, pages)
    upload.route("**/v1/images", lambda route: route.abort("connectionreset"))
    pick(upload, ("a.dcm", film(next(film_numbers))))
    upload.wait_for_selector("#signed-out:not([hidden])")
    upload.unroute("**/v1/images")
    sign_in_here(upload)
    upload.wait_for_selector("#queue li.done")


@BOTH
def test_a_page_that_is_loaded_again_says_what_was_not_sent(browser, pages, film_numbers, language):
    with reader(browser, pages, "nurse", language=language) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{pages.address}/upload")
        data = picture(next(film_numbers))
        pick(page, ("sent.dcm", film(next(film_numbers))), ("waits.png", data), ("too.png", data))
        page.wait_for_selector("#queue li.done")
        row_of(page, "too.png").wait_for()
        page.reload()
        assert page.locator("#unsent li").all_inner_texts() == ["waits.png", "too.png"]
        shoot(page, f"upload-unsent-{language}")
        pick(page, ("waits.png", data))
        row_of(page, "waits.png").wait_for()
        assert page.locator("#unsent li").all_inner_texts() == ["too.png"]
        page.reload()
        assert sorted(page.locator("#unsent li").all_inner_texts()) == ["too.png", "waits.png"]
        page.click("#unsent button")
        page.reload()
        assert not page.is_visible("#unsent")


def test_names_of_files_are_shown_to_nobody_else_and_gone_after_signing_out(
    upload, pages, film_numbers
):
    upload.on("dialog", lambda dialog: dialog.accept())
    kept = "Object.keys(sessionStorage).filter((key) => key.includes('unsent')).length"
    pick(upload, ("a.png", picture(next(film_numbers))))
    row_of(upload, "a.png").wait_for()
    upload.reload()
    assert upload.evaluate(kept) == 1
    upload.context.clear_cookies()
    upload.goto(f"{pages.address}/sign-in?next=/upload")
    upload.fill("#name", "radiologist")
    upload.fill("#password", PASSWORD)
    upload.click("button.primary")
    upload.wait_for_url("**/upload")
    assert not upload.is_visible("#unsent")
    assert upload.evaluate(kept) == 0
    pick(upload, ("b.png", picture(next(film_numbers))))
    row_of(upload, "b.png").wait_for()
    upload.click("form[action='/sign-out'] button")
    upload.wait_for_url("**/sign-in")
    for _ in range(50):  # the page's script clears them as it loads
        if upload.evaluate(kept) == 0:
            break
        upload.wait_for_timeout(100)
    assert upload.evaluate(kept) == 0


def test_a_session_says_whose_it_is(pages):
    with pages.person("nurse") as client:
        first = client.get("/v1/session").json()
    with pages.person("radiologist") as client:
        assert client.get("/v1/session").json()["person_id"] != first["person_id"]
    assert httpx.get(f"{pages.address}/v1/session", trust_env=False).status_code == 401
