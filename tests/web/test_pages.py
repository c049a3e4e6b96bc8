"""Pages as they are sent: their headers, their forms, where they lead, what they never say."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from cxr_triage.api.platform.cookies import SESSION
from cxr_triage.service.people.accounts import sha256_of
from cxr_triage.web.assets import assets
from cxr_triage.web.forms import within
from tests.api.films import film
from tests.api.serving import PASSWORD, send

HTML = {"Accept": "text/html"}
MARKUP = "<img src=x onerror=alert(1)>"


class Inline(HTMLParser):
    """What a page says inline that a browser would run or draw by."""

    def __init__(self):
        super().__init__()
        self.tags, self.inline = 0, []

    def handle_starttag(self, tag, attrs):
        self.tags += 1
        given = dict(attrs)
        runs = tag == "script" and "src" not in given and given.get("type") != "application/json"
        if runs or tag == "style":
            self.inline.append(tag)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self.inline += [to for to in given.values() if (to or "").strip().startswith("javascript:")]


@pytest.fixture
def anyone(pages):
    with pages.nobody() as client:
        client.headers.update(HTML)
        yield client


def token(page):
    return re.search(r'name="csrf" value="([^"]+)"', page)[1]


def sign_in(client, name="nurse", password=PASSWORD, **fields):
    page = client.get("/sign-in").text
    given = {"csrf": token(page), "name": name, "password": password} | fields
    return client.post("/sign-in", data=given)


@pytest.mark.parametrize("path", ["/worklist", "/upload", "/help", "/account"])
def test_a_page_allows_nothing_inline_and_is_never_stored(anyone, path):
    sign_in(anyone)
    answer = anyone.get(path)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = Inline()
    found.feed(answer.text)
    assert found.tags > 20
    assert found.inline == []


def test_every_file_that_a_page_names_is_cached_for_long(anyone):
    sign_in(anyone)
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', anyone.get("/worklist").text)):
        answer = anyone.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        tag = answer.headers["etag"]
        assert anyone.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_a_file_under_an_older_version_is_not_kept(anyone):
    answer = anyone.get("/static/0123456789ab/css/base.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["..%2fapp.py", "%2e%2e%2fapp.py", "css/", "css/none.css", ""])
def test_nothing_but_the_files_is_served(anyone, path):
    assert anyone.get(f"/static/{assets().version}/{path}").status_code == 404


def test_a_file_whose_name_has_control_characters_is_refused_before_it_is_looked_for(anyone):
    answer = anyone.get(f"/static/{assets().version}/%00")
    assert (answer.status_code, answer.json()["code"]) == (400, "control_characters")


@pytest.mark.parametrize("path", ["/worklist?priority=urgent", "/upload", "/studies/x?from=a%3Db"])
def test_who_must_sign_in_first_comes_to_where_they_wanted(anyone, path):
    first = anyone.get(path)
    assert first.status_code == 303
    page = anyone.get(first.headers["location"]).text
    wanted = re.findall(r'name="next" value="([^"]+)"', page)[-1].replace("&amp;", "&")
    assert sign_in(anyone, next=wanted).headers["location"] == path


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "/\tevil",
        "http://[",
        "",
    ],
)
def test_nobody_is_led_away(anyone, address):
    assert within(address) == "/"
    assert sign_in(anyone, next=address).headers["location"] == "/"


@pytest.mark.parametrize("sent", ["", "x", "\ud83d", "0" * 43])
def test_a_form_that_is_not_ours_is_refused(anyone, sent):
    anyone.get("/sign-in")
    fields = {"name": "nurse", "password": PASSWORD, "csrf": sent.encode("utf-8", "surrogatepass")}
    answer = anyone.post("/sign-in", data=fields)
    assert answer.status_code == 403
    assert "cxr-triage-session" not in answer.cookies


def test_a_form_of_before_signing_in_does_not_count_after(anyone):
    old = token(anyone.get("/sign-in").text)
    sign_in(anyone)
    assert anyone.post("/sign-out", data={"csrf": old}).status_code == 403
    assert anyone.post("/language", data={"csrf": old, "language": "vi"}).status_code == 403


@pytest.mark.parametrize("path", ["/account/password", "/people", "/stations", "/sign-out"])
def test_every_form_needs_its_token(pages, path):
    with pages.person("administrator") as client:
        assert client.post(path, data={"name": "x"}).status_code == 403


def test_the_cookie_alone_is_kept_from_scripts_and_other_sites(anyone):
    cookie = sign_in(anyone).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


@pytest.mark.parametrize("path", ["/nothing", "/studies/0"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_trouble_is_a_page_in_the_readers_language(anyone, path, language):
    sign_in(anyone)
    page = anyone.get("/account").text
    anyone.post("/language", data={"csrf": token(page), "language": language})
    answer = anyone.get(path)
    assert answer.status_code == 404
    assert f'<html lang="{language}"' in answer.text
    assert "application/problem" not in answer.headers["content-type"]
    assert 'action="/sign-out"' in answer.text  # one is still signed in


def test_programs_still_read_problems(anyone):
    answer = anyone.get("/v1/studies/x")
    assert answer.headers["content-type"] == "application/problem+json"
    assert anyone.get("/nothing", headers={"Accept": "*/*"}).json()["code"] == "no_such_page"


def test_a_locked_account_says_when_to_try_again(anyone):
    for _ in range(5):
        assert sign_in(anyone, "lockedout", "wrong").status_code == 401
    answer = sign_in(anyone, "lockedout", "wrong")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "1 min" in answer.text
    assert int(answer.headers["retry-after"]) <= 31


def test_a_page_that_looks_for_newer_studies_keeps_nobody_signed_in(pages):
    long_ago = datetime.now(UTC) - timedelta(minutes=20)
    with pages.person("nurse") as client, pages.store() as store:
        session = sha256_of(client.cookies[SESSION])
        store.sessions.touch(session, long_ago)
        since = {"since": "2026-01-01T00:00:00+00:00"}
        assert client.get("/worklist/newer", params=since).status_code == 200
        assert store.sessions.find(session)[0].last_seen == long_ago
        assert client.get("/worklist").status_code == 200
        assert store.sessions.find(session)[0].last_seen > long_ago


def test_markup_in_every_tag_is_text_on_every_page(pages, film_numbers):
    planted = film(
        next(film_numbers),
        PatientName=MARKUP,
        PatientID=MARKUP,
        AccessionNumber="<b onclick=a()>",
        StudyDescription=MARKUP,
        SeriesDescription=MARKUP,
        ProtocolName=MARKUP,
        InstitutionName=MARKUP,
        Manufacturer=MARKUP,
        ManufacturerModelName=MARKUP,
        StationName="<b onclick=a()>",
        ReferringPhysicianName=MARKUP,
        PatientComments=MARKUP,
    )
    with pages.client() as client:
        sent = send(client, planted).json()["images"][0]["assessment"]
    with pages.person("radiologist") as client:
        for path in ("/worklist", f"/studies/{sent['study_id']}"):
            page = client.get(path, headers=HTML).text
            assert "&lt;img src=x" in page
            assert "<img src=x" not in page
            assert "<b onclick" not in page
