"""Administrators make and end accounts and keys in the browser; nobody else may."""

import httpx
import pytest

from cxr_triage.service.accounts import AccountRules
from cxr_triage.service.administration import Administration
from cxr_triage.service.audit import SYSTEM
from tests.api.serving import PASSWORD
from tests.web.viewing import SHOTS, reader

HOSTILE = "<img src=x onerror=document.title='owned'>"


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_an_administrator_adds_a_person_who_can_sign_in(browser, pages, language, screen):
    name = f"new-{language}-{screen}"
    with reader(browser, pages, "administrator", language=language, screen=screen) as page:
        page.goto(f"{pages.address}/people")
        page.fill("#full_name", "Nguyễn Thị Thuỳ Dương")
        page.fill("#name", name)
        page.select_option("#role", "station")
        page.fill("#password", "ngựa đúng pin kẹp")
        page.forgiven.add(422)
        page.click("form[action='/people'] button")
        assert page.is_visible("#station-note.wrong-note")
        assert page.input_value("#full_name") == "Nguyễn Thị Thuỳ Dương"
        assert page.input_value("#password") == ""
        page.select_option("#station", "north")
        page.fill("#password", "ngựa đúng pin kẹp")
        page.screenshot(path=SHOTS / f"people-{language}-{screen}.png", full_page=True)
        page.click("form[action='/people'] button")
        assert page.is_visible(".notice.good")
        assert page.is_visible(f"text={name}")
    signed_in = httpx.post(
        f"{pages.address}/v1/session",
        json={"name": name, "password": "ngựa đúng pin kẹp"},
        trust_env=False,
    )
    assert signed_in.status_code == 200


def test_a_new_password_is_shown_once_and_ends_the_old_one(browser, pages):
    with pages.store() as store:
        admin = Administration(store, AccountRules())
        admin.create_person("forgetful", PASSWORD, role="clinician", by=SYSTEM)
    with reader(browser, pages, "administrator") as page:
        page.goto(f"{pages.address}/people")
        row = page.locator("tr", has_text="forgetful")
        row.locator("summary").click()
        row.locator("form[action$='/password'] button").click()
        password = page.text_content("#secret")
        page.goto(f"{pages.address}/people")
        assert password not in page.content()
    for tried, status in ((PASSWORD, 401), (password, 200)):
        body = {"name": "forgetful", "password": tried}
        done = httpx.post(f"{pages.address}/v1/session", json=body, trust_env=False)
        assert done.status_code == status


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_station_gets_a_key_that_works_until_it_is_revoked(browser, pages, language):
    station = f"dao-{language}"
    with reader(browser, pages, "administrator", language=language) as page:
        page.goto(f"{pages.address}/stations")
        page.fill("#name", HOSTILE)
        page.fill("#id", station)
        page.click("form[action='/stations'] button")
        card = page.locator("section.card", has_text=station)
        card.locator("form[action$='/keys'] button").click()
        key = page.text_content("#secret")
        page.screenshot(path=SHOTS / f"stations-{language}.png", full_page=True)
        headers = {"Authorization": f"Bearer {key}"}
        address = f"{pages.address}/v1/worklist"
        assert httpx.get(address, headers=headers, trust_env=False).status_code == 200
        card.locator("form[action$='/revoke'] button").click()
        assert httpx.get(address, headers=headers, trust_env=False).status_code == 401
        assert page.is_visible(f"text={HOSTILE}")
        assert "owned" not in page.title()


def test_nobody_disables_themselves(browser, pages):
    with reader(browser, pages, "administrator") as page:
        page.goto(f"{pages.address}/people")
        token = page.get_attribute("form[action='/people'] input[name=csrf]", "value")
        page.forgiven.add(422)
        status = page.evaluate(
            """(csrf) => fetch("/people/administrator/disable",
            {method: "POST", body: new URLSearchParams({csrf})}).then((it) => it.status)""",
            token,
        )
        assert status == 422


@pytest.mark.parametrize("path", ["/people", "/stations"])
def test_others_are_refused_in_words(browser, pages, path):
    with reader(browser, pages, "radiologist", language="vi") as page:
        page.forgiven.add(403)
        page.goto(f"{pages.address}{path}")
        assert page.text_content("h1") == "Không được phép"


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_help_says_what_it_is_not_for(browser, pages, language, screen):
    with reader(browser, pages, "nurse", language=language, screen=screen) as page:
        page.goto(f"{pages.address}/help")
        words = page.text_content("main")
        assert {"en": "tuberculosis", "vi": "sàng lọc lao"}[language] in words
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=SHOTS / f"help-{language}-{screen}.png", full_page=True)
