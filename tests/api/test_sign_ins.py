"""Signing in over HTTP: a known browser, and a worklist that goes on while many sign in."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from cxr_triage.api.platform.cookies import BROWSER

from .serving import PASSWORD, Served


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Its own: wrong passwords slow an address down."""
    server = Served(tmp_path_factory.mktemp("sign-ins"))
    yield server
    server.stop()


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/v1/session", json={"name": name, "password": password})


def test_a_browser_that_signed_in_before_is_let_in_while_others_guess(server):
    with server.nobody() as mine, server.nobody() as theirs:
        assert sign_in(mine, "radiologist").status_code == 200
        token = mine.cookies[BROWSER]
        assert len(token) == 43
        codes = [sign_in(theirs, "radiologist", f"guess {n}").status_code for n in range(9)]
        assert (codes[0], codes[-1]) == (401, 429)
        assert sign_in(theirs, "radiologist").status_code == 429
        again = sign_in(mine, "radiologist")
        assert again.status_code == 200
        assert mine.cookies[BROWSER] == token, "it is the same browser"


def test_readers_do_not_wait_behind_many_who_sign_in(server):
    """Forty-five at once; each takes a processor for some hundredths of a second."""

    def guess(number: int) -> int:
        with server.nobody() as client:
            return sign_in(client, f"nobody{number}", "a wrong password").status_code

    with server.client() as reader, ThreadPoolExecutor(45) as threads:
        guesses = [threads.submit(guess, number) for number in range(45)]
        answers = 0
        while not all(one.done() for one in guesses):
            assert reader.get("/v1/model").status_code == 200
            answers += 1
        assert {one.result() for one in guesses} == {401}
    assert answers > 20
