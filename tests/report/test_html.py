"""The report: complete, in order, self-contained, and safe whatever a file calls itself."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pytest

from cxr_triage.domain import CropBox, Patient, PriorityReason, Reason
from cxr_triage.imaging.heatmap import map_tile
from cxr_triage.language import say
from cxr_triage.report.film.film import film_of, map_png
from cxr_triage.report.film.html import Unread

from .films import CARD, DEMONSTRATION, FINDINGS, HEADER, assessed, film, finding, page, refused

VOID = {"meta", "img", "br", "hr", "input", "link"}
SHAPES = {"polygon", "rect", "image", "line", "path", "circle", "stop", "use"}


class Outline(HTMLParser):
    """Checks that tags are nested, and keeps text, tags and attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in SHAPES
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "title"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    parsed.close()
    assert parsed.open == []
    return parsed


STUDIES = [
    [film(assessed(), "one.dcm")],
    [
        film(assessed(priority="urgent"), "two.dcm"),
        film(refused(Reason(code="view", measured="LL")), "side.dcm"),
    ],
    [film(refused(Reason(code="age", measured=9.0, limit=15)), "child.dcm")],
]
UNREAD = [
    Unread(path="notes.txt", outcome="skipped", code="not_an_image", message="-"),
    Unread(path="cut.dcm", outcome="failed", code="truncated", message="It is cut off."),
]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_page_is_well_formed_and_says_its_language(language):
    parsed = outline(page(STUDIES, UNREAD, language=language))
    assert parsed.tags[0] == ("html", {"lang": language})
    assert page(STUDIES, language=language).lstrip().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_nothing_is_fetched_and_nothing_runs(language):
    html = page(STUDIES, UNREAD, language=language)
    parsed = outline(html)
    assert not re.search(r"(?:https?:)?//", re.sub(r"base64,[^\"']*", "", html))
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", html)
    assert "@import" not in html
    for tag, attributes in parsed.tags:
        assert tag not in {"script", "link", "iframe", "object", "form"}
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("src", "href"):
            if name in attributes:
                assert attributes[name].startswith(("data:image/", "#"))


def test_the_page_forbids_everything_but_its_own_pictures_and_style():
    html = page(STUDIES)
    policy = next(
        a["content"]
        for t, a in outline(html).tags
        if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    style = html[html.index("<style>") + len("<style>") : html.index("</style>")]
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy


LEVEL_KEYS = ("level.likely", "level.possible", "level.none")

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}\x00\udcff\u202e"


def test_hostile_names_are_only_text():
    header = replace(HEADER, accession=HOSTILE, view=HOSTILE, sex=HOSTILE, acquired_at=HOSTILE)
    bad = Unread(path=HOSTILE, outcome="failed", code=HOSTILE, message=HOSTILE)
    card = replace(CARD, name=HOSTILE, source=HOSTILE)
    said = refused(Reason(code="view", measured=HOSTILE), header=header, card=card)
    html = page([[film(assessed(header=header), HOSTILE), film(said, HOSTILE)]], [bad], card=card)
    html.encode("utf-8")
    parsed = outline(html)
    assert not any(tag == "script" for tag, _ in parsed.tags)
    assert all(a["src"].startswith("data:") for t, a in parsed.tags if t == "img")
    assert not any("onerror" in attributes for _, attributes in parsed.tags)
    assert "{{7*7}}" in parsed.text
    assert "\x00" not in html


def test_studies_stay_in_their_order():
    text = outline(page(STUDIES)).text
    places = [text.index(f"File {name}") for name in ("one.dcm", "two.dcm")]
    assert places == sorted(places)
    assert text.index("two.dcm") < text.index("side.dcm")
    reversed_text = outline(page(STUDIES[::-1])).text
    assert reversed_text.index("child.dcm") < reversed_text.index("one.dcm")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_likely_comes_first_and_the_rest_is_folded(language):
    html = page([[film(assessed())]], language=language)
    table = html[html.index('<table class="findings raised">') :]
    cells = [f'<td class="level">{say(key, language)}</td>' for key in LEVEL_KEYS]
    places = [table.index(cell) for cell in cells]
    assert places == sorted(places)
    assert places[1] < table.index("<details>") < places[2]


