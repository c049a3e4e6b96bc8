"""Pictures have no name in them: each is asked whom it shows, and nothing is carried over."""

import io

import pytest
from pypdf import PdfReader

from tests.api.films import film, picture
from tests.web.test_axe import AXE, violations
from tests.web.test_corrections import saved
from tests.web.test_upload import pick, settled
from tests.web.viewing import reader, shoot, shows

BOTH = pytest.mark.parametrize("language", ["en", "vi"])
THREE = {
    "IMG_0041.png": "Nguyễn Thị Bích Ngọc",
    "IMG_0042.jpg": "Trần Văn Đệ",
    "IMG_0043.png": "Lê Hoàng Phượng Uyên",
}


@pytest.fixture
def upload(browser, pages):
    with reader(browser, pages, "nurse") as page:
        page.goto(f"{pages.address}/upload")
        yield page


def row_of(page, name):
    """The row of a picture that waits."""
    return page.locator("#asked li", has_text=name)


def say_whom(page, name, **fields):
    """Fill in the row of the picture of that name."""
    for field, value in fields.items():
        place = row_of(page, name).locator(f"[name={field}]")
        if place.evaluate("element => element.tagName") == "SELECT":
            place.select_option(value)
        else:
            place.fill(value)


def values_of(row):
    return row.evaluate(
        """row => [...row.querySelectorAll("input:not([type=checkbox]), select")]
          .map((field) => field.value).filter((value) => value !== "")"""
    )


def result_of(page, name):
    return page.locator("#queue > li", has_text=name)


def report_of(page, pages, study, **query):
    """What is printed of a study, as text."""
    answer = page.request.get(f"{pages.address}{study}/report.pdf", params=query)
    assert answer.headers["content-type"] == "application/pdf"
    sheets = PdfReader(io.BytesIO(answer.body())).pages
    return " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())


def study_of(page, name):
    link = result_of(page, name).locator("a").first.get_attribute("href")
    return link.partition("?")[0]


@BOTH
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_three_people_of_one_drop_get_three_names(browser, pages, film_numbers, language, screen):
    with reader(browser, pages, "nurse", language=language, screen=screen) as page:
        page.goto(f"{pages.address}/upload")
        kinds = {name: "JPEG" if name.endswith("jpg") else "PNG" for name in THREE}
        pick(page, *((name, picture(next(film_numbers), kinds[name])) for name in THREE))
        page.wait_for_selector("#asked li:nth-child(3)")
        assert page.locator("#queue > li").count() == 0
        for at in range(1, 4):
            page.wait_for_selector(f"#asked li:nth-child({at}) canvas:not([width='1'])")
        for name, patient in THREE.items():
            say_whom(page, name, patient_name=patient, age="61", sex="F", view="PA")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shoot(page, f"upload-pictures-{language}-{screen}")
        page.click("#send-all")
        page.wait_for_selector("#queue > li:nth-child(3)")
        settled(page)
        studies = {name: study_of(page, name) for name in THREE}
        assert len(set(studies.values())) == 3
        for name, patient in THREE.items():
            assert patient in result_of(page, name).inner_text()
        page.goto(f"{pages.address}{studies['IMG_0042.jpg']}")
        page.locator("#correct-details > summary").press("Enter")
        page.fill("#c-patient_name", "Trần Văn Đệ Nhị")
        saved(page)
        now = THREE | {"IMG_0042.jpg": "Trần Văn Đệ Nhị"}
        for name, patient in now.items():
            printed = report_of(page, pages, studies[name])
            assert patient in printed
            for other in set(now.values()) - {patient}:
                assert other not in printed


def test_nothing_is_carried_over_to_another_row_or_the_next_drop(upload, film_numbers):
    pick(upload, ("a.png", picture(next(film_numbers))), ("b.png", picture(next(film_numbers))))
    say_whom(upload, "a.png", patient_name="Phạm Quốc Cường", patient_id="P-7", view="AP")
    row_of(upload, "a.png").locator("button.primary").click()
    assert values_of(row_of(upload, "b.png")) == []
    pick(upload, ("c.png", picture(next(film_numbers))))
    row_of(upload, "c.png").wait_for()
    assert values_of(row_of(upload, "c.png")) == []
    settled(upload)
    assert "Phạm Quốc Cường" in result_of(upload, "a.png").inner_text()


