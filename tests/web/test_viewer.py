"""The film in the browser shows what the file holds, and does what keys and hands ask for."""

import io

import numpy as np
import pytest
from PIL import Image

from cxr_triage.imaging.heatmap import OPACITY, shown, upsample
from cxr_triage.store.records import EVERYWHERE
from tests.web.viewing import frame, greys, open_study, reader, search, shoot, shows, view

pytestmark = pytest.mark.browser

OVER_FILM = """() => {
  const film = document.getElementById("screen").getBoundingClientRect();
  return [...document.querySelectorAll(".stage *:not(.screens, #screen, #picture, #film, #over)")]
    .filter((one) => one.checkVisibility())
    .filter((one) => { const { left, right, top, bottom, width } = one.getBoundingClientRect();
      return width && left < film.right - 1 && right > film.left + 1
        && top < film.bottom - 1 && bottom > film.top + 1; })
    .map((one) => one.outerHTML.slice(0, 80));
}"""
PLACES = [(300, 200), (400, 300), (500, 400), (450, 150), (350, 500)]


def picture(page, assessment, **query):
    """The server's own picture of the film, at full size."""
    address = f"{page.url.split('/studies')[0]}/v1/assessments/{assessment['id']}/image.png"
    answer = page.request.get(address, params={"size": 4096, **query})
    return np.asarray(Image.open(io.BytesIO(answer.body())))


def expected(page, grey):
    """What the canvas should show at PLACES, if the film lies 1:1."""
    at = view(page)
    assert at["scale"] == 1
    return [int(grey[y - at["y"], x - at["x"]]) for x, y in PLACES]


@pytest.fixture(params=["en", "vi"])
def language(request):
    return request.param


@pytest.fixture(params=["desk", "phone"])
def screen(request):
    return request.param


def test_the_page_stands_in_both_languages_on_both_screens(browser, pages, real, language, screen):
    with reader(browser, pages, language=language, screen=screen) as page:
        open_study(page, pages, real)
        shoot(page, f"study-{language}-{screen}")
        page.keyboard.press("h")
        page.wait_for_selector("#legend:not([hidden])")
        frame(page)
        shoot(page, f"study-heatmap-{language}-{screen}")
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, "nothing runs off the side"
        if screen == "desk":
            share = page.evaluate("document.querySelector('.stage').clientWidth / innerWidth")
            assert share >= 0.65


@pytest.mark.parametrize("size", [(1366, 768), (390, 844), (683, 384), (960, 540)])
def test_nothing_lies_over_the_film_and_it_keeps_its_height(browser, pages, real, size):
    """683 × 384 is a screen of 1366 × 768 at 200 %."""
    with reader(browser, pages) as page:
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        open_study(page, pages, real)
        before = page.locator("#screen").bounding_box()
        page.keyboard.press("h")
        page.wait_for_selector("#legend:not([hidden])")
        page.locator(".adjust > summary").click()
        page.wait_for_selector(".popover", state="visible")
        assert page.locator("#screen").bounding_box()["height"] == before["height"] >= 235
        assert page.evaluate(OVER_FILM) == []
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('.adjust > summary')")
        assert page.is_hidden(".popover")


def test_one_to_one_shows_the_pixels_of_the_header_and_of_a_window(browser, pages, real):
    with reader(browser, pages) as page:
        open_study(page, pages, real)
        page.keyboard.press("z")
        frame(page)
        assert greys(page, PLACES) == pytest.approx(expected(page, picture(page, real)), abs=1)
        page.keyboard.press("4")
        frame(page)
        now = view(page)
        windowed = picture(page, real, centre=now["centre"], width=now["width"])
        assert greys(page, PLACES) == pytest.approx(expected(page, windowed), abs=1)
        page.keyboard.press("i")
        frame(page)
        inverted = [255 - grey for grey in expected(page, windowed)]
        assert greys(page, PLACES) == pytest.approx(inverted, abs=1)


