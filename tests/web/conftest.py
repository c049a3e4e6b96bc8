"""A live service with a filled worklist, and people who look at it with real Chromium."""

import os
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from ..api.serving import Served
from .filling import fill

try:
    from playwright.sync_api import Browser, sync_playwright

    from .browsing import ARGUMENTS, AXE, CHROMIUM, Person, sign_in, visitor
except ImportError:
    sync_playwright = None


def pytest_collection_modifyitems(items):
    """What needs a browser says so, and how to get one."""
    missing = _missing()
    for item in items:
        if item.get_closest_marker("browser") and missing:
            item.add_marker(pytest.mark.skip(reason=f"make test-browser: {missing} is missing"))


def _missing() -> str:
    if sync_playwright is None:
        return "Playwright"
    return next((file.name for file in (CHROMIUM, AXE) if not file.is_file()), "")


@pytest.fixture(scope="session")
def web_served(tmp_path_factory) -> Iterator[Served]:
    """A service that tests do not harm, with the studies of `filling`."""
    server = Served(tmp_path_factory.mktemp("web"), workers=2)
    fill(server)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator["Browser"]:
    """One Chromium for all tests; each person has a context of their own."""
    home = str(tmp_path_factory.mktemp("home"))
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, env=os.environ | {"HOME": home}
        )
        yield chromium
        chromium.close()


@pytest.fixture
def people(browser, web_served) -> Iterator["Callable[..., Person]"]:
    """Makes somebody: people("radiologist", language="vi", size="phone"); None has not signed
    in. At the end nobody's browser may have complained."""
    made: list[Person] = []

    def one(name: str | None, *, language="en", size="desk", served=web_served) -> Person:
        person = visitor(browser, served, language=language, size=size)
        made.append(person)
        return person if name is None else sign_in(person, name)

    yield one
    complaints = [complaint for person in made for complaint in person.watch.unexpected()]
    for person in made:
        person.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def fresh_numbers():
    """A number for each film that a test sends, never twice."""
    return count(9000)
