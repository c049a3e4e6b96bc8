"""People of a hospital sign in at its own provider, and nobody else does."""

import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from cxr_triage.errors import ProviderUnavailable, SettingsInvalid
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.sso import oidc
from cxr_triage.service.sso.membership import Membership, memberships_of
from cxr_triage.service.sso.state import begin
from tests import oidc_provider
from tests.api.serving import PASSWORD, Served, make_accounts
from tests.databases import rows_of
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.web.viewing import SCREENS, SHOTS, shows

GROUPS = "cn=radiology,ou=x=radiologist; nurses=station:north; it=administrator"
LAN = {"sub": "77", "preferred_username": "lan@bv.vn", "name": "BS. Lan", "groups": ["other"]}
RADIOLOGY, NURSES = "cn=radiology,ou=x", "nurses"


@pytest.fixture(scope="module")
def provider():
    with Provider().running() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(tmp_path_factory, provider):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Served(
        tmp_path_factory.mktemp("oidc"),
        port=port,
        public_url=f"http://127.0.0.1:{port}/",
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_groups=GROUPS,
    )
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _as_it_was(request):
    yield
    if "provider" in request.fixturenames:
        provider = request.getfixturevalue("provider")
        provider.signed, provider.changed = Provider.well_signed, lambda claims: None
        provider.refuses = provider.broken = False


def person(subject, *groups, **claims):
    return LAN | {"sub": subject, "groups": list(groups), **claims}


def way_back(client, wanted="/help") -> str:
    """To the provider and back to the threshold: the address that lets in."""
    there = client.get("/sign-in/oidc", params={"next": wanted})
    assert there.status_code == 303, there.text
    back = httpx.get(there.headers["Location"], trust_env=False)
    return back.headers["Location"]


def sign_in(client, wanted="/help") -> httpx.Response:
    return client.get(way_back(client, wanted))


def who(client) -> dict:
    answer = client.get("/v1/session")
    assert answer.status_code == 200
    return answer.json()


def actions(server, count):
    with server.store() as store:
        return [row.entry.action for row in store.audit_trail(before=None, limit=count)]


def test_a_member_of_a_group_comes_in_and_is_the_same_person_the_next_time(server, provider):
    provider.person = person("1", "everybody", RADIOLOGY)
    with server.nobody() as client:
        page = sign_in(client, "/worklist?state=new")
        assert page.status_code == 200
        assert 'content="0;url=/worklist?state=new"' in page.text
        assert who(client)["role"] == "radiologist"
        assert actions(server, 2) == ["signed_in", "person_created"]
        assert client.get("/worklist").status_code == 200
        first = who(client)
    with server.nobody() as client:
        sign_in(client)
        assert who(client)["name"] == first["name"] == "BS. Lan"
    assert actions(server, 1) == ["signed_in"]
    with server.store() as store:
        found = [one for one in store.accounts.people() if one.full_name == "BS. Lan"]
    assert [(one.name, one.password_hash) for one in found] == [("lan", "")]


def test_no_token_is_kept_and_no_cookie_of_the_way_remains(server, provider):
    provider.person = person("2", RADIOLOGY)
    with server.nobody() as client:
        page = sign_in(client)
        assert "cxr-triage-oidc" not in client.cookies
        session = next(
            one for one in page.headers.get_list("set-cookie") if "triage-session=" in one
        )
        assert "HttpOnly" in session
        assert "samesite=strict" in session.lower()
    kept = "".join(rows_of(server.folder).values())
    assert provider.tokens[-1] not in kept
    assert provider.tokens[-1].split(".")[2] not in kept
    assert provider.tokens[-1] not in "".join(server.log)


def test_what_somebody_may_do_follows_their_groups(server, provider):
    provider.person = person("3", "it")
    with server.nobody() as first, server.nobody() as second:
        sign_in(first)
        assert who(first)["role"] == "administrator"
        provider.person = person("3", NURSES)
        sign_in(second)
        assert (who(first)["role"], who(second)["role"]) == ("station", "station")
        assert first.get("/people").status_code == 403
        assert actions(server, 2) == ["signed_in", "person_changed"]
        provider.person = person("3")
        refused = sign_in(second)
        assert refused.status_code == 401


def changed(**claims):
    def change(found):
        found.update(claims)
        for name in [name for name, value in found.items() if value is None]:
            del found[name]

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed(nonce="another"),
        changed(nonce=None),
        changed(aud="another"),
        changed(aud=None),
        changed(aud=[CLIENT_ID, "another"]),
        changed(azp="another"),
        changed(iss="http://127.0.0.1:9/realm"),
        changed(exp=1_700_000_000),
        changed(exp=None),
        changed(exp="never"),
        changed(nbf=4_000_000_000),
        changed(iat=4_000_000_000),
        changed(sub=None),
        changed(sub=5),
    ],
)
def test_a_token_that_does_not_hold_lets_nobody_in(server, provider, change):
    provider.person, provider.changed = person("4", RADIOLOGY), change
    refused_in_words(server)


