"""A reader looks first, in the browser."""

import pytest

from cxr_triage.language import say
from tests.web.conftest import serving_pages
from tests.web.viewing import open_study, reader, shoot

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Its own: what the radiologist chooses stays chosen."""
    with serving_pages(tmp_path_factory.mktemp("look")) as server:
        yield server


def choose(page, pages, mode):
    page.goto(f"{pages.address}/account")
    page.check(f"[name=first_look][value={mode}]")
    page.click("form[action='/account/first-look'] button")
    page.wait_for_url("**done=first_look")


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_ai_is_shown_once_the_reader_has_said_what_they_see(
    browser, pages, sent, language, screen
):
    one = sent()
    with reader(browser, pages, language=language, screen=screen) as page:
        choose(page, pages, "until_opinion")
        shoot(page, f"look-setting-{language}-{screen}")
        page.goto(f"{pages.address}/worklist")
        row = page.inner_text(f"#s-{one['study_id']}")
        assert say("look.list", language) in row
        assert say(f"priority.{one['priority']}", language) not in row
        shoot(page, f"look-list-{language}-{screen}")
        open_study(page, pages, one)
        assert page.locator(".finding, [data-heatmap], #legend").count() == 0
        shoot(page, f"look-{language}-{screen}")
        page.keyboard.press("x")
        page.wait_for_selector(".by-ai")
        said = say("look.opinion.abnormal", language)
        assert say("look.said", language, opinion=said) in page.inner_text(".by-ai")
        assert page.locator(".finding").count() > 3
        shoot(page, f"looked-{language}-{screen}")


def test_one_may_read_and_sign_without_ever_asking(browser, pages, sent):
    one = sent()
    with reader(browser, pages) as page:
        choose(page, pages, "until_asked")
        open_study(page, pages, one)
        page.keyboard.press("o")
        page.wait_for_selector("#look:not(:has([data-opinion]))")
        page.fill("#impression", "Normal")
        page.check("[name=priority][value=none]", force=True)
        page.click("[data-action=sign]")
        page.click("#signing button[value=sign]")
        page.wait_for_selector("#review-form[data-kind=addendum]", state="attached")
        assert page.locator(".finding").count() == 0
        page.keyboard.press("y")
        page.wait_for_selector(".by-ai")
        assert page.locator(".finding").count() > 3