def test_a_film_with_nothing_flagged_has_its_scores_folded():
    html = page([[film(assessed(findings=FINDINGS[2:], priority="none"))]])
    assert "<details>" in html
    assert "<details open>" not in html
    assert '<table class="findings raised">' not in html


@pytest.mark.parametrize(("language", "score"), [("en", "0.81"), ("vi", "0,81")])
def test_a_score_is_a_bar_with_its_threshold_and_never_a_percentage(language, score):
    html = page([[film(assessed())]], language=language)
    parsed = outline(html)
    assert score in parsed.text
    assert "81%" not in html.replace(" ", "")
    assert 'width="81.00"' in html
    assert 'x1="50.00"' in html


def test_a_score_just_under_its_threshold_does_not_look_like_it():
    near = (finding("Nodule", 0.4987, level="none"), finding("Effusion", 0.42, level="none"))
    text = outline(page([[film(assessed(findings=near, priority="none"))]])).text
    assert "0.4987 / 0.50" in text
    assert "0.42 / 0.50" in text


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_refusal_gives_every_reason(language):
    reasons = (Reason(code="age", measured=9.0, limit=15), Reason(code="view", measured="LL"))
    text = outline(page([[film(refused(*reasons))]], language=language)).text
    assert say("priority.not_assessed", language) in text
    assert say("reason.age", language, measured=9.0, limit=15) in text
    assert say("reason.view", language, measured="LL") in text


@pytest.mark.parametrize("language", ["en", "vi"])
def test_warnings_are_shown(language):
    warning = Reason(code="small", measured=400, limit=512)
    text = outline(page([[film(assessed(warnings=(warning,)))]], language=language)).text
    assert say("reason.small", language, measured=400, limit=512) in text


@pytest.mark.parametrize("language", ["en", "vi"])
def test_intended_use_stands_at_head_and_foot(language):
    html = page(STUDIES, language=language)
    use = say("intended_use", language)
    assert use in html[: html.index("<main>")]
    assert use in html[html.index("</main>") :]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_only_a_demonstration_model_says_so(language):
    line = say("demonstration_model", language)
    assert line not in page(STUDIES, language=language)
    html = page(STUDIES, language=language, card=DEMONSTRATION)
    assert line in html[: html.index("<main>")]
    assert line in html[html.index("</main>") :]


def test_the_priority_and_the_heatmap_are_labelled_apart():
    html = page([[film(assessed())]])
    assert html.index(say("report.priority", "en")) < html.index(say("heatmap.title", "en"))
    assert say("heatmap.not_an_outline", "en") in outline(html).text


def test_evidence_and_model_stand_in_the_report():
    text = outline(page([[film(assessed())]])).text
    for words in (
        "0.75 NIH",
        "0.93 VinDr",
        "densenet-test 1.2",
        "abcdef012345",
        "default 1",
        "0123456789ab",
        "none published",
        "No tuberculosis output.",
    ):
        assert words in text


def test_what_was_done_to_the_pixels_is_said():
    text = outline(page([[film(assessed())]])).text
    assert "centre 2048, width 4096; inverted; 4095 is black, 0 is white" in text


@pytest.mark.parametrize("language", ["en", "vi"])
def test_failed_and_skipped_files_are_listed_last(language):
    parsed = outline(page(STUDIES, UNREAD, language=language))
    assert (
        parsed.text.index("child.dcm")
        < parsed.text.index("cut.dcm")
        < parsed.text.index("notes.txt")
    )
    assert "It is cut off." in parsed.text
    assert say("report.skipped", language) in parsed.text


