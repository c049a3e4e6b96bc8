"""People sign in, change language and password, and are led back to where they wanted to go."""

import pytest

from ..api.serving import PASSWORD

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("language", ["en", "vi"])
SIZES = pytest.mark.parametrize("size", ["desk", "phone", "narrow"])


@BOTH
@SIZES
def test_the_form_is_clear_and_without_barriers(people, language, size):
    person = people(None, language=language, size=size)
    page = person.open("/sign-in")
    assert page.get_attribute("html", "lang") == language
    person.picture("sign-in")
    assert person.barriers() == []
    assert not person.scrolls_sideways()


@BOTH
def test_a_wrong_password_is_told_beside_the_form_and_the_name_stays(people, language):
    person = people(None, language=language)
    person.watch.allowed.append("401")
    page = person.open("/sign-in")
    page.fill("#name", "nurse")
    page.fill("#password", "not this one")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("#name") == "nurse"
    assert page.input_value("#password") == ""
    person.picture("sign-in-wrong")
    assert person.barriers() == []


def test_one_is_led_back_to_where_one_wanted_to_go(people):
    page = people(None).open("/account")
    page.fill("#name", "nurse")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")


@BOTH
@SIZES
def test_the_account_page(people, language, size):
    person = people("nurse", language=language, size=size)
    page = person.open("/account")
    page.fill("#old", PASSWORD)
    page.fill("#new", "new words that differ")
    page.fill("#again", "new words that do not")
    person.watch.allowed.append("422")
    page.click("form[action='/account/password'] button")
    assert page.input_value("#new") == ""
    assert page.locator("#again-note").is_visible()
    person.picture("account")
    assert person.barriers() == []
    assert not person.scrolls_sideways()


def test_the_language_stays_with_the_account(people):
    people("clinician", language="en")
    page = people("clinician", language="vi").open("/account")
    assert page.get_attribute("html", "lang") == "vi"
    again = people("clinician", language="vi")
    assert again.page.get_attribute("html", "lang") == "vi"


def test_signing_out_ends_it(people):
    page = people("nurse").open("/account")
    page.click("form[action='/sign-out'] button")
    page.wait_for_url("**/sign-in")
    page.goto(page.url.replace("/sign-in", "/account"))
    page.wait_for_url("**/sign-in?**")
