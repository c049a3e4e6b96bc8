"""A study's report in a browser: it opens from the study, prints on A4, leaves nobody out."""

import io

import pytest
from pypdf import PdfReader

from cxr_triage.language import LANGUAGES, say
from tests.web.test_axe import AXE, looked_at
from tests.web.viewing import SHOTS, open_study, reader

A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def read(pages, real):
    """The real radiograph with a reading that is saved, not signed."""
    reading = {
        "action": "save", "version": 0, "verdicts": {}, "missed": ["Fracture"], "overall": "agree",
        "note": "Đề nghị chụp CT ngực.", "impression": "Nhiều nốt rải rác hai phổi.",
    }  # fmt: skip
    with pages.person("radiologist") as doctor:
        answer = doctor.post(f"/v1/assessments/{real['id']}/reviews", json=reading)
        assert answer.status_code in (201, 409), answer.text
    return real


def address_of(pages, found, suffix="") -> str:
    return f"{pages.address}/studies/{found['study_id']}/report{suffix}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_usual_study_prints_on_one_sheet_of_a4(browser, pages, read, language):
    with reader(browser, pages, language=language) as page:
        page.goto(address_of(pages, read))
        assert page.get_attribute("html", "lang") == language
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"report-{language}.png", full_page=True)
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
    (SHOTS / f"report-printed-{language}.pdf").write_bytes(printed)
    (sheet,) = PdfReader(io.BytesIO(printed)).pages
    assert tuple(map(round, sheet.mediabox[2:])) == A4_POINTS
    text = " ".join(sheet.extract_text().split())
    assert text.count(say("paper.unsigned", language)) == 2
    assert say("intended_use", language) in text


def test_further_sheets_say_it_too(browser, pages, sent):
    one = {"StudyInstanceUID": "1.2.826.0.1.3680043.10.1488.1.990001", "PatientID": "FURTHER"}
    first, *_ = [sent(**one) for _ in range(3)]
    with reader(browser, pages) as page:
        page.goto(address_of(pages, first))
        printed = page.pdf(prefer_css_page_size=True)
    sheets = PdfReader(io.BytesIO(printed)).pages
    assert len(sheets) > 1
    for sheet in sheets:
        text = " ".join(sheet.extract_text().split())
        assert say("paper.unsigned", "en") in text
        assert say("intended_use", "en") in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_breaks_no_rule_and_fits_the_screen(browser, pages, read, language):
    if not AXE.is_file():
        pytest.skip("needs axe-core (make test-browser)")
    with reader(browser, pages, language=language) as page:
        page.goto(address_of(pages, read))
        looked_at(page, AXE.read_text("utf-8"), "report")
        page.screenshot(path=SHOTS / f"report-{language}.png", full_page=True)


def test_it_is_dark_on_a_dark_screen_and_white_on_paper(browser, pages, read):
    with reader(browser, pages) as page:
        for path in (f"/studies/{read['study_id']}/report", "/worklist"):
            page.emulate_media(color_scheme="dark", media="screen")
            page.goto(f"{pages.address}{path}")
            assert lightness(page) < 60
            page.emulate_media(color_scheme="dark", media="print")
            assert lightness(page) > 200
        page.emulate_media(color_scheme="light", media="screen")
        page.goto(f"{pages.address}/account")
        assert lightness(page) > 200
        page.check("[name=scheme][value=dark]")
        page.click("form[action='/scheme'] button")
        page.wait_for_selector("html[data-scheme=dark]")
        assert lightness(page) < 60


def lightness(page):
    """Of the ground that most of the page stands on, 0 to 255."""
    return page.evaluate(
        """() => {
          for (const one of document.querySelectorAll(".sheet, body")) {
            const ground = getComputedStyle(one).backgroundColor.match(/[\\d.]+/g).map(Number);
            if (ground.length === 3) return (ground[0] + ground[1] + ground[2]) / 3;
          }
          return 255;
        }"""
    )


def test_the_study_leads_to_it_and_it_to_its_pdf_and_its_other_language(browser, pages, read):
    with reader(browser, pages) as page:
        open_study(page, pages, read)
        page.click("a[href$='/report']")
        page.wait_for_selector("h1")
        page.click("a[hreflang=vi]")
        page.wait_for_selector("html[lang=vi]")
        link = page.get_attribute("a[href^='report.pdf']", "href")
        answer = page.request.get(address_of(pages, read).rpartition("/")[0] + f"/{link}")
        kind, found = answer.headers["content-type"], PdfReader(io.BytesIO(answer.body()))
    assert kind == "application/pdf"
    assert len(found.pages) == 1
    assert "Nhiều nốt rải rác hai phổi." in " ".join(found.pages[0].extract_text().split())


def test_who_has_not_signed_in_is_led_there(pages, read):
    with pages.nobody() as nobody:
        answer = nobody.get(f"/studies/{read['study_id']}/report", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")
