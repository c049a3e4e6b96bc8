"""Text is decoded before it is split: half of a character may be a backslash."""

import pytest

from cxr_triage.imaging.dicom.text import decode_texts
from cxr_triage.imaging.source import Limits, open_image

from .test_header import bare, raw_element


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [
        ("GB18030", "gb18030", "胸部乗 LATERAL"),
        ("GBK", "gbk", "誠 LATERAL"),
        ("ISO_IR 13", "shift_jis", "ソ胸部表 LATERAL"),
        ("GB18030", "gb18030", "正位"),
    ],
)
def test_a_character_whose_second_byte_is_a_backslash_is_one_character(declared, encoding, text):
    raw = text.encode(encoding)
    assert decode_texts(raw, (declared,)) == (text,)
    data = bare(
        raw_element(0x00080005, b"CS", declared.encode()),
        raw_element(0x0008103E, b"LO", raw + b" " * (len(raw) % 2)),
    )
    assert open_image(data, Limits()).header.description == text


@pytest.mark.parametrize(
    "declared", ["GB18030", "GBK", "ISO_IR 13", "ISO_IR 192", "", "ISO_IR 100"]
)
def test_values_are_still_apart(declared):
    assert decode_texts(b"L\\F", (declared,)) == ("L", "F")
    assert decode_texts(b"one\\\\three", (declared,)) == ("one", "", "three")


def test_escaped_characters_hold_backslashes_too():

    raw = b"\x1b$B" + "表".encode("iso2022_jp")[3:-3] + b"\x1b(B\\second"
    assert decode_texts(raw, ("", "ISO 2022 IR 87"))[-1] == "second"


def test_a_value_that_is_not_of_the_declared_set_does_not_spoil_the_next():
    assert decode_texts(b"\xff\xff\\LATERAL", ("GB18030",))[1] == "LATERAL"
