"""Films are sent in the browser: results as they come, known ones recognised, trouble mended."""

import httpx
import pytest

from cxr_triage.language import say
from tests.api.films import film
from tests.web.viewing import reader, shoot, shows

HOSTILE = "<img src=x onerror=document.title='owned'>.dcm"


def pick(page, *files):
    page.set_input_files(
        "#files",
        [
            {"name": name, "mimeType": "application/octet-stream", "buffer": data}
            for name, data in files
        ],
    )


def settled(page, timeout=60_000):
    open_ = "#queue li.new, #queue li.waiting, #queue li.sending"
    page.wait_for_selector(open_, state="detached", timeout=timeout)
    return page.locator("#queue > li")


@pytest.mark.parametrize("screen", ["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_results_stand_most_urgent_first_and_errors_in_words(
    browser, pages, film_numbers, language, screen
):
    with reader(browser, pages, "nurse", language=language, screen=screen) as page:
        page.forgiven |= {415, 422}
        page.goto(f"{pages.address}/upload")
        broken = film(next(film_numbers))[:20_000]
        lateral = film(next(film_numbers), ViewPosition="LL")
        pick(
            page,
            ("notes.txt", b"no film"),
            ("broken.dcm", broken),
            ("lateral.dcm", lateral),
            (HOSTILE, film(next(film_numbers))),
        )
        rows = settled(page)
        classes = [rows.nth(at).get_attribute("class") for at in range(4)]
        assert classes == ["done", "done", "failed", "skipped"]
        words = [rows.nth(at).inner_text() for at in range(4)]
        assert ("không đánh giá" if language == "vi" else "Not assessed") in "".join(words[:2])
        assert ("Thử lại" if language == "vi" else "Try again") in words[2]
        assert HOSTILE in "".join(words)
        assert "owned" not in page.title()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shoot(page, f"upload-{language}-{screen}")
        said = page.inner_text("#summary")
        assert say("upload.progress", language, done=2, count=4) in said
        assert say("upload.some_skipped", language, count=1) in said
        assert say("upload.some_failed", language, failed=1) in said
        before = rows.first.inner_text()
        rows.first.locator("a").click()
        page.wait_for_url("**/studies/**")
        page.go_back()
        page.wait_for_selector("#queue > li.done >> nth=1")
        assert page.locator("#queue > li.done").count() == 2, "what was sent is there again"
        assert before.split("\n")[0] in page.locator("#queue > li.done").first.inner_text()
        assert HOSTILE not in page.evaluate("Object.values(sessionStorage).join()"), "ids alone"
        page.click("#clear")
        assert page.locator("#queue > li").count() == 0


def test_a_film_that_was_sent_before_is_recognised(browser, pages, film_numbers):
    data = film(next(film_numbers))
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        pick(page, ("first.dcm", data))
        settled(page)
        pick(page, ("second.dcm", data))
        rows = settled(page)
        known = [row for row in rows.all_inner_texts() if "was here already" in row]
        assert len(known) == 1
        links = {one.get_attribute("href") for one in rows.locator("a").all()}
        assert len(links) == 1


def test_a_lost_network_is_waited_for(browser, pages, film_numbers):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        lost = []

        def lose_twice(route):
            if len(lost) < 2:
                lost.append(route)
                route.abort("connectionfailed")
            else:
                route.continue_()

        page.route("**/v1/images", lose_twice)
        page.forgiven.add("ERR_CONNECTION_FAILED")
        pick(page, ("film.dcm", film(next(film_numbers))))
        page.wait_for_selector("text=Tried again in")
        rows = settled(page)
        assert rows.first.get_attribute("class") == "done"
        assert len(lost) == 2


def test_what_failed_is_sent_again_by_hand(browser, pages, film_numbers):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        page.route("**/v1/images", lambda route: route.fulfill(status=500, body="{}"))
        page.forgiven.add(500)
        pick(page, ("film.dcm", film(next(film_numbers))))
        rows = settled(page)
        assert rows.first.get_attribute("class") == "failed"
        page.unroute("**/v1/images")
        rows.first.locator("[data-action=retry]").press("Enter")
        page.wait_for_selector("#queue li.done")


def test_leaving_with_films_on_their_way_asks(browser, pages, film_numbers):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")

        def hold(route):
            """It is never answered."""

        page.route("**/v1/images", hold)
        pick(page, ("film.dcm", film(next(film_numbers))))
        page.wait_for_selector("#queue li.sending")
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.click("a[href='/worklist']")
        page.wait_for_url("**/worklist")
        assert asked == ["beforeunload"]


def test_a_folder_of_500_files_is_worked_off(browser, pages, film_numbers, tmp_path):
    folder = tmp_path / "films"
    (folder / "deeper").mkdir(parents=True)
    for number in range(496):
        name = f"deeper/{number}.dcm" if number % 2 else f"{number}.txt"
        (folder / name).write_bytes(b"no film %d" % number)
    for number in range(3):
        (folder / f"film-{number}.dcm").write_bytes(film(next(film_numbers)))
    (folder / ".hidden").write_bytes(b"of the operating system")
    (folder / "last.dcm").write_bytes(film(next(film_numbers), ViewPosition="LL"))
    with reader(browser, pages, "nurse") as page:
        page.forgiven.add(415)
        page.goto(f"{pages.address}/upload")
        page.set_input_files("#folder", folder)
        rows = settled(page, timeout=120_000)
        shows(rows, 500)
        shows(page.locator("#queue li.done"), 4)
        assert [rows.nth(at).get_attribute("class") for at in range(5)] == ["done"] * 4 + [
            "skipped"
        ]


def drag(page, kind, *paths):
    """What the mouse does with files of the file manager, over the middle of the page."""
    size = page.viewport_size
    session = page.context.new_cdp_session(page)
    session.send(
        "Input.dispatchDragEvent",
        {
            "type": kind,
            "x": size["width"] // 2,
            "y": size["height"] // 2,
            "data": {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1},
        },
    )
    session.detach()


@pytest.mark.parametrize("language", ["en", "vi"])
def test_films_and_folders_are_dropped_with_the_mouse(
    browser, pages, film_numbers, tmp_path, language
):
    single, folder = tmp_path / "single.dcm", tmp_path / "phim ngày 24"
    (folder / "deeper").mkdir(parents=True)
    single.write_bytes(film(next(film_numbers)))
    (folder / "one.dcm").write_bytes(film(next(film_numbers)))
    (folder / "deeper" / "two.dcm").write_bytes(film(next(film_numbers)))
    (folder / "deeper" / "Thumbs.db").write_bytes(b"of the operating system")
    with reader(browser, pages, "nurse", language=language) as page:
        page.goto(f"{pages.address}/upload")
        drag(page, "dragEnter", single, folder)
        drag(page, "dragOver", single, folder)
        page.wait_for_selector("#drop.over")
        shoot(page, f"upload-drag-{language}")
        drag(page, "drop", single, folder)
        page.wait_for_selector("#queue li")
        rows = settled(page)
        assert page.locator("#drop.over").count() == 0
        assert sorted(rows.locator("bdi").all_inner_texts()) == ["one.dcm", "single.dcm", "two.dcm"]
        shows(page.locator("#queue li.done"), 3)


def test_a_dragged_film_that_is_not_let_go_leaves_no_trace(browser, pages, tmp_path):
    one = tmp_path / "one.dcm"
    one.write_bytes(b"no film")
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        drag(page, "dragEnter", one)
        drag(page, "dragOver", one)
        page.wait_for_selector("#drop.over")
        page.dispatch_event("body", "dragleave")
        page.wait_for_selector("#drop:not(.over)")
        assert page.locator("#queue li").count() == 0


def test_what_the_browser_cannot_open_is_named(browser, pages, tmp_path):
    one = tmp_path / "one.dcm"
    one.write_bytes(b"soon gone")
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        page.evaluate(
            """() => {
              const found = DataTransferItem.prototype.webkitGetAsEntry;
              DataTransferItem.prototype.webkitGetAsEntry = function () {
                const file = (_, refused) => refused(new DOMException("", "NotReadableError"));
                return { isFile: true, name: found.call(this).name, file };
              };
            }"""
        )
        for kind in ("dragEnter", "dragOver", "drop"):
            drag(page, kind, one)
        page.wait_for_selector("#queue li.failed")
        words = page.locator("#queue li").all_inner_texts()
        assert len(words) == 1
        assert "one.dcm" in words[0]
        assert "could not open it" in words[0]
        assert page.locator("#queue button:visible, #retry-all:visible").count() == 0


def test_a_service_that_is_full_for_hours_is_not_waited_for(browser, pages, film_numbers):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        page.forgiven.add(429)
        page.route(
            "**/v1/images",
            lambda route: route.fulfill(
                status=429, headers={"Retry-After": "7200"}, body='{"detail": "Full for today."}'
            ),
        )
        pick(page, ("film.dcm", film(next(film_numbers))))
        assert "Full for today." in settled(page).first.inner_text()
        shows(page.locator("#queue li.failed"), 1)


def test_an_administrator_cannot_upload(pages):
    with pages.person("administrator") as client:
        assert client.get("/upload", headers={"Accept": "text/html"}).status_code == 403
    answer = httpx.get(f"{pages.address}/upload", headers={"Accept": "text/html"}, trust_env=False)
    assert answer.headers["location"] == "/sign-in?next=%2Fupload"
