"""Both languages say everything, with the same values in it."""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from string import Formatter

import pytest

import cxr_triage
from cxr_triage.labels import LABELS
from cxr_triage.language import LANGUAGES, is_said, say
from cxr_triage.language.numbers import decimal, localized
from tests.language.messages import KEYS, messages, sentences

SOURCE = Path(cxr_triage.__file__).parent
COMPILE = Path(__file__).parents[2] / "scripts/compile_messages.py"


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_both_languages_have_the_same_messages():
    assert messages("en").keys() == messages("vi").keys()


@pytest.mark.parametrize("key", KEYS)
def test_a_message_is_whole_in_both_languages_and_has_the_same_values(key):
    assert all(sentence.strip() for sentence in sentences(key))
    assert not any(messages(language)[key].fuzzy for language in LANGUAGES)
    plural = len(sentences(key)) > len(LANGUAGES)
    needed = [fields(sentence) - ({"count"} if plural else set()) for sentence in sentences(key)]
    assert all(one == needed[0] for one in needed)


@pytest.mark.parametrize("key", KEYS)
def test_letters_are_composed(key):
    for sentence in sentences(key):
        assert unicodedata.is_normalized("NFC", sentence)


def test_what_is_compiled_is_what_is_written():
    run = subprocess.run(
        [sys.executable, COMPILE, "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"{run.stdout}run: make messages"


def code() -> str:
    files = (path for kind in ("*.py", "*.j2", "*.js") for path in SOURCE.rglob(kind))
    return "\n".join(path.read_text("utf-8") for path in files)


def test_every_sentence_that_the_code_says_is_there():
    said = set(re.findall(r"\bsay(?:_count)?\(\s*[\"']([\w.]+)[\"']\s*[,)]", code()))
    assert len(said) > 200
    assert not {key for key in said if not is_said(key)}


def test_every_sentence_is_said_somewhere():
    """Its key stands in the code, or begins as a key that the code puts together does."""
    words = set(re.findall(r"[\"'`]([\w.]+)(?=[\"'`{]|\$\{)", code()))
    begun = tuple(word for word in words if word.endswith((".", "_")) and "." in word)
    codes = ("error.", "reason.")  # of what is raised and found: the tests of those rooms
    assert not [key for key in KEYS if key not in words and not key.startswith((*begun, *codes))]


def test_every_finding_has_both_names():
    assert all(set(names) == {"en", "vi"} and all(names.values()) for names in LABELS.values())


def test_numbers_are_written_as_the_language_writes_them():
    assert decimal(0.5, "en") == "0.50"
    assert decimal(0.5, "vi") == "0,50"
    assert decimal(-1.25, "vi", 1) in {"−1,2", "−1,3"}
    assert "0,6 " in say("reason.aspect_ratio", "vi", measured=0.6)
    assert "198,392 of 7,198,310" in say(
        "error.truncated_pixels", "en", measured=198392, expected=7198310
    )
    assert "198.392 trên 7.198.310" in say(
        "error.truncated_pixels", "vi", measured=198392, expected=7198310
    )
    assert "9999 " in say("reason.extra_pixel_data", "en", measured=9999)
    assert "01" in f"{localized(1, 'vi'):02d}"
    assert localized(value=True, language="vi") is True


def test_what_is_not_said_is_an_error():
    with pytest.raises(KeyError):
        say("no.such.key", "en")
