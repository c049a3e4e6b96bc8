"""Finding a patient on the worklist: nothing of it stands in an address."""

import json
import re

import pytest

from tests.web.viewing import reader, search, shoot, shows

UTF8 = {"SpecificCharacterSet": "ISO_IR 192"}


def listed(page):
    return [row.get_attribute("id") for row in page.locator("#list tbody tr[id]").all()]


def form(client, **fields):
    """The worklist's answer to its own form."""
    html = {"Accept": "text/html"}
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/worklist", headers=html).text)[1]
    return client.post("/worklist", data={"csrf": csrf, **fields}, headers=html)


def test_a_name_without_diacritics_finds_the_study_and_no_address_says_so(browser, pages, sent):
    films = [sent(PatientName=f"Lã^Văn^Khởi{last}", **UTF8) for last in ("", "^A", "^B")]
    other = sent(PatientName="Lã^Văn^Khôi", **UTF8)
    asked = []
    with reader(browser, pages) as page:
        page.on("request", lambda one: asked.append((one.url, one.headers.get("referer", ""))))
        page.goto(f"{pages.address}/worklist")
        page.keyboard.press("/")
        page.keyboard.type("la van khoi")
        page.keyboard.press("Enter")
        page.wait_for_url("**/worklist?searched=1")
        assert set(listed(page)) == {f"s-{film['study_id']}" for film in (*films, other)}
        shoot(page, "worklist-found-en-desk")
        page.fill("#text", "Khởi")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#list:not(:has(#s-{other['study_id']}))")
        found = listed(page)
        assert sorted(found) == sorted(f"s-{film['study_id']}" for film in films)
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_selector("#screen[data-ready=full]")
        assert page.locator("[data-go=before]").count() == 0
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"**/studies/{found[1][2:]}?from=searched%3D1")
        page.wait_for_selector("#screen[data-ready=full]")
        page.keyboard.press("u")
        page.wait_for_selector(f"#{found[1]}:focus-within")
        page.wait_for_url("**/worklist?searched=1*")
        assert listed(page) == found
        page.reload()
        page.wait_for_selector("#found")
        assert listed(page) == found
        page.evaluate("document.activeElement.blur()")
        page.click(f"#{found[0]} .open")
        page.wait_for_url("**/studies/**")
        page.go_back()
        page.wait_for_selector("#found")
        assert listed(page) == found
        page.click("form[action='/sign-out'] button")
        page.wait_for_url("**/sign-in*")
        page.wait_for_function("sessionStorage.length === 0")
    said = " ".join(f"{url} {referer}" for url, referer in asked).lower()
    assert not re.search(r"kho|kh%|la(\+|%20| )van", said)


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_a_search_fits_the_screen_and_says_what_to_do_where_nobody_is_found(
    browser, pages, sent, screen
):
    sent(PatientName=f"Phùng^Thị^Tâm^{screen}", **UTF8)
    with reader(browser, pages, "nurse", language="vi", screen=screen) as page:
        search(page, pages, f"phung tam {screen}")
        shows(page.locator("#list tbody tr[id]"), 1)
        page.click("#filters summary")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shoot(page, f"worklist-found-vi-{screen}")
        search(page, pages, "Phúng Tám")
        shows(page.locator(".empty"))
        shoot(page, f"worklist-none-found-vi-{screen}")


def test_who_sees_no_patients_cannot_look_for_one(pages, sent):
    sent(PatientName="THERE^IS", PatientID="THERE-1", AccessionNumber="THERE-2")
    with pages.person("administrator") as client:
        page = client.get("/worklist", headers={"Accept": "text/html"})
        assert 'name="text"' not in page.text
        for text in ("there", "THERE-1", "nobody at all"):
            assert form(client, text=text).status_code == 403
            body = {"text": text}
            assert client.post("/v1/worklist/search", json=body).status_code == 403
        assert client.get("/worklist?searched=1").status_code == 200


def test_a_station_finds_its_own(pages, sent):
    film = sent(PatientName="OURS^ALONE")
    with pages.client("south") as south, pages.client("north") as north:
        body = {"text": "ours alone"}
        assert south.post("/v1/worklist/search", json=body).json()["studies"] == []
        (row,) = north.post("/v1/worklist/search", json=body).json()["studies"]
        assert row["id"] == film["study_id"]


def test_a_search_goes_on_page_by_page(pages, sent):
    films = {sent(PatientName=f"PAGED^{n}")["study_id"] for n in range(3)}
    with pages.person("radiologist") as client:
        body, found = {"text": "paged", "limit": 2, "states": ["new", "opened"]}, []
        while True:
            answer = client.post("/v1/worklist/search", json=body).json()
            found += [row["id"] for row in answer["studies"]]
            if answer["next"] is None:
                break
            body["cursor"] = answer["next"]
    assert len(found) == 3
    assert set(found) == films


@pytest.mark.parametrize(
    ("text", "status"),
    [("%", 200), ("_", 200), ("\\", 200), ("🙂", 200), ("a\0b", 422), ("x" * 10_000, 422),
     ("\ud800", 422), ("'; DROP TABLE studies; --", 200), ("((", 200)],
)  # fmt: skip
def test_hostile_text_is_looked_for_as_it_is_or_refused(pages, text, status):
    with pages.person("radiologist") as client:
        answer = client.post(
            "/v1/worklist/search",
            content=json.dumps({"text": text}),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["studies"] == []
        else:
            assert ("200" if len(text) > 200 else "value") in answer.json()["detail"]
        if "\ud800" not in text:
            page = form(client, text=text)
            assert page.status_code == (400 if "\0" in text else status)
            assert "s-" not in re.findall(r'<tr id="(..)', page.text)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_an_accession_number_in_the_address_is_refused_with_the_way_to_go(pages, language):
    with pages.client() as client:
        answer = client.get(
            "/v1/worklist", params={"accession": "A1"}, headers={"Accept-Language": language}
        )
    assert answer.status_code == 422
    assert "POST /v1/worklist/search" in answer.json()["detail"]
    assert "A1" not in answer.text
