"""Administrators make and end accounts and keys in the browser; nobody else may."""

import httpx
import pytest

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.intake.quotas import QuotaRules, Quotas
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from tests.api.films import film
from tests.api.serving import PASSWORD
from tests.web.viewing import SHOTS, reader, shows

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
        shows(page.locator("#station-note.wrong-note"))
        assert page.input_value("#full_name") == "Nguyễn Thị Thuỳ Dương"
        assert page.input_value("#password") == ""
        page.select_option("#station", "north")
        page.fill("#password", "ngựa đúng pin kẹp")
        page.screenshot(path=SHOTS / f"people-{language}-{screen}.png", full_page=True)
        page.click("form[action='/people'] button")
        shows(page.locator(".notice.good"))
        shows(page.locator(f"text={name}"))
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
        address = f"{pages.address}/v1/model"
        assert httpx.get(address, headers=headers, trust_env=False).status_code == 200
        card.locator("form[action$='/revoke'] button").click()
        assert httpx.get(address, headers=headers, trust_env=False).status_code == 401
        shows(page.locator(f"text={HOSTILE}"))
        assert "owned" not in page.title()


@pytest.mark.parametrize("name", ["administrator", "Administrator"])
def test_nobody_disables_themselves(browser, pages, name):
    with reader(browser, pages, "administrator") as page:
        page.goto(f"{pages.address}/people")
        token = page.get_attribute("form[action='/people'] input[name=csrf]", "value")
        page.forgiven.add(422)
        status = page.evaluate(
            """([name, csrf]) => fetch(`/people/${name}/disable`,
            {method: "POST", body: new URLSearchParams({csrf})}).then((it) => it.status)""",
            [name, token],
        )
        assert status == 422


@pytest.fixture
def limited(pages):
    """Gives a station a limit for a while."""

    def limit(station, images):
        with pages.store() as store:
            Quotas(store, QuotaRules()).set(station, images=images, mib=None, by=SYSTEM)

    yield limit
    limit("north", None)


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_an_administrator_limits_a_station_and_the_limit_is_said_beside_the_file(
    browser, pages, sent, limited, language, screen, tmp_path
):
    sent()
    with reader(browser, pages, "administrator", language=language, screen=screen) as page:
        page.goto(f"{pages.address}/stations")
        card = page.locator("section.card", has_text="North")
        card.locator(".quota summary").click()
        page.forgiven.add(422)
        card.locator("input[name=images]").fill("99999999")
        card.locator(".quota form button").click()
        shows(card.locator(".wrong-note"))
        assert card.locator("input[name=images]").input_value() == "99999999"
        card.locator("input[name=images]").fill("1")
        page.screenshot(path=SHOTS / f"quota-{language}-{screen}.png", full_page=True)
        card.locator(".quota form button").click()
        shows(page.locator(".notice.good"))
        shows(card.locator(".over"), 1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    file = tmp_path / "film.dcm"
    file.write_bytes(film(9100))
    with reader(browser, pages, "nurse", language=language, screen=screen) as page:
        page.forgiven.add(429)
        page.goto(f"{pages.address}/upload")
        page.set_input_files("#files", str(file))
        page.wait_for_selector("#queue li.failed")
        said = page.text_content("#queue li .what")
        assert {"en": "Send it again tomorrow", "vi": "gửi lại vào ngày mai"}[language] in said
        shows(page.locator("#queue li button"))
        page.screenshot(path=SHOTS / f"quota-upload-{language}-{screen}.png", full_page=True)


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_people_end_their_other_sessions_on_their_account_page(browser, pages, language, screen):
    with (
        pages.person("clinician") as one,
        pages.person("clinician") as another,
        reader(browser, pages, "clinician", language=language, screen=screen) as page,
    ):
        page.goto(f"{pages.address}/account")
        before = page.locator(".sessions tbody tr").count()
        shows(page.locator(".sessions b"), 1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=SHOTS / f"sessions-{language}-{screen}.png", full_page=True)
        page.locator(".sessions form button").first.click()
        shows(page.locator(".notice.good"))
        shows(page.locator(".sessions tbody tr"), before - 1)
        states = [client.get("/v1/session").status_code for client in (one, another)]
        assert sorted(states) == [200, 401]
        page.click("form[action$='end-others'] button")
        shows(page.locator(".sessions tbody tr"), 1)
        assert {client.get("/v1/session").status_code for client in (one, another)} == {401}


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_an_administrator_signs_people_out_and_lets_them_in_again(browser, pages, language, screen):
    name = f"locked-{language}-{screen}"
    with pages.store() as store:
        Administration(store, AccountRules()).create_person(
            name, PASSWORD, role="clinician", by=SYSTEM
        )
    with pages.nobody() as theirs, pages.nobody() as another:
        for client in (theirs, another):
            body = {"name": name, "password": PASSWORD}
            assert client.post("/v1/session", json=body).status_code == 200
        for status in (401,) * 5 + (429,):
            tried = {"name": name, "password": "a wrong password"}
            assert theirs.post("/v1/session", json=tried).status_code == status
        with reader(browser, pages, "administrator", language=language, screen=screen) as page:
            page.goto(f"{pages.address}/people")
            row = page.locator("tr", has_text=name)
            shows(row.locator(".wrong-note"), 1)
            row.locator("summary").click()
            page.screenshot(path=SHOTS / f"locked-{language}-{screen}.png", full_page=True)
            row.locator("form[action$='/unlock'] button").click()
            shows(page.locator(".notice.good"))
            assert row.locator(".wrong-note").count() == 0
            row.locator("a[href$='/sessions']").click()
            shows(page.locator(".sessions tbody tr"), 2)
            shot = SHOTS / f"people-sessions-{language}-{screen}.png"
            page.screenshot(path=shot, full_page=True)
            page.locator(".sessions form button").first.click()
            shows(page.locator(".sessions tbody tr"), 1)
            page.click("form[action$='/sessions/end'] button")
            assert row.locator("a[href$='/sessions']").count() == 0
        for client in (theirs, another):
            assert client.get("/v1/session").status_code == 401
        body = {"name": name, "password": PASSWORD}
        assert theirs.post("/v1/session", json=body).status_code == 200


@pytest.mark.parametrize("path", ["/people", "/stations", "/people/nurse/sessions"])
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
