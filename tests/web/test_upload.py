"""Films are sent in the browser: results as they come, known ones recognised, trouble mended."""

import httpx
import pytest

from tests.api.films import film, picture
from tests.web.viewing import reader, shoot

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
    open_ = "#queue li.waiting, #queue li.sending"
    page.wait_for_selector(open_, state="detached", timeout=timeout)
    return page.locator("#queue li")


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
        rows.first.locator("a").click()
        page.wait_for_url("**/studies/**")


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


def test_what_failed_is_sent_again_by_hand_after_signing_in_again(browser, pages, film_numbers):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        page.route("**/v1/images", lambda route: route.fulfill(status=401, body="{}"))
        page.forgiven.add(401)
        pick(page, ("film.dcm", film(next(film_numbers))))
        rows = settled(page)
        assert "Sign in again in another tab" in rows.first.inner_text()
        page.unroute("**/v1/images")
        rows.first.locator("button").press("Enter")
        page.wait_for_selector("#queue li.done")


def test_a_picture_carries_what_was_said_of_it(browser, pages, film_numbers):
    number = next(film_numbers)
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        page.click(".declared summary")
        page.fill("#patient_name", "Trần Thị Nhung")
        page.fill("#patient_id", f"PIC-{number}")
        page.fill("#age", "61")
        page.select_option("#sex", "F")
        page.select_option("#view", "PA")
        pick(page, ("photo.png", picture(number)))
        settled(page).first.locator("a").click()
        page.wait_for_url("**/studies/**")
        assert "Trần Thị Nhung" in page.inner_text("main")
        assert "61" in page.inner_text("main")


def test_leaving_with_films_on_their_way_asks(browser, pages, film_numbers):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        held = []
        page.route("**/v1/images", lambda route: held.append(route))
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
        assert rows.count() == 500
        assert page.locator("#queue li.done").count() == 4
        assert [rows.nth(at).get_attribute("class") for at in range(5)] == ["done"] * 4 + [
            "skipped"
        ]


def test_an_administrator_cannot_upload(pages):
    with pages.person("administrator") as client:
        assert client.get("/upload", headers={"Accept": "text/html"}).status_code == 403
    answer = httpx.get(f"{pages.address}/upload", headers={"Accept": "text/html"}, trust_env=False)
    assert answer.headers["location"] == "/sign-in?next=%2Fupload"
