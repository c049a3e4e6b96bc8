"""What the parent and its decoding workers say to each other over two pipes.

A message is a length, a JSON object and the bytes that it announces. JSON, not pickle:
a worker that hostile bytes have taken over must not run anything in its parent.
"""

import json
import struct
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

MAX_HEAD_BYTES = 65536


class Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...


class Writable(Protocol):
    def write(self, data: memoryview, /) -> int | None: ...


def send(stream: Writable, head: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """Write one message. Raises OSError if the other side is gone."""
    payload = memoryview(body)
    text = json.dumps(head | {"bytes": payload.nbytes}).encode()
    _write(stream, memoryview(struct.pack("<I", len(text)) + text))
    _write(stream, payload)


def _write(stream: Writable, data: memoryview) -> None:
    while data:
        data = data[stream.write(data) or 0 :]


def as_bytes(array: NDArray[Any]) -> memoryview:
    """The bytes of a contiguous array, not copied."""
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]


def receive_head(stream: Readable) -> dict[str, Any]:
    """The next message's JSON object; its "bytes" follow. Raises EOFError or ValueError."""
    (length,) = struct.unpack("<I", receive(stream, bytearray(4)))
    if length > MAX_HEAD_BYTES:
        raise ValueError("message head too long")
    head = json.loads(receive(stream, bytearray(length)))
    if not isinstance(head, dict):
        raise ValueError("message head is not an object")  # noqa: TRY004 (bad data)
    return head


def receive(stream: Readable, buffer: bytearray) -> bytearray:
    """Fill `buffer`. Raises EOFError if the other side is gone."""
    receive_into(stream, memoryview(buffer))
    return buffer


def receive_into(stream: Readable, view: memoryview) -> None:
    """Fill `view`, bytes. Raises EOFError if the other side is gone."""
    while view:
        count = stream.readinto(view)
        if not count:
            raise EOFError
        view = view[count:]