def test_a_fitted_film_is_averaged_as_the_server_does(browser, pages, real):
    with reader(browser, pages) as page:
        open_study(page, pages, real)
        at = view(page)
        small = Image.fromarray(picture(page, real)).resize(
            [round(side * at["scale"]) for side in (at["size"]["width"], at["size"]["height"])],
            Image.Resampling.BOX,
        )
        grey = np.asarray(small).astype(float)
        points = [
            (x, y)
            for x in range(20, small.width - 20, 37)
            for y in range(20, small.height - 20, 41)
        ]
        found = greys(page, [[x + at["x"], y + at["y"]] for x, y in points])
        wanted = [grey[y, x] for x, y in points]
        assert np.abs(np.array(found) - wanted).mean() < 3


def test_dragging_changes_the_window_and_moving_does_not(browser, pages, real):
    with reader(browser, pages) as page:
        open_study(page, pages, real)
        before, bright = view(page), greys(page, PLACES)
        drag(page, 0, 120)
        after = view(page)
        assert after["centre"] != before["centre"]
        assert after["width"] == pytest.approx(before["width"])
        assert sum(greys(page, PLACES)) < sum(bright), "down is darker"
        page.keyboard.press("0")
        frame(page)
        drag(page, 80, 0)
        assert view(page)["width"] < before["width"], "to the right is more contrast"
        page.keyboard.press("0")
        frame(page)
        page.keyboard.down("Shift")
        drag(page, 60, 40)
        page.keyboard.up("Shift")
        moved = view(page)
        assert (moved["x"], moved["y"]) == (before["x"] + 60, before["y"] + 40)
        assert moved["width"] == before["width"]


def test_zoom_keeps_what_lies_under_the_pointer(browser, pages, real):
    with reader(browser, pages) as page:
        open_study(page, pages, real)
        box = page.locator("#screen").bounding_box()
        at = {"x": 420, "y": 260}
        before = on_film(view(page), at)
        page.mouse.move(box["x"] + at["x"], box["y"] + at["y"])
        page.mouse.wheel(0, -600)
        frame(page)
        now = view(page)
        assert now["scale"] > 0.6
        assert on_film(now, at) == pytest.approx(before, abs=2)
        page.keyboard.press("f")
        frame(page)
        assert view(page)["scale"] < 0.4


def test_heatmap_and_square_lie_where_the_model_looked(browser, pages, real):
    with pages.store() as store:
        stored = store.assessment(real["id"], EVERYWHERE).assessment
    crop = stored.crop
    finding = next(one for one in stored.findings if one.label == stored.reason.label)
    strength = upsample(shown(finding).strength, crop.side)
    wanted = np.clip(strength, 0, 1) * OPACITY * 255
    with reader(browser, pages) as page:
        open_study(page, pages, real)
        page.keyboard.press("b")
        page.keyboard.press("h")
        page.wait_for_selector("#legend:not([hidden])")
        frame(page)
        for zoom in ("f", "+", "z"):
            page.keyboard.press(zoom)
            frame(page)
            assert map_error(page, wanted, crop) < 3
        page.keyboard.press("h")
        frame(page)
        assert set(alphas(page, [(x, 300) for x in range(100, 800, 20)])) == {0}
        page.keyboard.press("b")
        page.keyboard.press("f")
        frame(page)
        at = view(page)
        edge = round(at["y"] + crop.top * at["scale"])
        inside = [(x, edge + 8) for x in range(300, 600, 7)]
        assert min(alphas(page, [(x, edge) for x in range(300, 600, 7)])) > 100
        assert max(alphas(page, inside)) == 0


def map_error(page, wanted, crop):
    """How far the map on the screen is from the one that it should be, of 255, on average."""
    at = view(page)
    width, height = page.evaluate("[over.width, over.height]")
    points = []
    for x in range(4, width, 31):
        for y in range(4, height, 29):
            column = (x + 0.5 - at["x"]) / at["scale"] - crop.left
            row = (y + 0.5 - at["y"]) / at["scale"] - crop.top
            if 2 < column < crop.side - 2 and 2 < row < crop.side - 2:
                points.append(((x, y), wanted[int(row), int(column)]))
    assert len(points) > 100
    found = alphas(page, [place for place, _ in points])
    return np.abs(np.array(found) - [value for _, value in points]).mean()