def test_without_an_age_a_film_is_not_assessed_and_a_tick_is_enough(upload, film_numbers):
    names = ["silent.png", "said.png", "copied.png"]
    pick(upload, *((name, picture(next(film_numbers))) for name in names))
    say_whom(upload, "silent.png", patient_name="Phan Thị Lụa")
    say_whom(upload, "said.png", patient_name="Tô Văn Hậu")
    row_of(upload, "said.png").locator("[name=adult]").check()
    shows(row_of(upload, "silent.png").locator(".hint.adult"))
    assert row_of(upload, "said.png").locator(".hint.adult").is_hidden()
    row_of(upload, "said.png").locator("[data-action=copy]").click()
    upload.locator("#copying label", has_text="copied.png").click()
    upload.click("#copying [value=copy]")
    assert row_of(upload, "copied.png").locator("[name=adult]").is_checked()
    say_whom(upload, "copied.png", age="70")
    assert row_of(upload, "copied.png").locator("[name=adult]").is_disabled()
    upload.click("#send-all")
    upload.wait_for_selector("#queue > li:nth-child(3)")
    settled(upload)
    assert "say the age" in result_of(upload, "silent.png").inner_text()
    assert "15 or older" in result_of(upload, "said.png").inner_text()
    assert "say the age" not in result_of(upload, "copied.png").inner_text()


def test_a_patient_is_copied_to_the_rows_that_are_chosen_and_no_others(upload, film_numbers):
    names = ["front.png", "side.png", "other.png"]
    pick(upload, *((name, picture(next(film_numbers))) for name in names))
    say_whom(
        upload, "front.png", patient_name="Võ Minh Khoa", birth_date="5/11/1958", sex="M", view="PA"
    )
    row_of(upload, "front.png").locator("[data-action=copy]").click()
    upload.locator("#copying label", has_text="side.png").click()
    upload.click("#copying [value=copy]")
    side = row_of(upload, "side.png")
    assert values_of(side) == ["Võ Minh Khoa", "5/11/1958", "M"]
    assert side.locator("[name=age]").is_disabled()
    assert side.locator(".born").inner_text() == "5 Nov 1958"
    assert values_of(row_of(upload, "other.png")) == []


def test_dicom_is_sent_at_once_while_pictures_wait(upload, film_numbers):
    tiff = b"II*\0" + film(next(film_numbers))[4:]
    pick(upload, ("photo.png", picture(next(film_numbers))), ("both.dcm", tiff))
    upload.wait_for_selector("#queue li.done")
    shows(upload.locator("#asked li"), 1)
    row_of(upload, "photo.png").locator("[data-action=leave]").click()
    assert not upload.is_visible("#whom")
    shows(upload.locator("#queue > li"), 1)


@BOTH
def test_what_is_wrong_stands_beside_its_field_and_nothing_leaves(
    browser, pages, film_numbers, language
):
    with reader(browser, pages, "nurse", language=language) as page:
        page.goto(f"{pages.address}/upload")
        pick(page, ("a.png", picture(next(film_numbers))), ("b.png", picture(next(film_numbers))))
        say_whom(page, "a.png", patient_name="Đỗ Mỹ Hạnh", age="140")
        say_whom(page, "b.png", birth_date="31/02/1960")
        page.click("#send-all")
        wrong = {"a.png": ["age"], "b.png": ["patient_name", "birth_date"]}
        for name, fields in wrong.items():
            found = row_of(page, name).locator("[aria-invalid]")
            assert [found.nth(at).get_attribute("name") for at in range(found.count())] == fields
            for field in fields:
                note = found.and_(page.locator(f"[name={field}]")).get_attribute("aria-describedby")
                assert page.locator(f"#{note}").inner_text()
        assert page.locator("#queue > li").count() == 0
        assert page.evaluate("document.activeElement.name") == "age"
        shoot(page, f"upload-wrong-{language}")
        if AXE.is_file():
            assert violations(page, AXE.read_text("utf-8")) == []
        say_whom(page, "a.png", age="40")
        assert row_of(page, "a.png").locator("[aria-invalid]").count() == 0


def test_what_the_service_refuses_stands_beside_its_field_with_what_was_typed(upload, film_numbers):
    upload.forgiven.add(400)
    places = [{"where": "body.age", "problem": "field_invalid"}]
    problem = {"detail": "?", "code": "field_invalid", "places": places}
    upload.route("**/v1/images", lambda route: route.fulfill(status=400, json=problem))
    pick(upload, ("a.png", picture(next(film_numbers))))
    say_whom(upload, "a.png", patient_name="Đỗ Mỹ Hạnh", age="40")
    row_of(upload, "a.png").locator("button.primary").click()
    age = row_of(upload, "a.png").locator("[name=age]")
    age.and_(upload.locator("[aria-invalid=true]")).wait_for()
    assert age.input_value() == "40"
    upload.unroute("**/v1/images")
    row_of(upload, "a.png").locator("button.primary").press("Enter")
    upload.wait_for_selector("#queue li.done")