@pytest.mark.parametrize("signed", ["by_another_key", "by_the_shared_secret", "by_nobody"])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(server, provider, signed):
    provider.person, provider.signed = person("4", RADIOLOGY), getattr(oidc_provider, signed)
    refused_in_words(server)


def refused_in_words(server):
    for language, words in (("en", "does not hold"), ("vi", "không hợp lệ")):
        with server.nobody() as client:
            client.headers["Accept-Language"] = language
            page = sign_in(client)
            assert page.status_code == 401
            assert words in page.text
            assert 'name="password"' in page.text
            assert client.get("/v1/session").status_code == 401


def test_who_is_in_no_group_that_counts_stays_out(server, provider):
    for groups in ([], ["radiologist"], ["cn=radiology"], "radiology", None, {"it": 1}):
        provider.person = LAN | {"sub": "5", "groups": groups}
        with server.nobody() as client:
            page = sign_in(client)
            assert page.status_code == 401
            assert "in no group" in page.text
    with server.store() as store:
        assert store.accounts.person_named("lan-5") is None
    assert actions(server, 1) == ["sign_in_refused"]


def test_who_is_disabled_here_stays_out(server, provider):
    provider.person = person("6", RADIOLOGY, preferred_username="disabled.soon")
    with server.nobody() as client:
        sign_in(client)
        with server.store() as store:
            admin = Administration(store, AccountRules())
            admin.disable_person("disabled.soon", by=SYSTEM)
        assert client.get("/v1/session").status_code == 401
        page = sign_in(client)
        assert page.status_code == 401
        assert "disabled here" in page.text


def test_a_name_is_nobodys_account_that_was_there_before(server, provider):
    provider.person = person("7", RADIOLOGY, preferred_username="administrator")
    with server.nobody() as client:
        sign_in(client)
        assert who(client)["role"] == "radiologist"
    with server.person("administrator") as admin:
        assert who(admin)["role"] == "administrator"
    with server.store() as store:
        assert store.accounts.person_named("administrator-2").elsewhere


def test_the_way_back_is_for_one_use_and_one_browser(server, provider):
    provider.person = person("8", RADIOLOGY)
    with server.nobody() as client, server.nobody() as thief:
        back = way_back(client)
        cookie = client.cookies["cxr-triage-oidc"]
        assert thief.get(back).status_code == 401
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert client.get(back.replace(state, "x" * len(state))).status_code == 401
        back = way_back(client)
        cookie = client.cookies["cxr-triage-oidc"]
        assert client.get(back).status_code == 200
        with server.nobody() as again:
            assert again.get(back).status_code == 401
            again.cookies.set("cxr-triage-oidc", cookie, path="/sign-in/oidc")
            assert again.get(back).status_code == 401
            assert again.get("/v1/session").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "a.b", "é", "YQ==.YQ==", "." * 9])
def test_a_cookie_that_is_not_ours_opens_nothing(server, provider, cookie):
    provider.person = person("8", RADIOLOGY)
    with server.nobody() as client:
        back = way_back(client)
        sealed = client.cookies["cxr-triage-oidc"]
        headers = {"Cookie": f"cxr-triage-oidc={cookie}".encode()}
        with server.nobody() as other:
            assert other.get(back, headers=headers).status_code == 401
            spoilt = ("A" if sealed[30] != "A" else "B").join((sealed[:30], sealed[31:]))
            headers = {"Cookie": f"cxr-triage-oidc={spoilt}"}
            assert other.get(back, headers=headers).status_code == 401


def test_another_providers_answer_is_refused(server, provider):
    """RFC 9207: the answer says whose it is."""
    provider.person = person("8", RADIOLOGY)
    with server.nobody() as client:
        assert client.get(f"{way_back(client)}x").status_code == 401


def test_who_gives_up_at_the_provider_is_told_so(server, provider):
    provider.refuses = True
    with server.nobody() as client:
        client.headers["Accept-Language"] = "vi"
        page = sign_in(client)
        assert page.status_code == 401
        assert "Bạn chưa đăng nhập được" in page.text


def test_nobody_is_led_to_another_site(server, provider):
    provider.person = person("9", RADIOLOGY)
    for wanted in ("//evil.example", "https://evil.example/", "/\\evil.example"):
        with server.nobody() as client:
            assert 'content="0;url=/"' in sign_in(client, wanted).text


def test_new_keys_of_the_provider_count_at_once(server, provider):
    provider.person = person("10", RADIOLOGY)
    provider.key = oidc_provider.new_key()
    with server.nobody() as client:
        assert sign_in(client).status_code == 200


def test_a_provider_in_trouble_is_said_and_passwords_go_on(server, provider):
    provider.person = person("11", RADIOLOGY)
    with server.nobody() as client:
        back = way_back(client)
        provider.broken, provider.key = True, oidc_provider.new_key()
        page = client.get(back)
        assert page.status_code == 503
        assert "cannot be reached" in page.text
    with server.person("nurse") as nurse:
        assert who(nurse)["role"] == "station"


