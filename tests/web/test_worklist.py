"""The worklist in the browser: order, filters, keys, one's place."""

import pytest

from cxr_triage.labels import LABELS
from cxr_triage.language import say
from cxr_triage.web.worklist import flags_that_fit
from tests.report.films import finding
from tests.web.conftest import send_real, serving_pages
from tests.web.viewing import reader, search, shoot, shows

WIDER = """() => [...document.querySelectorAll(".flags, .flag > span")]
  .filter((one) => getComputedStyle(one).display !== "inline")
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.textContent)"""
HOSTILE = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A service with films of these tests alone: all stand on the list's first page."""
    with serving_pages(tmp_path_factory.mktemp("worklist")) as server:
        yield server


@pytest.fixture(scope="module")
def real(pages):
    return send_real(pages)


@pytest.fixture
def three(sent):
    """An accession number with three films."""
    name = f"LIST-{id(sent)}"
    return name, [sent(AccessionNumber=name[:16]) for _ in range(3)]


def listed(page):
    return [row.get_attribute("id") for row in page.locator("#list tbody tr[id]").all()]


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_rows_say_what_is_urgent_and_why(browser, pages, real, language, screen):
    with reader(browser, pages, language=language, screen=screen) as page:
        page.goto(f"{pages.address}/worklist")
        row = page.locator(f"#s-{real['study_id']}").inner_text()
        assert say(f"priority.{real['priority']}", language) in row
        assert LABELS[real["findings"][0]["label"]][language] in row
        assert ("/100" if language == "vi" else " of 100") in row
        assert "%" not in row
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shoot(page, f"worklist-{language}-{screen}")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_names_of_findings_are_whole(browser, pages, real, language):
    with reader(browser, pages, language=language) as page:
        page.goto(f"{pages.address}/worklist")
        assert page.locator(".flag").count() > 1
        assert page.evaluate(WIDER) == []


@pytest.mark.parametrize("language", ["en", "vi"])
def test_as_many_findings_stand_in_a_row_as_fit_with_whole_names(language):
    longest = sorted(LABELS, key=lambda label: -len(LABELS[label][language]))
    for labels in (longest, longest[::-1]):
        flags = [finding(label, 0.6) for label in labels]
        shown = flags_that_fit(flags, language)
        assert 1 <= len(shown) <= 3
        assert shown == flags[: len(shown)]
        assert sum(len(LABELS[flag.label][language]) for flag in shown) <= 62
    assert len(flags_that_fit(flags, language)) == 3
    assert flags_that_fit([], language) == []


def test_a_refused_study_says_why(browser, pages, sent):
    lateral = sent(ViewPosition="LL", AccessionNumber="LATERAL")
    with reader(browser, pages) as page:
        search(page, pages, "LATERAL")
        assert "view" in page.inner_text(f"#s-{lateral['study_id']} .why").lower()


def test_filters_stand_in_the_address_and_reach_the_study_and_back(browser, pages, three):
    _, films = three
    with reader(browser, pages) as page:
        page.goto(f"{pages.address}/worklist")
        page.keyboard.press("f")
        page.wait_for_selector("#filters[open]")
        page.check("[name=state][value=new]", force=True)
        page.check("[name=state][value=opened]", force=True)
        page.fill("#from", "2020-02-03")
        page.keyboard.press("Enter")
        page.wait_for_url("**/worklist?state=new&state=opened&from=2020-02-03")
        assert {f"s-{film['study_id']}" for film in films} <= set(listed(page))
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        second = page.evaluate("document.activeElement.closest('tr').id")
        assert second == listed(page)[1]
        page.keyboard.press("Enter")
        page.wait_for_url("**/studies/**")
        page.locator("a[href^='/worklist?']").first.click()
        page.wait_for_url("**/worklist?**")
        page.wait_for_selector(f"#{second}:focus-within")
        assert page.input_value("#from") == "2020-02-03"


def test_a_refresh_keeps_ones_place(browser, pages, three):
    name, _ = three
    with reader(browser, pages) as page:
        search(page, pages, name[:16])
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowUp")
        last = listed(page)[-1]
        page.keyboard.press("r")
        page.wait_for_selector("#found")
        page.wait_for_selector(f"#{last}:focus-within")


def test_new_studies_that_are_not_urgent_are_told_and_nothing_moves(browser, pages, three, sent):
    name, _ = three
    with reader(browser, pages) as page:
        page.goto(f"{pages.address}/worklist?period=today")
        before = listed(page)
        sent(AccessionNumber=name[:16], ViewPosition="LL")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_selector("text=1 new study")
        assert listed(page) == before


def test_pages_follow_each_other_without_a_gap(pages, sent):
    films = {sent()["study_id"] for _ in range(3)}
    with pages.person("radiologist") as client:
        whole = client.get("/worklist").text
    assert all(f"s-{study}" in whole for study in films)
    with pages.person("radiologist") as client:
        broken = client.get("/worklist", params={"cursor": "x"})
    assert broken.status_code == 200
    assert "s-" in broken.text


def test_markup_in_a_header_is_text(browser, pages, sent):
    film = sent(PatientName=HOSTILE, PatientID=HOSTILE, AccessionNumber="<b>x</b>")
    with reader(browser, pages) as page:
        search(page, pages, "<b>x</b>")
        assert HOSTILE in page.inner_text(f"#s-{film['study_id']}")
        assert page.title() != "owned"


def test_an_administrator_sees_no_patient(pages, sent):
    sent(PatientName="SECRET^NAME", PatientID="SECRET-ID", AccessionNumber="SECRET-A")
    with pages.person("administrator") as client:
        text = client.get("/worklist").text
    assert "SECRET" not in text
    assert "s-" in text


@pytest.mark.parametrize("language", ["en", "vi"])
def test_an_empty_list_says_what_to_do_next(browser, pages, language):
    with reader(browser, pages, "nurse", language=language) as page:
        page.goto(f"{pages.address}/worklist?station=nowhere")
        shows(page.locator(".empty a.button"))
        shoot(page, f"worklist-empty-{language}")
