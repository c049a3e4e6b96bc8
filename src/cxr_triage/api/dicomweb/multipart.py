"""The parts of a multipart body (RFC 2046, 5.1) as its bytes come, whatever their number and
size: never more than a delimiter or a part's headers are held.

What a part's headers say is not used: a file's own bytes say it better.
"""

import re
from collections.abc import Generator, Iterator
from enum import Enum
from typing import Final

from cxr_triage.errors import RequestInvalid

MAX_HEADER_BYTES: Final = 16 * 1024
MAX_PADDING: Final = 64
"""Blanks between a delimiter and the end of its line."""

CRLF: Final = b"\r\n"
BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,199}[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046 allows 70 characters; Orthanc sends 73."""

REST_OF_LINE: Final = re.compile(rb"(?P<close>--)|[ \t]*(?P<end>\r\n)?")


class PartMark(Enum):
    """A part begins, or is whole."""

    BEGIN = "begin"
    END = "end"


Event = PartMark | bytes
"""What a piece of a body brings; bytes are of the part that began last."""


class _Place(Enum):
    """Where in the body we are."""

    PREAMBLE = "preamble"
    HEADERS = "headers"
    DATA = "data"
    EPILOGUE = "epilogue"


class Multipart:
    """One body. Feed it every piece, then finish."""

    def __init__(self, boundary: str) -> None:
        """Raises RequestInvalid `multipart_malformed` if that can be no boundary."""
        if not BOUNDARY.fullmatch(boundary):
            raise RequestInvalid("multipart_malformed")
        self._delimiter = b"\r\n--" + boundary.encode()
        self._place = _Place.PREAMBLE
        self._held = bytearray(CRLF)  # the first delimiter may come without one
        self._no_data = len(CRLF)
        """So many of the bytes held belong to the line before, though a delimiter may begin
        with them."""

    def feed(self, piece: bytes) -> Iterator[Event]:
        """What `piece` brings. Raises RequestInvalid `multipart_malformed`."""
        self._held += piece
        going = True
        while going:
            if self._place is _Place.HEADERS:
                going = self._skip_headers()
            elif self._place is _Place.EPILOGUE:
                self._held.clear()
                going = False
            else:
                going = yield from self._to_delimiter()

    def finish(self) -> None:
        """Nothing more comes. Raises RequestInvalid unless the closing delimiter was there."""
        if self._place is not _Place.EPILOGUE:
            raise RequestInvalid("multipart_malformed")

    def _to_delimiter(self) -> Generator[Event, None, bool]:
        """The data up to the next delimiter, or all that cannot be part of one; is there more?"""
        at = self._held.find(self._delimiter)
        if at < 0:
            yield from self._let_go(len(self._held) - len(self._delimiter) + 1)
            return False
        yield from self._let_go(at)
        after = len(self._delimiter)
        line = bytes(self._held[after : after + MAX_PADDING + len(CRLF)])
        found = REST_OF_LINE.match(line)
        if found and found["close"]:
            yield from self._close()
        elif found and found["end"]:
            yield from self._begin(after + found.end() - len(CRLF))
        elif line == b"-" or (len(line) < MAX_PADDING and line.strip(b" \t") in (b"", b"\r")):
            return False  # more bytes may make it the rest of a delimiter's line
        else:
            yield from self._let_go(after)  # it only began like a delimiter
        return True

    def _let_go(self, end: int) -> Iterator[Event]:
        """What is held up to `end` is data, unless no part has begun."""
        if end <= 0:
            return
        data = bytes(self._held[self._no_data : end])
        del self._held[:end]
        self._no_data = max(0, self._no_data - end)
        if data and self._place is _Place.DATA:
            yield data

    def _close(self) -> Iterator[Event]:
        if self._place is _Place.DATA:
            yield PartMark.END
        self._place = _Place.EPILOGUE

    def _begin(self, line_end: int) -> Iterator[Event]:
        """The end of the delimiter's line stays: it may be that of the headers too."""
        if self._place is _Place.DATA:
            yield PartMark.END
        yield PartMark.BEGIN
        del self._held[:line_end]
        self._place = _Place.HEADERS

    def _skip_headers(self) -> bool:
        """Is the data reached? The line end before it stays: a delimiter may begin with it."""
        end = self._held.find(CRLF + CRLF)
        if max(end, len(self._held) if end < 0 else 0) > MAX_HEADER_BYTES:
            raise RequestInvalid("multipart_malformed")
        if end < 0:
            return False
        lines = bytes(self._held[len(CRLF) : end]).split(CRLF) if end else []
        if not all(b":" in line or line[:1] in (b" ", b"\t") for line in lines):
            raise RequestInvalid("multipart_malformed")
        del self._held[: end + len(CRLF)]
        self._no_data = len(CRLF)
        self._place = _Place.DATA
        return True
