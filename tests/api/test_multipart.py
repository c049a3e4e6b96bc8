"""Multipart bodies are cut where RFC 2046 says, however their bytes arrive."""

import re
from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.api.dicomweb.multipart import MAX_HEADER_BYTES, Multipart, PartMark
from cxr_triage.errors import RequestInvalid

BOUNDARY = "=_edge"


def parts_of(pieces: list[bytes], boundary: str = BOUNDARY) -> list[bytes]:
    """The whole parts. Raises RequestInvalid unless the body is whole."""
    body, parts, open_part = Multipart(boundary), [], None
    for piece in pieces:
        for event in body.feed(piece):
            if event is PartMark.BEGIN:
                assert open_part is None
                open_part = b""
            elif event is PartMark.END:
                parts.append(open_part)
                open_part = None
            else:
                assert event
                open_part += event
    body.finish()
    return parts


def written(parts: list[bytes], headers: bytes = b"Content-Type: application/dicom\r\n") -> bytes:
    lines = [b"--" + BOUNDARY.encode() + b"\r\n" + headers + b"\r\n" + part for part in parts]
    return b"\r\n".join([*lines, b"--" + BOUNDARY.encode() + b"--"])


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    while at < len(body):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(body[at : at + size])
        at += size
    return pieces


NEAR_MISSES = (
    b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b"\r\n--=_edg", b"\r\n--=_edgeX", b"--=_edge",
    b"\r\n--=_edge \t.", b"\r\n--=_edge\r", b"\r\n--=_edge" + b" " * 80, b"x", b"\0",
)  # fmt: skip
DELIMITER = re.compile(rb"\r\n--=_edge(--|[ \t]{0,64}\r\n)")
DATA = (
    st.lists(st.sampled_from(NEAR_MISSES), max_size=6)
    .map(b"".join)
    .filter(lambda data: not DELIMITER.search(b"\r\n" + data + b"\r\n"))
)


@given(st.lists(DATA, min_size=1, max_size=4), st.lists(st.integers(1, 40), min_size=1))
def test_parts_come_back_whole_wherever_the_body_is_cut(parts, sizes):
    """Whatever looks like a delimiter and is none is data; a line end before one is not."""
    assert parts_of(cut(written(parts), sizes)) == parts


@pytest.mark.parametrize(
    "body",
    [
        b"preamble\r\n" + written([b"a", b"b"]) + b"\r\nepilogue\r\n--=_edge\r\n",
        b"\r\n" + written([b"a"]),
        written([b"a", b"b"], headers=b""),
        written([b"", b"b", b""]),
        written([b"a"], headers=b"CONTENT-TYPE:x\r\nX: long\r\n\tfolded\r\n"),
        written([b"a\r\n\r\nb"]).replace(b"--=_edge\r\n", b"--=_edge \t \r\n"),
    ],
    ids=["preamble and epilogue", "line end first", "no headers", "empty", "folded", "padded"],
)
def test_bodies_are_cut_as_the_email_package_cuts_them(body):
    head = f"Content-Type: multipart/related; boundary={BOUNDARY}\r\n\r\n".encode()
    payloads = [part.get_payload() for part in message_from_bytes(head + body).get_payload()]
    for sizes in ([len(body)], [1], [7]):
        assert parts_of(cut(body, sizes)) == [payload.encode() for payload in payloads]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"neither",
        written([b"a"])[:-1],
        written([b"a"])[:-9],
        written([b"a"]).replace(b"\r\n", b"\n"),
        written([b"a"], headers=b"no colon\r\n"),
        written([b"a"], headers=b"X: " + b"a" * MAX_HEADER_BYTES + b"\r\n"),
        written([b"a"], headers=b"X: a\r\n" * MAX_HEADER_BYTES),
        b"--=_edge\r\nX: " + b"a" * 10 * MAX_HEADER_BYTES,
    ],
    ids=[
        "empty", "no delimiter", "no last dash", "no end", "line feeds", "no colon", "long header",
        "many headers", "endless header",
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused(body):
    for sizes in ([max(1, len(body))], [977]):
        with pytest.raises(RequestInvalid) as refused:
            parts_of(cut(body, sizes))
        assert refused.value.code == "multipart_malformed"


@pytest.mark.parametrize("boundary", ["", "a" * 201, "ends in ", "é", 'a"b', "a\r\nb"])
def test_what_can_be_no_boundary_is_refused(boundary):
    with pytest.raises(RequestInvalid):
        Multipart(boundary)


def test_little_is_held_however_much_comes():
    body = Multipart(BOUNDARY)
    list(body.feed(b"--=_edge\r\n\r\n"))
    for piece in (b"x" * 100_000, b"\r\n--=_ed" * 10_000, b"\r" * 100_000):
        assert sum(len(event) for event in body.feed(piece)) > len(piece) - 200
        assert len(body._held) < 200
