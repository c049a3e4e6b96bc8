"""What a radiologist does two hundred times a day, with the keyboard alone."""

import signal
import time

import pytest

from cxr_triage.language import say
from tests.api.films import film
from tests.api.serving import Served, assessment, send
from tests.web.conftest import serving_pages
from tests.web.viewing import open_study, reader, shoot

pytestmark = pytest.mark.browser
FILMS = 10


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Its own list."""
    with serving_pages(tmp_path_factory.mktemp("room")) as server:
        yield server


@pytest.fixture
def ten(pages, film_numbers):
    with pages.client() as client:
        return [assessment(send(client, film(next(film_numbers)))) for _ in range(FILMS)]


class Keys:
    """Counts what is pressed."""

    def __init__(self, page):
        self.page = page
        self.pressed = 0

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1


def study_of(page):
    return page.url.partition("/studies/")[2].partition("?")[0]


def shown(page):
    page.wait_for_selector("#screen[data-ready=full]", timeout=20000)


def state_of(pages, study):
    with pages.person("radiologist") as client:
        return client.get(f"/v1/studies/{study}").json()


def wait_signed(pages, studies, seconds=25):
    until = time.monotonic() + seconds
    left = set(studies)
    with pages.person("radiologist") as client:
        while left and time.monotonic() < until:
            found = {one: client.get(f"/v1/studies/{one}").json()["study"]["state"] for one in left}
            left = {one for one, state in found.items() if state != "signed"}
            time.sleep(0.3)
    assert left == set()


def test_ten_studies_are_read_and_signed_with_few_keys_and_none_is_lost(browser, pages, ten):
    wanted = {one["study_id"] for one in ten}
    with reader(browser, pages) as page:
        page.goto(f"{pages.address}/worklist")
        keys = Keys(page)
        keys.press("ArrowDown", "Enter")
        page.wait_for_url("**/studies/**")
        seen, corrected = [], None
        for number in range(FILMS):
            study = study_of(page)
            assert study not in seen
            seen.append(study)
            before = keys.pressed
            shown(page)
            if number == 4:
                corrected = study
                keys.press("p", "ArrowRight", "Escape", "t")
                page.keyboard.type("Tràn dịch màng phổi phải")
                keys.press("Control+Enter")
            else:
                keys.press("g", "n")
                assert keys.pressed - before <= 6
            page.wait_for_url(lambda url, study=study: study not in url)
        assert set(seen) == wanted
        assert "/worklist" in page.url
        shoot(page, "read-everything")
    wait_signed(pages, wanted)
    for study in wanted:
        [review] = state_of(pages, study)["reviews"]
        if study == corrected:
            assert review["impression"] == "Tràn dịch màng phổi phải"
            assert review["priority"] == "urgent"
            assert not review["agrees"]
        else:
            assert review["agrees"]
            assert review["priority"]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_signature_is_taken_back_before_it_counts(browser, pages, sent, language):
    one, _ = sent(), sent()
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, one)
        page.keyboard.press("g")
        page.keyboard.press("n")
        page.wait_for_selector("#given button")
        assert one["study_id"] not in page.url
        shoot(page, f"given-{language}")
        page.keyboard.press("Control+z")
        page.wait_for_url(f"**/studies/{one['study_id']}**")
        page.wait_for_selector("#review-form")
        assert page.is_checked("[name=agrees]")
    time.sleep(12)
    [review] = state_of(pages, one["study_id"])["reviews"]
    assert (review["signed_at"], review["signs_at"]) == (None, None)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_what_counts_is_withdrawn_with_a_reason(browser, pages, sent, language):
    one = sent()
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, one)
        page.fill("#impression", "Không thấy tổn thương")
        page.check("[name=priority][value=routine]", force=True)
        page.click("[data-action=sign]")
        page.click("#signing button[value=sign]")
        page.click(".withdraw summary")
        page.fill("#withdraw-why", "Nhầm phim")
        shoot(page, f"withdraw-{language}")
        page.click("#withdraw-form button")
        page.wait_for_selector("#review-form[data-kind=reading]")
        assert "Nhầm phim" in page.inner_text("#known")
    found = state_of(pages, one["study_id"])
    assert found["study"]["state"] == "changed"
    assert found["study"]["decided_by"] == ""


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_doctors_priority_comes_first_everywhere(browser, pages, sent, language, screen):
    one = sent()
    theirs = "critical" if one["priority"] != "critical" else "routine"
    with reader(browser, pages, language=language, screen=screen) as page:
        open_study(page, pages, one)
        page.check(f"[name=priority][value={theirs}]", force=True)
        page.fill("#impression", "Cần xử trí ngay")
        page.click(".corrections summary")
        page.fill("#others", "Ống dẫn lưu màng phổi\nClip phẫu thuật")
        page.click("[data-action=sign]")
        page.click("#signing button[value=sign]")
        page.wait_for_selector("#addendum", state="attached")
        open_study(page, pages, one)
        first = page.inner_text(".panel .decided")
        assert say(f"priority.{theirs}", language) in first
        assert "Cần xử trí ngay" in first
        shoot(page, f"decided-{language}-{screen}")
        page.goto(f"{pages.address}/worklist?view=signed")
        row = page.inner_text(f"#s-{one['study_id']} .which")
        assert row.index(say(f"priority.{theirs}", language)) < row.index("AI:")
        shoot(page, f"signed-list-{language}-{screen}")
        page.goto(f"{pages.address}/studies/{one['study_id']}/report?without_name=1")
        head = page.inner_text("main")
        assert head.index(say("paper.own_priority", language)) < head.index(
            say("paper.triage", language)
        )
        assert head.index("Cần xử trí ngay") < head.index(say("paper.triage", language))
        assert "Ống dẫn lưu màng phổi" in page.inner_text("main")
        shoot(page, f"decided-report-{language}-{screen}")


def test_few_stops_of_the_tab_key_lie_before_the_impression(browser, pages, sent):
    with reader(browser, pages) as page:
        open_study(page, pages, sent())
        page.focus(".panel")
        stops = 0
        while page.evaluate("document.activeElement.id") != "impression":
            page.keyboard.press("Tab")
            stops += 1
            assert stops <= 10
        assert stops > 3


def test_drafts_and_signed_studies_are_told_on_the_list(browser, pages, sent):
    draft, signed = sent(), sent()
    with pages.person("radiologist") as client:
        for one, action in ((draft, "save"), (signed, "sign")):
            body = {"action": action, "impression": "x", "priority": "routine"}
            answer = client.post(f"/v1/assessments/{one['id']}/reviews", json=body)
            assert answer.status_code == 201
    with reader(browser, pages) as page:
        page.goto(f"{pages.address}/worklist")
        assert page.is_visible(f"#s-{draft['study_id']} .draft")
        assert page.locator(f"#s-{signed['study_id']}").count() == 0
        assert page.locator(".views [aria-current]").inner_text().startswith("To read")
        shoot(page, "to-read")
        page.click(".views a:has-text('Signed')")
        page.wait_for_url("**view=signed**")
        waited = page.inner_text(f"#s-{signed['study_id']} .waiting")
        assert "read after" in waited
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/worklist")
        assert page.locator(f"#s-{signed['study_id']}").count() == 1


def test_the_service_that_stops_before_a_signature_counts_signs_when_it_is_on_again(pages, sent):
    one = sent()
    with pages.person("radiologist") as client:
        body = {"action": "sign_soon", "agrees": True, "priority": "routine"}
        answer = client.post(f"/v1/assessments/{one['id']}/reviews", json=body)
        assert answer.json()["signs_at"]
    pages.process.kill()
    assert pages._end() == -signal.SIGKILL
    pages.start()
    wait_signed(pages, [one["study_id"]])


@pytest.mark.parametrize("language", ["en", "vi"])
def test_two_who_open_the_same_study_see_it(browser, pages, sent, language):
    one = sent()
    with (
        reader(browser, pages, "clinician") as first,
        reader(browser, pages, language=language) as page,
    ):
        open_study(first, pages, one)
        first.wait_for_timeout(500)
        assert first.is_hidden("#claimed")
        open_study(page, pages, one)
        page.wait_for_selector("#claimed:not([hidden])")
        assert "clinician" in page.inner_text("#claimed")
        shoot(page, f"claimed-{language}")
        page.goto(f"{pages.address}/worklist?view=being_read")
        assert "clinician" in page.inner_text(f"#s-{one['study_id']} .state")
        first.goto(f"{pages.address}/worklist")
        open_study(page, pages, one)
        page.wait_for_timeout(500)
        assert page.is_hidden("#claimed")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_ai_was_wrong_is_said_with_two_keys(browser, pages, sent, language):
    one = sent()
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, one)
        page.keyboard.press("e")
        page.wait_for_selector("#wrong[open]")
        shoot(page, f"wrong-{language}")
        page.keyboard.press("2")
        page.wait_for_selector("#wrong:not([open])", state="attached")
        said = page.inner_text("#incidents")
        assert say("incident.false", language) in said
        page.reload()
        assert page.inner_text("#incidents") == said


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_slash_puts_a_text_into_the_impression(browser, pages, sent, language):
    one, name = sent(), say("phrase.normal.name", language)
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, one)
        page.keyboard.press("t")
        page.keyboard.type("Tim: 1/2. /")
        page.wait_for_selector("#phrases:not([hidden])")
        page.keyboard.type(name[:3])
        shoot(page, f"phrases-{language}")
        page.keyboard.press("Enter")
        written = page.input_value("#impression")
        assert written == "Tim: 1/2. " + say("phrase.normal", language)
        page.click("[data-favour]")
        page.wait_for_selector("[data-favour]:has-text(':')")
        page.fill("#impression", "")
        page.keyboard.type("/tim")
        page.wait_for_selector("#phrases:not([hidden])")
        assert page.inner_text("#phrases li:first-child").startswith("Tim: 1/2.")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "impression"
        page.evaluate("sessionStorage.clear()")
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{pages.address}/phrases")
        assert "Tim: 1/2." in page.inner_text("table")
        shoot(page, f"phrases-page-{language}")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_station_is_told_that_nobody_is_on_duty(browser, tmp_path, language):
    other = ["mo", "tu", "we", "th", "fr", "sa", "su"][(time.localtime().tm_wday + 3) % 7]
    hours = {"duty_hours": f"{other} 00:00-00:01", "duty_contact": "BV huyện 115"}
    server = Served(tmp_path, workers=1, **hours)
    with reader(browser, server, "nurse", language=language) as page:
        for path in ("/worklist", "/upload"):
            page.goto(f"{server.address}{path}")
            page.wait_for_selector("#ringing:not([hidden])")
            assert "BV huyện 115" in page.inner_text("#ringing")
            shoot(page, f"off-duty-{language}{path.replace('/', '-')}")
    assert server.stop() == -signal.SIGTERM
