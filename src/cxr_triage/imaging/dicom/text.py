"""Text values of DICOM elements: whatever the declared character set, never an exception.

Header text is hostile: control and formatting characters are dropped, length is capped.
"""

import codecs
import hashlib
import threading
import unicodedata
import warnings

MAX_CHARACTERS = 64

LONGEST_VALUE = 65_536
"""Bytes: the most that a value with a two-byte length can have."""

SINGLE_BYTE = {
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 166": "iso8859-11",
}
MULTI_BYTE = {
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISO_IR 13": "shift_jis",
    "SHIFT_JIS": "shift_jis",
    "BIG5": "big5",
}
ESCAPE = b"\x1b"

_WARNINGS_LOCK = threading.Lock()


def decode_text(
    raw: bytes, character_sets: tuple[str, ...], *, longest: int = MAX_CHARACTERS
) -> str:
    """`raw` as text, clean and capped. `character_sets`: as declared, "" for the default.

    Bytes beyond ASCII that are valid UTF-8 are taken as UTF-8 even if a single-byte set
    or none is declared: in those sets such sequences hardly ever make a word.
    """
    return clean(_decoded(raw, character_sets), longest=longest)


def decode_texts(raw: bytes, character_sets: tuple[str, ...]) -> tuple[str, ...]:
    """Each value of `raw`, as `decode_text` has it.

    Text is split once it is decoded: half of a character may be the byte of a backslash
    (PS3.5 6.1.2.3). Where it cannot be decoded as declared, each value is tried alone.
    """
    if b"\\" not in raw:
        return (decode_text(raw, character_sets),)
    whole = _decoded_as_declared(raw, character_sets)
    if whole is None:
        return tuple(decode_text(part, character_sets) for part in raw.split(b"\\"))
    return tuple(clean(part) for part in whole.split("\\"))


def _decoded_as_declared(raw: bytes, character_sets: tuple[str, ...]) -> str | None:
    """None where the set takes one byte a character, or where `raw` is not of that set."""
    if ESCAPE in raw:
        return _decode_escaped(raw, character_sets)
    several = _multi_byte(character_sets)
    return None if several is None else _decoded_whole(raw, several)


def _decoded(raw: bytes, character_sets: tuple[str, ...]) -> str:
    if ESCAPE in raw:
        return _decode_escaped(raw, character_sets)
    order = ["utf-8", SINGLE_BYTE.get(_declared(character_sets), "latin-1")]
    several = _multi_byte(character_sets)
    if several is not None:
        order.insert(0, several)
    found = (_decoded_whole(raw, name) for name in order)
    return next((text for text in found if text is not None), raw.decode("latin-1"))


def _declared(character_sets: tuple[str, ...]) -> str:
    return (character_sets or ("",))[0].strip().upper().replace("ISO 2022 IR", "ISO_IR")


def _multi_byte(character_sets: tuple[str, ...]) -> str | None:
    """The first set that takes several bytes for a character without an escape."""
    return MULTI_BYTE.get(_declared(character_sets))


def _decoded_whole(raw: bytes, name: str) -> str | None:
    """None if a byte is none of that set; a character cut off at the end is dropped."""
    try:
        return codecs.getincrementaldecoder(name)().decode(raw)
    except UnicodeDecodeError:
        return None


def _decode_escaped(raw: bytes, character_sets: tuple[str, ...]) -> str:
    """Code extensions (PS3.5 6.1.2.5), by pydicom, whose warnings quote the value."""
    from pydicom.charset import convert_encodings, decode_bytes  # noqa: PLC0415 (rare and slow)

    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            encodings = convert_encodings(list(character_sets) or [""])
            return decode_bytes(raw, encodings, set(b"\\^="))
        except (LookupError, UnicodeError, ValueError, TypeError):
            return raw.replace(ESCAPE, b"").decode("latin-1")


def identifier(raw: bytes, character_sets: tuple[str, ...]) -> str:
    """A UID, number or name as text, whole: two that differ stay two.

    Longer than any DICOM value, it ends in the hash of what was left out.
    """
    text = raw[:LONGEST_VALUE].strip(b" \0")
    found = decode_text(text, character_sets, longest=LONGEST_VALUE)
    if len(raw) > LONGEST_VALUE:
        found += f"#{hashlib.sha256(raw).hexdigest()}"
    return found


def clean(text: str, *, longest: int = MAX_CHARACTERS) -> str:
    """Composed, without control or formatting characters, stripped, at most so many characters."""
    text = text[: 16 * longest]
    kept = "".join(c for c in text if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029")
    return unicodedata.normalize("NFC", kept).strip()[:longest].strip()
