"""What a decoding worker is asked to do. Apart from the codecs, so that asking loads none."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeJob:
    """One frame or picture to decode.

    codec: a key of `codecs.CODECS`. rows, columns, samples, bits_allocated: what the
    header says; the result must agree, but that a picture may be turned. A picture in colour
    keeps more than 8 bits of a sample only where bits_allocated asks for them.
    """

    codec: str
    data: bytes | memoryview = field(repr=False)
    rows: int
    columns: int
    samples: int = 1
    bits_allocated: int = 8
