"""People sign in, change language and password, and are led back to where they wanted to go."""

import pytest

from tests.api.serving import PASSWORD
from tests.web.viewing import open_study, reader, shoot, shows

BOTH = pytest.mark.parametrize("language", ["en", "vi"])
NARROW = {"width": 320, "height": 640}
"""What 1280 pixels are at a zoom of 400 %."""


def narrow(page):
    page.set_viewport_size(NARROW)
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@BOTH
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_a_wrong_password_is_told_in_words_and_the_name_stays(browser, pages, language, screen):
    with reader(browser, pages, "nurse", language=language, screen=screen) as page:
        page.click("form[action='/sign-out'] button")
        page.wait_for_url("**/sign-in")
        assert page.get_attribute("html", "lang") == language
        page.forgiven.add(401)
        page.fill("#name", "nurse")
        page.fill("#password", "not this one")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert page.input_value("#name") == "nurse"
        assert page.input_value("#password") == ""
        shoot(page, f"sign-in-wrong-{language}-{screen}")


@BOTH
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_two_new_passwords_that_differ_change_nothing(browser, pages, language, screen):
    with reader(browser, pages, "nurse", language=language, screen=screen) as page:
        page.forgiven.add(422)
        page.goto(f"{pages.address}/account")
        page.fill("#old", PASSWORD)
        page.fill("#new", "new words that differ")
        page.fill("#again", "new words that do not")
        page.click("form[action='/account/password'] button")
        shows(page.locator("#again-note.wrong-note"))
        assert page.input_value("#new") == ""
        shoot(page, f"account-{language}-{screen}")


def test_the_language_stays_with_the_account(browser, pages):
    with reader(browser, pages, "clinician", language="vi") as page:
        assert page.get_attribute("html", "lang") == "vi"
    english = browser.new_page(locale="en-GB")
    english.goto(f"{pages.address}/sign-in")
    assert english.get_attribute("html", "lang") == "en"
    english.fill("#name", "clinician")
    english.fill("#password", PASSWORD)
    english.keyboard.press("Enter")
    english.wait_for_selector("html[lang=vi]")
    english.close()


def test_signing_out_ends_it_and_clears_what_the_page_kept(browser, pages):
    with reader(browser, pages, "nurse") as page:
        page.evaluate("sessionStorage.setItem('draft', 'words')")
        page.click("form[action='/sign-out'] button")
        page.wait_for_url("**/sign-in")
        assert page.evaluate("sessionStorage.length") == 0
        page.goto(f"{pages.address}/account")
        page.wait_for_url("**/sign-in?next=**")


def test_a_reading_is_saved_after_signing_in_again_in_another_tab(browser, pages, sent):
    with reader(browser, pages) as page:
        page.forgiven |= {401, 403}
        open_study(page, pages, sent())
        page.fill("#impression", "Không thấy bất thường.")
        other = page.context.new_page()
        other.goto(f"{pages.address}/account")
        other.click("form[action='/sign-out'] button")
        other.fill("#name", "radiologist")
        other.fill("#password", PASSWORD)
        other.click("button.primary")
        other.wait_for_url("**/worklist")
        page.click("#review-form [type=submit]")
        page.wait_for_selector("#known .reading")
        assert "Không thấy bất thường." in page.inner_text("#known")


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/worklist", "radiologist"),
        ("/upload", "nurse"),
        ("/help", "nurse"),
        ("/account", "nurse"),
        ("/people", "administrator"),
        ("/stations", "administrator"),
    ],
)
def test_nothing_runs_off_the_side_at_320_pixels(browser, pages, real, path, who):
    with reader(browser, pages, who, language="vi") as page:
        page.goto(f"{pages.address}{path}")
        assert narrow(page)
        shoot(page, f"narrow-{path.strip('/')}")


def test_the_keyboard_comes_first_to_the_skip_link_and_then_to_the_content(browser, pages):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/help")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
