"""Every error and warning of this room has its sentence in both languages."""

import re
from pathlib import Path

import pytest

import cxr_triage.imaging
from cxr_triage.language import is_said
from tests.language.messages import sentences

SOURCE = "\n".join(
    path.read_text("utf-8") for path in Path(cxr_triage.imaging.__file__).parent.rglob("*.py")
)
ERRORS = re.findall(
    r'(?:NotAnImage|UnreadableImage|UnsupportedImage|ImageTooLarge|DecodingFailed)\(\s*"(\w+)"',
    SOURCE,
)
VERDICTS = re.findall(r'"(decoder_\w+)"', SOURCE)
WARNINGS = re.findall(r'Reason\(\s*code="(\w+)"', SOURCE)


def test_codes_were_found():
    assert len(set(ERRORS)) > 20
    assert len(set(WARNINGS)) > 8


@pytest.mark.parametrize("code", sorted({*ERRORS, *VERDICTS}))
def test_an_error_has_a_sentence(code):
    assert is_said(f"error.{code}")


@pytest.mark.parametrize("code", sorted(set(WARNINGS)))
def test_a_warning_has_a_sentence_that_needs_no_more_than_it_has(code):
    for sentence in sentences(f"reason.{code}"):
        assert sentence.format(measured=1, limit=2)
