"""One browser for all tests of pages, and one service."""

import shutil
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.api.films import film
from tests.api.serving import Served, assessment, send
from tests.conftest import real_image

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="needs a browser (make test-browser)")
    if CHROMIUM is None:
        pytest.skip("needs a browser (make test-browser)")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving_pages(folder, **settings):
    """A service with its pages."""
    server = Served(folder, workers=2, **settings)
    yield server
    assert server.stop() == -signal.SIGTERM


def send_real(pages):
    """The result of the real radiograph."""
    with pages.client() as client:
        return assessment(send(client, Path(real_image("RG1_UNCR")).read_bytes()))


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    with serving_pages(tmp_path_factory.mktemp("pages")) as server:
        yield server


@pytest.fixture(scope="session")
def real(pages):
    return send_real(pages)


@pytest.fixture
def sent(pages, film_numbers):
    """Sends a film of its own with such attributes; its result."""

    def send_one(**attributes):
        with pages.client() as client:
            return assessment(send(client, film(next(film_numbers), **attributes)))

    return send_one


@pytest.fixture(scope="session")
def film_numbers():
    return iter(range(5000, 9000))


def pytest_collection_modifyitems(items):
    """Whatever opens a browser has its marker."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
