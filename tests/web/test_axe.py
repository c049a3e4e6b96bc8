"""No page breaks a rule of accessibility that axe calls serious or critical."""

from pathlib import Path

import pytest

from tests.web.viewing import open_study, reader

AXE = Path(__file__).parents[2] / "out/axe/package/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "/worklist": "radiologist",
    "/worklist?priority=urgent&finding=Hernia&searched=1": "radiologist",
    "/upload": "nurse",
    "/help": "nurse",
    "/account": "nurse",
    "/phrases": "radiologist",
    "/worklist?view=signed": "radiologist",
    "/people": "administrator",
    "/stations": "administrator",
    "/nowhere": "nurse",
}


@pytest.fixture(scope="session")
def axe():
    if not AXE.is_file():
        pytest.skip("needs axe-core (make test-browser)")
    return AXE.read_text("utf-8")


def serious(page, axe):
    """What axe finds, as rule and place."""
    page.evaluate(axe)
    found = page.evaluate("(tags) => axe.run({runOnly: tags})", RULES)
    return [
        (one["id"], node["target"], node["failureSummary"])
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_serious_rule(browser, pages, real, axe, path, language, screen):
    with reader(browser, pages, PAGES[path], language=language, screen=screen) as page:
        page.forgiven.add(404)
        page.goto(f"{pages.address}{path}")
        assert serious(page, axe) == []


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_study_breaks_no_serious_rule(browser, pages, real, sent, axe, language, screen):
    with reader(browser, pages, language=language, screen=screen) as page:
        for film in (real, sent(ViewPosition="LL")):
            open_study(page, pages, film)
            assert serious(page, axe) == []


def test_signing_in_breaks_no_serious_rule(browser, pages, axe):
    page = browser.new_page()
    page.goto(f"{pages.address}/sign-in")
    assert serious(page, axe) == []
    page.close()
