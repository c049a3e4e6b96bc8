"""The little of the protocol buffers' wire format that writing an ONNX file takes.

A message is the bytes of its fields one after another. Lists of pieces are joined once, so
that a tensor's 28 MB are copied once.
Source: protobuf.dev, "Encoding".
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Pieces: TypeAlias = list[bytes]


def varint(value: int) -> bytes:
    """An unsigned number, seven bits a byte, the lowest first."""
    if value < 0:
        value += 1 << 64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(field: int, value: int) -> Pieces:
    """A field of type int32, int64 or enum."""
    return [varint(field << 3), varint(value)]


def integers(field: int, values: Iterable[int]) -> Pieces:
    """A repeated field of integers, each with its own key."""
    return [piece for value in values for piece in integer(field, value)]


def block(field: int, content: bytes) -> Pieces:
    """A field of type string or bytes."""
    return [varint(field << 3 | 2), varint(len(content)), content]


def text(field: int, value: str) -> Pieces:
    """A string field."""
    return block(field, value.encode("utf-8"))


def message(field: int, *parts: Sequence[bytes]) -> Pieces:
    """A field that is a message of `parts`."""
    pieces = [piece for part in parts for piece in part]
    size = sum(map(len, pieces))
    return [varint(field << 3 | 2), varint(size), *pieces]