def alphas(page, points):
    """Opacity of what lies over the film, at pixels of the canvas."""
    return page.evaluate(
        """(points) => {
          const context = document.getElementById("over").getContext("2d");
          return points.map(([x, y]) => context.getImageData(x, y, 1, 1).data[3]);
        }""",
        points,
    )


def test_keys_rest_while_somebody_types_and_can_be_turned_off(browser, pages, sent):
    with reader(browser, pages) as page:
        open_study(page, pages, sent())
        page.click("#impression")
        page.keyboard.type("hi 4")
        frame(page)
        assert page.input_value("#impression") == "hi 4"
        assert page.is_hidden("#legend")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        page.uncheck("#single-keys")
        page.keyboard.press("Escape")
        page.keyboard.press("h")
        frame(page)
        assert page.is_hidden("#legend")
        page.evaluate("sessionStorage.clear()")
        page.on("dialog", lambda dialog: dialog.accept())


def test_arrows_lead_through_the_list_one_came_from(browser, pages, real, sent):
    first = sent(AccessionNumber="SAME-LIST")
    second = sent(AccessionNumber="SAME-LIST")
    with reader(browser, pages) as page:
        search(page, pages, "same-list")
        page.click(f"#s-{first['study_id']} .open")
        page.wait_for_selector("#screen[data-ready=full]")
        query = "?from=searched%3D1"
        forwards = page.locator("[data-go=after]").count() == 1
        page.keyboard.press("ArrowRight" if forwards else "ArrowLeft")
        page.wait_for_url(f"**/studies/{second['study_id']}{query}")
        page.wait_for_selector("#screen[data-ready=full]")
        shows(page.locator("[data-go=before], [data-go=after]"), 1)  # the list ends
        back = f"/worklist?searched=1#s-{second['study_id']}"
        assert page.get_attribute("[data-go=back]", "href") == back


def test_a_refused_image_says_why_and_is_shown(browser, pages, sent, language):
    lateral = sent(ViewPosition="LL")
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, lateral)
        panel = page.inner_text(".panel")
        assert lateral["outcome"] == "referred"
        shows(page.locator(".state li"), len(lateral["reasons"]))
        assert "?" not in panel.split("\n")[0]
        assert page.locator("#legend").count() == 0
        assert max(greys(page, PLACES)) > 30
        shoot(page, f"study-refused-{language}")


def test_markup_in_the_header_shows_as_text(browser, pages, sent):
    planted = "<img src=x onerror=alert(1)>"
    film = sent(PatientName=f"{planted}", PatientID=planted, AccessionNumber="<b>1</b>")
    with reader(browser, pages) as page:
        open_study(page, pages, film)
        assert planted in page.inner_text(".identity")
        assert "<b>1</b>" in page.inner_text(".identity")
        assert page.locator(".identity img, .identity b").count() == 0


def test_an_administrator_sees_no_patient(browser, pages, sent):
    film = sent(PatientName="LE^BI MAT", PatientID="SECRET-1", AccessionNumber="SECRET-2")
    with reader(browser, pages, "administrator") as page:
        page.goto(f"{pages.address}/studies/{film['study_id']}")
        page.wait_for_selector("#screen[data-ready=withheld]")
        assert page.locator(".tools, #picture, [data-heatmap]").count() == 0
        text = page.content()
        assert not [one for one in ("BI MAT", "SECRET-1", "SECRET-2") if one in text]


def drag(page, dx, dy):
    box = page.locator("#screen").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 250)
    page.mouse.down()
    page.mouse.move(box["x"] + 400 + dx, box["y"] + 250 + dy, steps=6)
    page.mouse.up()
    frame(page)


def on_film(at, point):
    return ((point["x"] - at["x"]) / at["scale"], (point["y"] - at["y"]) / at["scale"])
