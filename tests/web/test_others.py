"""Two films of a patient next to each other."""

import pytest

from cxr_triage.language import say
from tests.web.viewing import frame, open_study, reader, shoot

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("vi", "desk"), ("vi", "phone")])
def test_an_earlier_film_stands_beside_and_goes_along(browser, pages, sent, language, screen):
    who = {"PatientID": f"PAIR-{language}-{screen}", "PatientName": f"HO^{language}{screen}"}
    sent(**who)
    sent(**(who | {"PatientBirthDate": ""}))
    one = sent(**who)
    with reader(browser, pages, language=language, screen=screen) as page:
        open_study(page, pages, one)
        page.wait_for_selector("#other-films [data-beside]")
        assert page.locator("#other-films > ul [data-beside]").count() == 1
        assert say("others.perhaps", language, count=1) in page.inner_text("#other-films")
        page.keyboard.press("c")
        page.wait_for_selector(".screen.other canvas")
        frame(page)
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.keyboard.press("2")
        frame(page)
        shoot(page, f"beside-{language}-{screen}")
        shapes = page.evaluate(
            """() => [...document.querySelectorAll(".screen canvas.film")].map((canvas) => {
              const [x, y] = [canvas.width / 2 - 40, canvas.height / 2 - 40];
              const { data } = canvas.getContext("2d").getImageData(x, y, 80, 80);
              return { width: canvas.width, sum: data.reduce((sum, value) => sum + value, 0) };
            })"""
        )
        assert abs(shapes[0]["width"] - shapes[1]["width"]) < 4
        assert abs(shapes[0]["sum"] / shapes[1]["sum"] - 1) < 0.02
        page.keyboard.press("c")
        page.wait_for_selector(".screen.other", state="detached")
