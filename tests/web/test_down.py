"""When the service does not answer: a sheet that was printed, and a page that says since when."""

import io

import pytest
from pypdf import PdfReader

from cxr_triage.language import say
from tests.web.conftest import serving_pages
from tests.web.viewing import reader, shoot


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A service that these tests stop."""
    folder = tmp_path_factory.mktemp("down")
    with serving_pages(folder, down_contacts="BS. trực: 0900 000 001; Tin học: 0900 000 002") as it:
        yield it


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_sheet_is_one_page_and_says_whom_to_call(browser, pages, language):
    with reader(browser, pages, "nurse", language=language) as page:
        page.goto(f"{pages.address}/help")
        page.click("a[href='/down']")
        page.wait_for_selector("h1")
        assert page.is_hidden("#since")
        text = page.inner_text("main")
        assert "0900 000 001" in text
        assert "North" in text
        assert "nurse" not in text, "the browser keeps it for whoever comes"
        page.emulate_media(color_scheme="dark")
        paper = page.pdf(prefer_css_page_size=True)
        assert len(PdfReader(io.BytesIO(paper)).pages) == 1
        shoot(page, f"down-{language}")


def test_the_page_stands_in_for_the_service_and_goes_away_with_it(browser, pages):
    with reader(browser, pages, "nurse", language="vi", workers="allow") as page:
        page.forgiven |= {"ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE"}
        page.goto(f"{pages.address}/worklist")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.goto(f"{pages.address}/worklist")
        port = pages.port
        pages.port = int(pages.address.rpartition(":")[2])
        pages.stop()
        page.goto(f"{pages.address}/worklist")
        page.wait_for_selector("#since:not([hidden])")
        said = page.inner_text("#since")
        assert say("down.since", "vi", name="").split(":")[0] in said
        assert page.inner_text("#since").count("/") == 2, "with the day"
        assert "0900 000 001" in page.inner_text("main")
        pages.start()
        page.wait_for_selector("h1:has-text('Danh sách đọc phim')", timeout=15_000)
        pages.port = port
