"""The pixel data element's words, native or decompressed, checked against the header.

Every check that can run before a decoder does runs before it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import Reason, StoredValues
from cxr_triage.errors import UnreadableImage, UnsupportedImage
from cxr_triage.imaging.decoding.job import DecodeJob
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.dicom.codestream import (
    JXL_SIGNATURES,
    Codestream,
    check_rle,
    read_codestream,
)
from cxr_triage.imaging.dicom.dataset import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    DataSet,
    DicomHeader,
)
from cxr_triage.imaging.dicom.elements import PIXEL_DATA, UNDEFINED, ElementHeader
from cxr_triage.imaging.dicom.frame import encapsulated_frame, native_frame
from cxr_triage.imaging.dicom.header import NUMBER_OF_FRAMES, frames
from cxr_triage.imaging.dicom.numbers import read_number, read_whole
from cxr_triage.imaging.grey.stored import ends_in_fill, mask_cells
from cxr_triage.imaging.limits import Limits

NATIVE = {"", IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED}
PHOTOMETRIC_INTERPRETATIONS = {
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
}
"""Terms of PS3.3 C.7.6.3.1.2; only these are quoted in an error."""

RAW = "raw"
CODECS = {
    "1.2.840.10008.1.2.1.98": RAW,  # Encapsulated Uncompressed
    "1.2.840.10008.1.2.4.50": "jpeg",  # baseline
    "1.2.840.10008.1.2.4.51": "jpeg",  # extended, 8 and 12 bits
    "1.2.840.10008.1.2.4.53": "jpeg",  # spectral selection (retired)
    "1.2.840.10008.1.2.4.55": "jpeg",  # progressive (retired)
    "1.2.840.10008.1.2.4.57": "jpeg",  # lossless, process 14
    "1.2.840.10008.1.2.4.70": "jpeg",  # lossless, selection value 1
    "1.2.840.10008.1.2.4.80": "jpegls",
    "1.2.840.10008.1.2.4.81": "jpegls",  # near-lossless
    "1.2.840.10008.1.2.4.90": "jpeg2000",  # lossless
    "1.2.840.10008.1.2.4.91": "jpeg2000",
    "1.2.840.10008.1.2.4.110": "jpegxl",  # lossless
    "1.2.840.10008.1.2.4.111": "jpegxl",  # JPEG recompression
    "1.2.840.10008.1.2.4.112": "jpegxl",
    "1.2.840.10008.1.2.4.201": "jpeg2000",  # high-throughput, lossless
    "1.2.840.10008.1.2.4.202": "jpeg2000",  # high-throughput, lossless, RPCL
    "1.2.840.10008.1.2.4.203": "jpeg2000",  # high-throughput
    "1.2.840.10008.1.2.5": "rle",
}
"""Transfer syntaxes of compressed frames that are read, and the codec of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFormat:
    """How the header says that pixels are written (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool

    @property
    def shift(self) -> int:
        return self.high_bit + 1 - self.stored

    @property
    def size(self) -> int:
        """Bytes of the frame, uncompressed."""
        return self.rows * self.columns * self.allocated // 8


def read_format(dataset: DataSet, limits: Limits, warnings: list[Reason]) -> PixelFormat:
    """Raises UnreadableImage, UnsupportedImage or ImageTooLarge; decodes nothing."""
    rows, columns = (
        _required(dataset, 0x00280010, "Rows", warnings),
        _required(dataset, 0x00280011, "Columns", warnings),
    )
    limits.check_pixels(rows, columns)
    _check_greyscale(dataset, warnings)
    allocated = _required(dataset, 0x00280100, "Bits Allocated", warnings)
    stored = _required(dataset, 0x00280101, "Bits Stored", warnings)
    if allocated not in {8, 16}:
        raise UnsupportedImage("bits_allocated", measured=allocated)
    high_bit = read_whole(dataset, 0x00280102, warnings)
    high_bit = stored - 1 if high_bit is None else high_bit
    if not stored <= high_bit + 1 <= allocated:
        raise UnreadableImage(
            "contradictory_bits", allocated=allocated, stored=stored, high_bit=high_bit
        )
    representation = read_whole(dataset, 0x00280103, warnings)
    if representation is None:
        warnings.append(
            Reason(code="attribute_assumed", measured="Pixel Representation", limit="0")
        )
    return PixelFormat(
        rows=rows,
        columns=columns,
        allocated=allocated,
        stored=stored,
        high_bit=high_bit,
        signed=representation == 1,
    )


def _required(dataset: DataSet, tag: int, name: str, warnings: list[Reason]) -> int:
    value = read_whole(dataset, tag, warnings)
    if not value or value < 0:
        raise UnreadableImage("missing_attribute", name=name)
    return value


def _check_greyscale(dataset: DataSet, warnings: list[Reason]) -> None:
    """One frame of one sample whose polarity is known: nothing else is a radiograph."""
    photometric = dataset.text(0x00280004).upper()
    if not photometric:
        raise UnreadableImage("missing_attribute", name="Photometric Interpretation")
    samples = read_whole(dataset, 0x00280002, warnings) or 1
    if photometric not in {"MONOCHROME1", "MONOCHROME2"} or samples != 1:
        known = photometric if photometric in PHOTOMETRIC_INTERPRETATIONS else "?"
        raise UnsupportedImage("not_greyscale", measured=known)
    read_number(dataset, NUMBER_OF_FRAMES, warnings)
    if frames(dataset) != 1:
        raise UnsupportedImage("several_frames", measured=frames(dataset))


def pixel_head(file: DicomHeader) -> ElementHeader:
    """Where the pixel data are. Raises UnreadableImage if there are none."""
    if file.pixel_head is None:
        raise UnreadableImage("no_pixel_data")
    if file.pixel_head.tag != PIXEL_DATA:
        raise UnsupportedImage("float_pixels")
    return file.pixel_head


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredFrame:
    """The frame's stored values [rows, columns], masked and signed, and how many bits they have:
    those that the header names, or fewer where the compressed frame itself says so."""

    stored: StoredValues
    bits: int


def read_stored_frame(
    file: DicomHeader, form: PixelFormat, decoder: Decoder, warnings: list[Reason]
) -> StoredFrame:
    """Raises ImageError."""
    head = pixel_head(file)
    syntax = file.transfer_syntax
    if syntax not in NATIVE and syntax not in CODECS:
        known = syntax if syntax.startswith("1.2.840.10008.") else "?"
        raise UnsupportedImage("transfer_syntax", measured=known)
    if syntax in CODECS or (not syntax and head.length == UNDEFINED):
        found = encapsulated_frame(file.data, head)
        codec = CODECS.get(syntax, "")
        if not found.closed:
            _check_whole(found.frame, codec, warnings)
        if codec != RAW:
            return _decompressed(found.frame, codec, form, decoder, warnings)
        cells = _native(memoryview(found.frame), form, "<", warnings)
    else:
        cells = _native(native_frame(file.data, head), form, file.dataset.encoding.order, warnings)
        if form.allocated == 8 and head.vr == b"OW" and not file.dataset.encoding.little:
            cells = _swapped(file, head, form)
    stored = _masked(cells, form, file.dataset, warnings)
    return StoredFrame(stored=stored, bits=form.stored)


def _check_whole(frame: bytes, codec: str, warnings: list[Reason]) -> None:
    """Without the sequence delimiter a frame must show by itself that it is whole.

    Raises UnreadableImage if its end marker is missing, or if its code has none.
    """
    if codec not in {"rle", RAW} and read_codestream(frame) is None:
        raise UnreadableImage("unfinished_frame")
    warnings.append(Reason(code="delimiter_missing"))


def _native(
    frame: memoryview, form: PixelFormat, order: str, warnings: list[Reason]
) -> NDArray[Any]:
    extra = frame.nbytes - form.size
    if extra < 0:
        raise UnreadableImage("truncated_pixels", measured=frame.nbytes, expected=form.size)
    if extra > 1:
        warnings.append(Reason(code="extra_pixel_data", measured=extra))
    dtype = np.dtype(f"{order}u{form.allocated // 8}")
    cells = np.frombuffer(frame, dtype, form.rows * form.columns)
    return cells.astype(dtype.newbyteorder("="), copy=False).reshape(form.rows, form.columns)


def _swapped(file: DicomHeader, head: ElementHeader, form: PixelFormat) -> NDArray[Any]:
    """8-bit pixels in big-endian words: each pair of bytes is swapped (PS3.5 7.3)."""
    frame = native_frame(file.data, head)
    pairs = np.frombuffer(frame, np.uint8, frame.nbytes // 2 * 2).reshape(-1, 2)[:, ::-1]
    if pairs.size < form.size:
        raise UnreadableImage("truncated_pixels", measured=frame.nbytes, expected=form.size)
    return pairs.reshape(-1)[: form.size].reshape(form.rows, form.columns)


def _masked(
    cells: NDArray[Any], form: PixelFormat, dataset: DataSet, warnings: list[Reason]
) -> StoredValues:
    stored, outside = mask_cells(cells, form.stored, form.shift, signed=form.signed)
    if outside and not _has_embedded_overlay(dataset):
        warnings.append(Reason(code="unused_bits", limit=form.stored))
    return stored


def _has_embedded_overlay(dataset: DataSet) -> bool:
    """Overlay Bit Position: unused bits of the pixels may hold an overlay (PS3.5 8.1.2)."""
    return any(
        tag & 0xFF00FFFF == 0x60000102 and bool(dataset.short(tag)) for tag in dataset.elements
    )


def _decompressed(
    frame: bytes, codec: str, form: PixelFormat, decoder: Decoder, warnings: list[Reason]
) -> StoredFrame:
    codestream = read_codestream(frame)
    if codestream is None and codec not in {"rle", "jpegxl"}:
        if codec or not frame.startswith(JXL_SIGNATURES):
            raise UnreadableImage("broken_frame")
        codec = "jpegxl"
    if codec == "rle" and codestream is None:
        check_rle(frame, form.allocated // 8)
    if codestream is not None:
        _check_codestream(codestream, codec, form, warnings)
        codec = codestream.codec
    job = DecodeJob(
        codec=codec,
        data=frame,
        rows=form.rows,
        columns=form.columns,
        bits_allocated=form.allocated,
    )
    array = decoder.decode(job)
    cells = array.view(np.dtype(f"u{array.dtype.itemsize}"))
    if codec == "rle":
        stored, _ = mask_cells(cells, form.stored, form.shift, signed=form.signed)
        return StoredFrame(stored=stored, bits=form.stored)
    return _fitted(cells, codestream, form, warnings)


def _check_codestream(
    found: Codestream, codec: str, form: PixelFormat, warnings: list[Reason]
) -> None:
    """The frame's own header against the data set's, before anything is decoded."""
    if (found.rows, found.columns, found.samples) != (form.rows, form.columns, 1):
        size = f"{found.rows} × {found.columns} × {found.samples}"
        raise UnreadableImage("size_mismatch", rows=form.rows, columns=form.columns, found=size)
    if found.precision > 16:
        raise UnreadableImage("precision_mismatch", measured=found.precision, expected=form.stored)
    if codec and found.codec != codec:
        warnings.append(Reason(code="transfer_syntax_differs", measured=found.codec))
    if found.signed is not None and found.signed != form.signed:
        warnings.append(Reason(code="signedness_differs"))


def _fitted(
    cells: NDArray[Any], found: Codestream | None, form: PixelFormat, warnings: list[Reason]
) -> StoredFrame:
    """Decoded pixel cells as stored values.

    More precision than the header names is harmless if no value needs it. With less, every
    value fits, and the frame's own bits are the truth.
    """
    size = cells.dtype.itemsize * 8
    precision = size if found is None else found.precision
    if found is not None and found.codec == "jpeg" and ends_in_fill(cells, precision):
        warnings.append(Reason(code="may_be_unfinished"))
    if precision > size:
        raise UnreadableImage("precision_mismatch", measured=precision, expected=form.stored)
    stored, _ = mask_cells(cells, precision, 0, signed=form.signed)
    if precision < form.stored:
        warnings.append(Reason(code="precision_smaller", measured=precision, limit=form.stored))
    if precision <= form.stored:
        return StoredFrame(stored=stored, bits=precision)
    low, high = _range(form)
    if int(stored.min()) < low or int(stored.max()) > high:
        raise UnreadableImage("precision_mismatch", measured=precision, expected=form.stored)
    if found is not None:
        warnings.append(Reason(code="precision_larger", measured=precision, limit=form.stored))
    return StoredFrame(stored=stored, bits=form.stored)


def _range(form: PixelFormat) -> tuple[int, int]:
    half = 1 << (form.stored - 1)
    return (-half, half - 1) if form.signed else (0, 2 * half - 1)
