"""What needs somebody now is one tap away, and stands there soon after it came."""

import time

import pytest

from cxr_triage.language import say
from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.store.records import EVERYWHERE, ReviewDraft
from tests.api.serving import PASSWORD
from tests.web.conftest import send_real, serving_pages
from tests.web.viewing import reader, shoot

WITHIN_MS = 10_000


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A service of its own: its numbers are known."""
    with serving_pages(tmp_path_factory.mktemp("now")) as server:
        yield server


def signed(pages, film, impression):
    """As by a doctor elsewhere."""
    with pages.store() as store:
        doctor = next(one for one in store.accounts.people() if one.role == "radiologist")
        said = ReviewDraft(assessment_id=film["id"], impression=impression)
        saved = store.save_review(
            said, EVERYWHERE, reader_id=doctor.id, version=0,
            audit=entry(Action.REVIEW_SAVED, SYSTEM),
        )  # fmt: skip
        store.sign_review(
            film["id"], EVERYWHERE, reader_id=doctor.id, version=saved.version,
            audit=entry(Action.REVIEW_SIGNED, SYSTEM),
        )  # fmt: skip


def test_what_comes_and_what_is_answered_stands_there_soon(browser, pages, sent):
    nurse = reader(browser, pages, "nurse", language="vi", screen="phone")
    with reader(browser, pages) as desk, nurse as phone:
        desk.goto(f"{pages.address}/worklist?view=all")
        phone.goto(f"{pages.address}/now")
        phone.wait_for_selector(".empty")
        phone.wait_for_function("document.querySelector('link[rel=icon]').href.startsWith('http')")
        began = time.monotonic()
        urgent = send_real(pages)
        assert urgent["priority"] == "urgent"
        phone.wait_for_selector(f"#s-{urgent['study_id']}", timeout=WITHIN_MS)
        desk.wait_for_selector(f"#list #s-{urgent['study_id']}", timeout=WITHIN_MS)
        assert time.monotonic() - began < 25, "two pages, ten seconds each, and the film itself"
        assert phone.title().startswith("(1) ")
        assert phone.inner_text("#calls") == "1"
        assert phone.get_attribute("link[rel=icon]", "href").startswith("data:image/svg+xml")
        assert say("next_step.urgent", "vi") in phone.inner_text(".calls")
        shoot(phone, "now-vi-phone")

        desk.locator("#list .open").first.focus()
        desk.evaluate("window.mark = document.activeElement.closest('tr').id; scrollTo(0, 40)")
        signed(pages, urgent, "Khối ở thuỳ trên phổi phải.")
        phone.wait_for_selector(f"#a-{urgent['study_id']}", timeout=WITHIN_MS)
        answer = phone.inner_text("#rows")
        assert "Khối ở thuỳ trên phổi phải." in answer
        assert say("next_step.signed", "vi") in answer
        desk.wait_for_function(
            "document.querySelector('.state').textContent.trim() === 'Signed' || !window.mark",
            timeout=WITHIN_MS,
        )
        assert desk.evaluate("document.activeElement.closest('tr')?.id === window.mark")
        phone.click("form[action='/now/seen'] button")
        phone.wait_for_selector(".empty")
        phone.wait_for_function("!document.title.startsWith('(')")


def test_without_events_pages_ask_from_time_to_time(browser, pages, sent):
    with reader(browser, pages, "nurse", language="vi", screen="phone") as phone:
        phone.forgiven |= {503}
        phone.route("**/now/events", lambda route: route.fulfill(status=503, body="{}"))
        phone.goto(f"{pages.address}/now")
        film = sent(AccessionNumber="POLLED")
        if film["priority"] in {"critical", "urgent"}:
            phone.wait_for_selector(f"#s-{film['study_id']}", timeout=WITHIN_MS)
        signed(pages, film, "Tim to.")
        phone.wait_for_selector(f"#a-{film['study_id']}", timeout=WITHIN_MS)


def test_a_stream_ends_with_the_session_and_with_the_service(pages):
    with pages.nobody() as client:
        said = client.post("/v1/session", json={"name": "nurse", "password": PASSWORD}).json()
        client.headers["X-CSRF-Token"] = said["csrf"]
        with client.stream("GET", "/now/events") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry:")
            assert client.get("/now/calls").json().keys() == {
                "critical", "urgent", "answers", "newest"
            }  # fmt: skip
            began = time.monotonic()
            assert client.delete("/v1/session").status_code == 204
            assert all(not line or line.startswith((":", "data:")) for line in lines)
            assert time.monotonic() - began < 10
    with pages.person("administrator") as client:
        for path in ("/now", "/now/calls", "/now/events"):
            assert client.get(path).status_code == 403
    with pages.person("radiologist") as client, client.stream("GET", "/now/events") as stream:
        assert next(stream.iter_lines()).startswith("retry:")
        began = time.monotonic()
        pages.stop()
        assert time.monotonic() - began < 10, "it does not wait for pages that only listen"
    pages.start()
