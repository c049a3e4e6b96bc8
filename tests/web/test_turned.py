"""The film turned and mirrored, for looking at it alone."""

import pytest

from cxr_triage.language import say
from tests.web.viewing import frame, greys, open_study, reader, shoot

pytestmark = pytest.mark.browser

D = 150


def around(page):
    """Greys left of, above, right of and below the middle, and the square's box on the screen."""
    x, y = page.evaluate(
        "() => { const { width, height } = document.getElementById('film');"
        " return [Math.round(width / 2), Math.round(height / 2)]; }"
    )
    return greys(page, [(x - D, y), (x, y - D), (x + D, y), (x, y + D)])


def near(one, other):
    """A pixel beside the one that was meant may be a few greys away."""
    return all(abs(a - b) <= 12 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_film_is_turned_and_mirrored_and_put_back(browser, pages, sent, language):
    with reader(browser, pages, language=language) as page:
        open_study(page, pages, sent())
        frame(page)
        left, above, right, below = before = around(page)
        assert len(set(before)) > 2

        def press(key):
            page.keyboard.press(key)
            frame(page)
            return around(page)

        assert near(press("r"), [below, left, above, right])
        assert "90" in page.inner_text("#turned")
        shoot(page, f"turned-{language}")
        assert near(press("v"), [above, left, below, right])  # as it is seen now
        assert say("turn.mirrored", language) in page.inner_text("#turned")
        assert near(press("v"), [below, left, above, right])
        for _ in range(3):
            found = press("r")
        assert near(found, before)
        assert page.inner_text("#turned") == ""
        assert near(press("v"), [right, above, left, below])
        assert near(press("0"), before)


def test_a_map_and_the_square_turn_with_the_film(browser, pages, sent):
    with reader(browser, pages) as page:
        open_study(page, pages, sent())
        page.keyboard.press("h")
        page.wait_for_selector("#said:has-text('Heatmap shown')", state="attached")
        frame(page)

        def heat():
            return page.evaluate(
                """() => {
                  const over = document.getElementById("over");
                  const context = over.getContext("2d");
                  const { data } = context.getImageData(0, 0, over.width, over.height);
                  let [x, y, sum] = [0, 0, 0];
                  for (let at = 0; at < data.length; at += 4) {
                    const weight = data[at] > data[at + 2] + 30 ? data[at + 3] : 0;
                    x += weight * ((at / 4) % over.width - over.width / 2);
                    y += weight * (Math.floor(at / 4 / over.width) - over.height / 2);
                    sum += weight;
                  }
                  return [x / sum, y / sum];
                }"""
            )

        x, y = heat()
        page.keyboard.press("r")
        frame(page)
        turned = heat()
        assert turned == pytest.approx([-y, x], abs=4)
        page.keyboard.press("v")
        frame(page)
        assert heat() == pytest.approx([y, x], abs=4)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("vi", "phone")])
def test_all_maps_at_once_with_their_legend_outside_the_film(
    browser, pages, sent, language, screen
):
    film = sent()
    flagged = [one["label"] for one in film["findings"] if one["flagged"]]
    with reader(browser, pages, language=language, screen=screen) as page:
        open_study(page, pages, film)
        page.keyboard.press("l")
        page.wait_for_selector("#all-maps:not([hidden])")
        frame(page)
        assert page.locator("#all-maps li").count() == len(flagged)
        shoot(page, f"all-maps-{language}-{screen}")
        below, legend = (
            page.locator("#screen").bounding_box(),
            page.locator("#all-maps").bounding_box(),
        )
        assert legend["y"] >= below["y"] + below["height"] - 1
        page.keyboard.press("l")
        page.wait_for_selector("#all-maps", state="hidden")
        page.keyboard.press("l")
        page.wait_for_selector("#all-maps:not([hidden])")
        page.keyboard.press("h")
        page.wait_for_selector("#all-maps", state="hidden")
