"""Both languages say everything, with the same values in it."""

import unicodedata
from string import Formatter

import pytest

from cxr_triage.labels import LABELS
from cxr_triage.language import SENTENCES, say
from cxr_triage.language.numbers import decimal


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_say_it_with_the_same_values(key):
    english, vietnamese = SENTENCES[key]
    assert english.strip()
    assert vietnamese.strip()
    assert fields(english) == fields(vietnamese)


@pytest.mark.parametrize("key", SENTENCES)
def test_letters_are_composed(key):
    for sentence in SENTENCES[key]:
        assert unicodedata.is_normalized("NFC", sentence)


def test_every_finding_has_both_names():
    assert all(set(names) == {"en", "vi"} and all(names.values()) for names in LABELS.values())


def test_numbers_are_written_as_the_language_writes_them():
    assert decimal(0.5, "en") == "0.50"
    assert decimal(0.5, "vi") == "0,50"
    assert decimal(-1.25, "vi", 1) in {"−1,2", "−1,3"}
    assert "0,6 " in say("reason.saturated", "vi", measured=0.6, limit=0.5)