def test_a_provider_that_hangs_holds_nobody_up(monkeypatch):
    monkeypatch.setattr(oidc, "TIMEOUT_S", 0.5)
    monkeypatch.setattr(oidc, "PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        rules = oidc.OidcRules(
            issuer=f"http://127.0.0.1:{silent.getsockname()[1]}",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            scopes="openid",
            groups_claim="groups",
            back="https://triage.example/sign-in/oidc/back",
        )
        assert CLIENT_SECRET not in repr(rules)
        waits = []

        def ask(provider):
            started = time.monotonic()
            with pytest.raises(ProviderUnavailable):
                provider.address(begin())
            waits.append(time.monotonic() - started)

        with closing(oidc.Provider(rules)) as provider:
            threads = [Thread(target=ask, args=(provider,)) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(waits) == 20
            assert max(waits) < 2
            ask(provider)
            assert waits[-1] < 0.1


def test_who_signs_in_elsewhere_has_no_password_here(server, provider):
    provider.person = person("12", RADIOLOGY, preferred_username="no.password")
    with server.nobody() as client:
        sign_in(client)
        page = client.get("/account").text
        assert 'name="old"' not in page
        for password in ("", " ", PASSWORD):
            tried = client.post("/v1/session", json={"name": "no.password", "password": password})
            assert tried.status_code in (401, 422)
    with server.person("administrator") as admin:
        form = {"csrf": admin.headers["X-CSRF-Token"]}
        refused = admin.post("/people/no.password/password", data=form)
        assert refused.status_code == 422


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_browser_comes_in_by_the_button(browser, server, provider, language, screen):
    provider.person = person("20", RADIOLOGY, name="BS. Trần Thị Hoa")
    provider.refuses = True
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"en": "en-GB", "vi": "vi-VN"}[language],
    )
    page = context.new_page()
    page.goto(f"{server.address}/sign-in?next=/help")
    page.click("a[href^='/sign-in/oidc']")
    shows(page.locator(".notice.wrong"))
    page.screenshot(path=SHOTS / f"oidc-{language}-{screen}.png", full_page=True)
    provider.refuses = False
    page.click("a[href^='/sign-in/oidc']")
    page.wait_for_url("**/help")
    assert "BS. Trần Thị Hoa" in page.text_content(".self")
    page.goto(f"{server.address}/account")
    page.screenshot(path=SHOTS / f"oidc-account-{language}-{screen}.png", full_page=True)
    page.click("form[action='/sign-out'] button")
    page.wait_for_url("**/sign-in")
    context.close()


def test_without_a_provider_there_is_no_such_page(pages):
    with pages.nobody() as client:
        assert client.get("/sign-in/oidc").status_code == 404
        assert client.get("/sign-in/oidc/back?code=1&state=2").status_code == 404
        assert "/sign-in/oidc" not in client.get("/sign-in").text


def test_groups_are_read_as_they_are_written():
    assert memberships_of(GROUPS) == (
        Membership(group=RADIOLOGY, role="radiologist"),
        Membership(group=NURSES, role="station", station_id="north"),
        Membership(group="it", role="administrator"),
    )
    for wrong in ("radiology", "x=boss", "=clinician", "x=station", "x=clinician:north"):
        with pytest.raises(SettingsInvalid):
            memberships_of(wrong)


SERVE = "from cxr_triage.cli.app import main; main()"
NO_AUTHLIB = f"import sys; sys.modules['authlib'] = None; {SERVE}"


@pytest.mark.parametrize(
    ("program", "changes", "said"),
    [
        (SERVE, {"PUBLIC_URL": ""}, "CXR_TRIAGE_PUBLIC_URL"),
        (SERVE, {"OIDC_ISSUER": "http://idp.example"}, "CXR_TRIAGE_OIDC_ISSUER"),
        (SERVE, {"OIDC_CLIENT_SECRET": ""}, "CXR_TRIAGE_OIDC_CLIENT_SECRET"),
        (SERVE, {"OIDC_GROUPS": "nurses=boss"}, "CXR_TRIAGE_OIDC_GROUPS"),
        (NO_AUTHLIB, {}, "cxr-triage[oidc]"),
    ],
)
def test_settings_that_cannot_work_are_said_at_the_start(tmp_path, program, changes, said):
    make_accounts(tmp_path)
    good = {
        "STORE_DIR": str(tmp_path),
        "PUBLIC_URL": "https://triage.example",
        "OIDC_ISSUER": "https://idp.example",
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
    names = {f"CXR_TRIAGE_{name}": value for name, value in (good | changes).items()}
    run = subprocess.run(
        [sys.executable, "-c", program, "serve", "--port", "0"],
        env=os.environ | names,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    assert said in run.stdout + run.stderr
    assert CLIENT_SECRET not in run.stdout + run.stderr
