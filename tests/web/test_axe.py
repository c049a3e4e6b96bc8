"""No page breaks a rule of accessibility that axe knows, light or dark, at a desk or on a phone;
no control lies outside the screen."""

from pathlib import Path

import pytest

from tests.web.viewing import SCREENS, open_study, reader

AXE = Path(__file__).parents[2] / "out/axe/package/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "/worklist": "radiologist",
    "/now": "radiologist",
    "/worklist?priority=urgent&finding=Hernia&searched=1": "radiologist",
    "/upload": "nurse",
    "/help": "nurse",
    "/down": "nurse",
    "/account": "radiologist",
    "/phrases": "radiologist",
    "/worklist?view=signed": "radiologist",
    "/people": "administrator",
    "/stations": "administrator",
    "/audit": "administrator",
    "/system": "administrator",
    "/deliveries": "administrator",
    "/nowhere": "nurse",
}

CONTROLS = "a[href], button, input, select, textarea, summary"
OUTSIDE = """(controls) => [...document.querySelectorAll(controls)]
  .filter((one) => !one.closest(".unseen, .skip") && one.checkVisibility())
  .filter((one) => { const { left, right } = one.getBoundingClientRect();
    return left < 0 || right > innerWidth + 0.5; })
  .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="session")
def axe():
    if not AXE.is_file():
        pytest.skip("needs axe-core (make test-browser)")
    return AXE.read_text("utf-8")


def violations(page, axe):
    """What axe finds, as rule and place."""
    page.evaluate(axe)
    found = page.evaluate("(tags) => axe.run({runOnly: tags})", RULES)
    return [
        (one["id"], node["target"], node["failureSummary"])
        for one in found["violations"]
        for node in one["nodes"]
    ]


def looked_at(page, axe, name):
    """Everywhere that it is looked at, and what is wrong there."""
    for screen, (width, height) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, axe) == [], (name, screen, scheme)
        assert page.evaluate(OUTSIDE, CONTROLS) == [], (name, screen)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, screen)


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("who", sorted(set(PAGES.values())))
def test_no_page_breaks_a_rule(browser, pages, real, axe, who, language):
    with reader(browser, pages, who, language=language) as page:
        page.forgiven.add(404)
        for path in (path for path, its in PAGES.items() if its == who):
            page.goto(f"{pages.address}{path}")
            looked_at(page, axe, path)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_no_study_breaks_a_rule(browser, pages, real, sent, axe, language):
    with reader(browser, pages, language=language) as page:
        for film in (real, sent(ViewPosition="LL")):
            open_study(page, pages, film)
            looked_at(page, axe, film["outcome"])
            if film is real:
                page.keyboard.press("h")
                page.wait_for_selector("#legend:not([hidden])")
                page.locator(".adjust > summary").press("Enter")
                looked_at(page, axe, "heatmap and popover")


def test_signing_in_breaks_no_rule(browser, pages, axe):
    page = browser.new_page()
    page.goto(f"{pages.address}/sign-in")
    looked_at(page, axe, "sign-in")
    page.close()
