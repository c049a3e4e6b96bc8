"""A person at a browser: real Chromium, signed in, watched for everything that must not be."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from ..api.serving import PASSWORD, Served

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "out/screenshots"
CHROMIUM = Path(os.environ.get("CXR_TRIAGE_CHROMIUM", "/usr/bin/chromium"))
AXE = Path(os.environ.get("CXR_TRIAGE_AXE", ROOT / "out/axe/package/axe.min.js"))

DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
SIZES = {"desk": DESK, "phone": PHONE}
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@dataclass
class Watch:
    """What a browser reports while a test runs. allowed: parts of complaints that a test means
    to bring about (an answer of 4xx is one)."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._asked)

    def _said(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _asked(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.complaints.append(f"left the origin: {parts.netloc}")

    def unexpected(self) -> list[str]:
        return [
            one for one in self.complaints if not any(allowed in one for allowed in self.allowed)
        ]


@dataclass
class Person:
    """One browser of one person, in one language, of one size."""

    context: BrowserContext
    page: Page
    watch: Watch
    served: Served
    language: str
    size: str

    def open(self, path: str) -> Page:
        """Go there, and wait until nothing loads any more."""
        self.page.goto(f"{self.served.address}{path}", wait_until="load")
        return self.page

    def picture(self, name: str, *, whole: bool = True) -> Path:
        """A screenshot, kept under out/screenshots."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = SCREENSHOTS / f"{name}-{self.language}-{self.size}.png"
        self.page.screenshot(path=file, full_page=whole)
        return file

    def barriers(self) -> list[str]:
        """What axe-core finds serious or critical on the page."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("async () => (await axe.run(document)).violations")
        return [
            f"{one['id']}: {one['help']} ({node['html'][:160]})"
            for one in found
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"][:3]
        ]

    def scrolls_sideways(self) -> bool:
        """Is the page wider than the window?"""
        return self.page.evaluate(
            "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )


def visitor(
    browser: Browser, served: Served, *, language: str = "en", size: str = "desk"
) -> Person:
    """Somebody who has not signed in; the browser prefers their language."""
    context = browser.new_context(
        viewport=SIZES.get(size, NARROW),
        locale={"en": "en-GB", "vi": "vi-VN"}[language],
        has_touch=size != "desk",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    watch = Watch(origin=served.address)
    watch.over(page)
    return Person(
        context=context, page=page, watch=watch, served=served, language=language, size=size
    )


def sign_in(person: Person, name: str, password: str = PASSWORD) -> Person:
    """By the form, as people do; then in the person's language by its button."""
    page = person.open("/sign-in")
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("form[action='/sign-in'] button")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    if page.get_attribute("html", "lang") != person.language:
        page.click(f".languages button[value={person.language}]")
        page.wait_for_selector(f"html[lang={person.language}]")
    return person
