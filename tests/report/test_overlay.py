"""A heatmap as a picture file: everything that it must say fits on it."""

import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cxr_triage.domain import CropBox, Reason
from cxr_triage.labels import LABELS
from cxr_triage.language import LANGUAGES, say
from cxr_triage.report.film import overlay as module
from cxr_triage.report.film.lettering import font
from cxr_triage.report.film.overlay import overlay
from tests.language.messages import KEYS, sentences

from .films import CARD, DEMONSTRATION, assessed, refused


def pixels(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width), np.float32)


@pytest.fixture
def written(monkeypatch) -> list[str]:
    """The lines of text that an overlay draws."""
    lines: list[str] = []
    original = module.text_block

    def remember(block, width):
        lines.extend(line.text for line in block)
        return original(block, width)

    monkeypatch.setattr(module, "text_block", remember)
    return lines


@pytest.mark.parametrize("language", ["en", "vi"])
def test_it_names_finding_score_heatmap_and_use(language, written):
    one = assessed()
    overlay(pixels(100, 80), one, one.findings[0], language=language)
    text = "\n".join(written)
    index = ("en", "vi").index(language)
    assert LABELS["Pneumothorax"][language] in text
    assert ("0.81", "0,81")[index] in text
    for key in ("heatmap.title", "intended_use", "heatmap.outside", "level.likely"):
        assert say(key, LANGUAGES[index]) in text
    assert "densenet-test" in text


def test_only_a_demonstration_model_says_so(written):
    for card, expected in ((CARD, 0), (DEMONSTRATION, 1)):
        written.clear()
        one = assessed(card=card)
        overlay(pixels(100, 80), one, one.findings[0], language="en")
        assert written.count(say("demonstration_model", "en")) == expected


def test_a_finding_that_is_not_flagged_says_why_it_may_be_blank(written):
    one = assessed()
    overlay(pixels(100, 80), one, one.findings[2], language="en")
    assert say("heatmap.blank", "en") in written


@pytest.mark.parametrize("shape", [(3000, 2500), (80, 80), (900, 460)])
def test_text_stays_inside_the_picture(shape):
    crop = CropBox(top=0, left=0, side=min(shape))
    one = replace(assessed(), crop=crop)
    picture = overlay(pixels(*shape), one, one.findings[0], language="vi")
    right_edge = np.asarray(picture)[:, -2:]
    head_and_foot = np.r_[0:60, picture.height - 100 : picture.height]
    assert np.all(right_edge[head_and_foot] == module.BACKGROUND)


def test_the_font_has_every_letter_that_is_used():
    letters_of = font(20)
    missing = bytes(letters_of.getmask("\uffff"))
    letters = set("".join(text for key in KEYS for text in sentences(key)))
    letters |= set("".join(name for names in LABELS.values() for name in names.values()))
    letters |= set("0123456789.,−–·")
    for letter in sorted(letters - set(" \n\t")):
        assert unicodedata.is_normalized("NFC", letter)
        assert bytes(letters_of.getmask(letter)) != missing, f"{letter!r} is not in the font"


def test_a_refused_image_has_no_heatmap():
    one = refused(Reason(code="view", measured="LL"))
    with pytest.raises(ValueError, match="not assessed"):
        overlay(pixels(10, 10), one, assessed().findings[0], language="en")


def test_the_picture_is_rgb():
    one = assessed()
    picture = overlay(pixels(100, 80), one, one.findings[0], language="en")
    assert isinstance(picture, Image.Image)
    assert picture.mode == "RGB"
