"""The page of a study as the service sends it: who sees what, beside which studies."""

import html
import re
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from cxr_triage.web.beside import address_of
from cxr_triage.web.filters import Filters, filters_of
from tests.api.films import film as film_file
from tests.api.serving import assessment, send


def page(pages, who, film, end="", **query):
    with pages.person(who) as client:
        return client.get(
            f"/studies/{film['study_id']}{end}", params=query, headers={"Accept": "text/html"}
        )


def link(text, way):
    found = re.search(rf'<a [^>]*href="([^"]*)" data-go="{way}"', text)
    return html.unescape(found[1]) if found else None


def test_a_study_of_elsewhere_is_as_if_it_were_not_there(pages, south):
    assert page(pages, "radiologist", south).status_code == 200
    assert page(pages, "nurse", south).status_code == 404
    assert page(pages, "nurse", south, "/reading", image=south["id"]).status_code == 404
    assert page(pages, "radiologist", {"study_id": "0" * 32}).status_code == 404


def test_an_image_of_another_study_is_not_shown(pages, sent):
    one, other = sent(), sent()
    assert page(pages, "radiologist", one, image=one["id"]).status_code == 200
    assert page(pages, "radiologist", one, image=other["id"]).status_code == 404


def test_who_has_not_signed_in_is_led_there_and_back(pages, sent):
    film = sent()
    with pages.nobody() as client:
        answer = client.get(f"/studies/{film['study_id']}", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert f"%2Fstudies%2F{film['study_id']}" in answer.headers["location"]


def test_the_next_reader_sees_who_opened_it(pages, sent):
    film = sent()
    assert "clinician" not in page(pages, "radiologist", film).text
    page(pages, "clinician", film)
    text = page(pages, "radiologist", film).text
    assert re.search(r"notice warning[^<]*>[^<]*clinician", text)


def test_a_nurse_opens_nothing(pages, sent):
    film = sent()
    page(pages, "nurse", film)
    with pages.person("radiologist") as client:
        listed = client.get("/v1/worklist", params={"limit": 200}).json()["studies"]
    (row,) = [row for row in listed if row["id"] == film["study_id"]]
    assert row["state"] == "new"


def test_neighbours_keep_the_lists_filters_and_the_way_back(pages, sent):
    films = [sent() for _ in range(3)]
    filters = {"state": ["new", "opened"]}
    came_from = urlencode(filters, doseq=True)
    with pages.person("radiologist") as client:
        rows = client.get("/v1/worklist", params=filters | {"limit": 200}).json()["studies"]
    order = [None, *(address_of(row["id"], came_from) for row in rows), None]
    for film in films:
        text = page(pages, "radiologist", film, **{"from": came_from}).text
        assert link(text, "back") == f"/worklist?{came_from}#s-{film['study_id']}"
        at = order.index(address_of(film["study_id"], came_from))
        assert [link(text, "before"), link(text, "after")] == [order[at - 1], order[at + 1]]


def test_no_address_carries_on_what_is_no_filter(pages, sent):
    text = page(pages, "radiologist", sent(), **{"from": "state=new&number=DEMO-01&text=Lan"}).text
    addresses = " ".join(re.findall(r'(?:href|src|action)="([^"]*)"', text))
    assert "state=new" in addresses
    assert "DEMO-01" not in addresses
    assert "text%3D" not in addresses


def test_a_lists_address_leads_nowhere_else(pages, sent):
    film = sent()
    for planted in ("https://example.org/", "javascript:alert(1)", '"><script>x</script>', "//a/b"):
        text = page(pages, "radiologist", film, **{"from": planted}).text
        assert link(text, "back").startswith("/worklist")
        assert "<script>x" not in text


def test_an_address_gives_the_filters_that_it_names():
    address = (
        "priority=urgent&priority=critical&state=new&state=odd&station=north"
        "&period=week&from=2026-11-01&until=2026-02-30&finding=Hernia&finding=x"
        "&number=DEMO-01&text=Lan&searched=1&cursor=x&other=1"
    )
    found = filters_of(address)
    assert found == Filters(
        priority=("critical", "urgent"),
        state=("new",),
        station="north",
        period="week",
        since=date(2026, 11, 1),
        finding="Hernia",
        searched=True,
        cursor="x",
    )
    assert filters_of(found.address()) == found
    assert filters_of("&".join(["a=b"] * 100)) == filters_of("period=never") == Filters()


def test_a_week_begins_at_midnight_of_the_place():
    begins = Filters(period="week").query(ZoneInfo("Asia/Ho_Chi_Minh"), reads=True).received_from
    assert begins.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).strftime("%H:%M") == "00:00"
    assert 6 <= (datetime.now(UTC) - begins).total_seconds() / 86400 <= 7


def test_the_reading_alone_carries_what_a_form_is_filled_with(pages, sent):
    film = sent()
    with pages.person("radiologist") as client:
        body = {"impression": '</section>"<em>', "overall": "unsure"}
        client.post(f"/v1/assessments/{film['id']}/reviews", json=body).raise_for_status()
    text = page(pages, "radiologist", film, "/reading", image=film["id"]).text
    assert text.lstrip().startswith("<section")
    values = html.unescape(re.search(r'data-reading="([^"]*)"', text)[1])
    assert '"version": 1' in values
    assert "<em>" not in text


def test_no_page_is_kept_by_the_browser_and_none_runs_foreign_script(pages, sent):
    answer = page(pages, "radiologist", sent())
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.fixture(scope="module")
def south(pages, film_numbers):
    """A film of station south."""
    with pages.client("south") as client:
        return assessment(send(client, film_file(next(film_numbers))))
