"""A browser on study pages: who looks, in which language, on which screen, at which film."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.api.serving import PASSWORD

SCREENS = {"desk": (1366, 768), "phone": (390, 844)}
SHOTS = Path("out/screenshots")


@contextmanager
def reader(browser, served, who="radiologist", *, language="en", screen="desk", workers="block"):
    """A page of somebody who has signed in; at its end nothing may have gone wrong.

    workers: "allow" lets the browser keep the page for when the service does not answer.

    `page.forgiven`: statuses of answers, or network errors, that a test provokes.
    """
    width, height = SCREENS[screen]
    context = browser.new_context(
        service_workers=workers,
        viewport={"width": width, "height": height},
        has_touch=screen == "phone",
        locale={"en": "en-GB", "vi": "vi-VN"}[language],
    )
    page = context.new_page()
    page.forgiven, troubles, outside = set(), [], []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: _note(said, page, troubles))
    page.on("request", lambda sent: outside.append(sent.url) if _leaves(sent.url, served) else None)
    answer = context.request.post(
        f"{served.address}/v1/session", data={"name": who, "password": PASSWORD}
    )
    assert answer.status == 200, answer.text()
    page.goto(f"{served.address}/account")
    if page.evaluate("document.documentElement.lang") != language:
        page.click(f"button[name=language][value={language}]")
    yield page
    assert not troubles, troubles
    assert not outside, outside
    context.close()


def sign_in(page, served, who):
    """By the page that people use; `reader` comes in faster."""
    page.goto(f"{served.address}/sign-in?next=/account")
    page.fill("#name", who)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/account")


def search(page, served, text):
    """The worklist's answer to what is typed there, once its address says nothing of it."""
    page.goto(f"{served.address}/worklist")
    page.fill("#text", text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/worklist*searched=1*")


def open_study(page, served, assessment, *, query=""):
    """The study's page with its film at full depth on the screen."""
    page.goto(f"{served.address}/studies/{assessment['study_id']}{query}")
    page.wait_for_selector("#screen[data-ready]", timeout=20000)
    assert page.get_attribute("#screen", "data-ready") == "full"


def frame(page):
    """Let what was asked for be drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_timeout(200)


def shows(locator, count=None):
    """Such an element is seen, or so many are there, once the page that was asked for has come.

    A click waits for the answer to begin, not for the page to be whole.
    """
    expect = pytest.importorskip("playwright.sync_api").expect
    if count is None:
        expect(locator.first).to_be_visible()
    else:
        expect(locator).to_have_count(count)


def greys(page, points):
    """Grey of the film's canvas at pixels (x, y) of the canvas."""
    return page.evaluate(
        """(points) => {
          const context = document.getElementById("film").getContext("2d");
          return points.map(([x, y]) => context.getImageData(x, y, 1, 1).data[0]);
        }""",
        points,
    )


def view(page):
    """{scale, x, y} of the film on the canvas, and the window in force."""
    return page.evaluate(
        """() => {
          const { view, film, overlay } = document.getElementById("screen").stage;
          return {
            scale: view.scale, x: Math.round(view.x), y: Math.round(view.y), size: film.size,
            ...film.effectiveWindow, box: overlay.showBox,
          };
        }"""
    )


def shoot(page, name):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SHOTS / f"{name}.png"))


def _note(said, page, troubles):
    ours = "readback" in said.text  # the tests read canvases, the page does not
    ours = ours or "blocked by Playwright" in said.text
    provoked = any(f" {one} " in f"{said.text} ".replace("::", " ") for one in page.forgiven)
    if said.type in {"error", "warning"} and not (ours or provoked):
        troubles.append(said.text)


def _leaves(url, served):
    return not url.startswith((served.address, "data:", "blob:"))