def test_a_row_is_filled_in_and_sent_with_the_keyboard_alone(upload, film_numbers):
    pick(upload, ("a.png", picture(next(film_numbers))), ("b.png", picture(next(film_numbers))))
    row_of(upload, "b.png").wait_for()
    upload.locator("#asked li").first.locator(".thumbnail").focus()
    for text in ("Ngô Gia Bảo", "P-9", "01021950"):
        upload.keyboard.press("Tab")
        upload.keyboard.type(text)
    upload.keyboard.press("Enter")
    assert upload.evaluate("document.activeElement.closest('li').innerText").startswith("b.png")
    settled(upload)
    assert "Ngô Gia Bảo" in result_of(upload, "a.png").inner_text()


@BOTH
def test_a_picture_without_a_name_is_an_explicit_choice_that_everything_says(
    browser, pages, film_numbers, language
):
    name = f"phim-khong-ten-{language}.png"
    with reader(browser, pages, "nurse", language=language) as page:
        page.goto(f"{pages.address}/upload")
        pick(page, (name, picture(next(film_numbers))))
        row_of(page, name).locator("[name=nameless]").check()
        assert row_of(page, name).locator("[name=patient_name]").is_disabled()
        page.click("#send-all")
        settled(page)
        study = study_of(page, name)
        shows(result_of(page, name).locator(".notes a"), 1)
        page.goto(f"{pages.address}/worklist")
        page.fill("#text", name)
        page.press("#text", "Enter")
        page.wait_for_selector("#found")
        assert name in page.inner_text("#list")
        page.goto(f"{pages.address}{study}")
        page.wait_for_selector("#screen[data-ready]")
        assert name in page.inner_text(".identity")
        shows(page.locator(".identity .notice a"), 1)
        page.click("a[href$='/report']")
        page.wait_for_selector("h1")
        assert name in page.inner_text("main")
        assert page.locator("article, .sheet").count() == 0
        shoot(page, f"print-nameless-{language}")
        if AXE.is_file():
            assert violations(page, AXE.read_text("utf-8")) == []
        page.click("a[href*='without_name=1']")
        page.wait_for_selector(".sheet")
        assert name in page.inner_text("dl.facts")
        assert "without_name=1" in page.get_attribute("a[href^='report.pdf']", "href")
        assert "without_name=1" in page.get_attribute("a[hreflang]", "href")
        asked = page.request.get(f"{pages.address}{study}/report.pdf")
        assert "text/html" in asked.headers["content-type"]
        assert name in report_of(page, pages, study, without_name="1")


def test_a_name_that_comes_later_is_added_to_the_picture_that_is_there(upload, film_numbers):
    data = picture(next(film_numbers))
    pick(upload, ("first.png", data))
    row_of(upload, "first.png").locator("[name=nameless]").check()
    upload.click("#send-all")
    settled(upload)
    pick(upload, ("again.png", data))
    say_whom(upload, "again.png", patient_name="Dương Thị Tuyết Nhung")
    upload.click("#send-all")
    result_of(upload, "again.png").locator("a").first.wait_for()
    assert "what you typed was added" in result_of(upload, "again.png").inner_text()
    assert study_of(upload, "again.png") == study_of(upload, "first.png")
    result_of(upload, "again.png").locator("a").first.click()
    upload.wait_for_url("**/studies/**")
    assert "Dương Thị Tuyết Nhung" in upload.inner_text(".identity h2")
    assert upload.locator(".identity .notice").count() == 0


def test_the_name_of_a_file_is_in_no_log_and_no_metric(upload, pages, film_numbers):
    name = "benh-nhan-Huynh-Ngoc-Anh.png"
    pick(upload, (name, picture(next(film_numbers))), (f"{name}.dcm", film(next(film_numbers))))
    say_whom(upload, name, patient_name="Huỳnh Ngọc Ánh")
    upload.click("#send-all")
    settled(upload)
    assert "Huynh-Ngoc-Anh" not in "".join(pages.log)
    with pages.nobody() as nobody:
        assert "Huynh-Ngoc-Anh" not in nobody.get("/metrics").text