def test_counts_by_priority_open_the_page():
    text = outline(page(STUDIES, UNREAD)).text
    assert "1 Critical" in text
    assert "1 Urgent" in text
    assert "0 Routine" in text
    assert "Studies 3 · films 4 · failed files 1 · skipped 1" in text


def test_a_page_without_any_film_is_still_a_page():
    text = outline(page([], UNREAD)).text
    assert say("report.empty", "en") in text


def figures(html: str) -> list[str]:
    """What the pictures of the page are called, in its order."""
    return [
        attributes["aria-label"]
        for tag, attributes in outline(html).tags
        if tag == "svg" and attributes.get("class") == "film"
    ]


def test_pictures_stand_side_by_side_with_their_scale():
    html = page([[film(assessed())]])
    parsed = outline(html)
    assert len(figures(html)) == 3
    assert parsed.text.count(say("heatmap.unit", "en")) == 2
    assert say("heatmap.outside", "en") in parsed.text


def test_the_film_is_there_once_and_lies_below_every_map():
    """Its maps are small and transparent; films of a page have names of their own."""
    html = page([[film(assessed()), film(assessed())], [film(assessed())]])
    assert html.count("data:image/jpeg") == 3
    assert html.count("data:image/png") == 6
    drawn = [attributes for tag, attributes in outline(html).tags if tag == "image"]
    names = [attributes["id"] for attributes in drawn if "id" in attributes]
    used = [a["href"] for tag, a in outline(html).tags if tag == "use"]
    assert len(set(names)) == 3
    assert used == [f"#{name}" for name in names for _ in range(3)]


def test_a_map_lies_on_the_square_that_the_model_saw():
    one = film(assessed())
    images = [attributes for tag, attributes in outline(page([[one]])).tags if tag == "image"]
    placed = {(a["x"], a["y"], a["width"], a["height"]) for a in images if "id" not in a}
    assert placed == {("0", "10", "80", "80")}
    html = page([[one]])
    assert html.count('class="unseen"') == 2
    square = replace(assessed(), crop=CropBox(top=0, left=0, side=80))
    whole = film_of("", square, np.zeros((80, 80), np.float32))
    assert 'class="unseen"' not in page([[whole]])


def test_a_film_without_pictures_has_its_table():
    bare = replace(film(assessed()), image=None, overlays={})
    parsed = outline(page([[bare]]))
    assert not {"img", "image"} & {tag for tag, _ in parsed.tags}
    assert "0.81" in parsed.text


def test_names_of_patients_have_no_way_in():
    assert not set(Patient.__dataclass_fields__) & {"path", "image", "overlays", "assessment"}
    header = replace(HEADER, study_uid="1.2.3.4.5", institution="Some hospital")
    text = page([[film(assessed(header=header))]])
    assert "1.2.3.4.5" not in text
    assert "Some hospital" not in text


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "23 Nov 2026 08:14"), ("vi", "08:14 23/11/2026")]
)
def test_dates_are_written_as_the_language_writes_them(language, shown):
    assert shown in outline(page([[film(assessed())]], language=language)).text


def test_the_finding_that_made_the_priority_is_pictured_first():
    found = (finding("Nodule", 0.8, level="likely"), finding("Effusion", 0.6))
    reason = PriorityReason(code="possible", label="Effusion", score=0.6, threshold=0.5)
    one = film(replace(assessed(findings=found, priority="urgent"), reason=reason))
    assert list(one.overlays) == ["Effusion", "Nodule"]
    titles = figures(page([[one]]))
    assert [title.rsplit(": ", 1)[-1] for title in titles[1:]] == ["Pleural effusion", "Nodule"]


def test_an_unflagged_map_says_that_it_may_be_blank():
    quiet = finding("Nodule", 0.2, level="none")
    one = film(assessed(findings=(quiet,), priority="none"))
    shown = replace(one, overlays={"Nodule": map_png(map_tile(quiet, 1.0))})
    assert say("heatmap.blank", "en") in outline(page([[shown]])).text
