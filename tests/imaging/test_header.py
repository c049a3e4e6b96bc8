"""What a file says of itself, however badly it says it."""

import io
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_charset_files, get_testdata_files

from cxr_triage.errors import ImageTooLarge, NotAnImage, UnreadableImage
from cxr_triage.imaging.dicom.dataset import read_header
from cxr_triage.imaging.dicom.elements import PIXEL_DATA_TAGS
from cxr_triage.imaging.source import Limits, open_image

from . import films
from .films import chest, dataset, dicom, read, written

VIETNAMESE = "Nguyễn^Thị Hồng Đào"


def opened(ds: Dataset, syntax: str = films.LITTLE):
    return open_image(written(ds, syntax), Limits())


def raw_element(tag: int, vr: bytes, value: bytes) -> bytes:
    """A short explicit little-endian element."""
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    return head + vr + len(value).to_bytes(2, "little") + value


def bare(*elements: bytes) -> bytes:
    """A data set without preamble."""
    return raw_element(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.1\0") + b"".join(elements)


def header_of(**attributes):
    return open_image(dicom(chest(12), 12, **attributes), Limits()).header


def test_the_header_is_read_without_the_pixels(rg1):
    header = open_image(rg1, Limits()).header
    assert (header.modality, header.view, header.body_part) == ("CR", "PA", "CHEST")
    assert (header.rows, header.columns, header.bits_stored) == (1955, 1841, 15)
    assert header.spacing_mm is None
    assert header.acquired_at == "1995-09-26T12:51:30"


@pytest.mark.parametrize(
    ("text", "years"),
    [("081Y", 81), ("81", 81), ("81Y", 81), ("006M", 0.5), ("010D", 10 / 365.25),
     ("003W", 21 / 365.25), (" 81y ", 81)],
)  # fmt: skip
def test_ages_in_all_units(text, years):
    data = bare(raw_element(0x00101010, b"AS", text.encode()))
    assert open_image(data, Limits()).header.age_years == pytest.approx(years)


@pytest.mark.parametrize("text", ["", "abcY", "999Y", "-5Y", "1e5"])
def test_an_age_that_is_none_falls_back_on_the_birth_date(text):
    data = bare(
        raw_element(0x00080020, b"DA", b"20200115"),
        raw_element(0x00100030, b"DA", b"20000115"),
        raw_element(0x00101010, b"AS", text.encode()),
    )
    assert open_image(data, Limits()).header.age_years == pytest.approx(20, abs=0.01)


def test_an_impossible_birth_date_gives_no_age():
    assert header_of(StudyDate="20200101", PatientBirthDate="20990101").age_years is None
    assert header_of(StudyDate="20200101").age_years is None


@pytest.mark.parametrize("declared", ["ISO_IR 192", None, "", "ISO_IR 100", "NONSENSE", "ISO_IR 6"])
def test_vietnamese_names_are_read_whatever_is_declared(declared):
    parts = [] if declared is None else [raw_element(0x00080005, b"CS", declared.encode())]
    name = VIETNAMESE.encode()
    name += b" " * (len(name) % 2)
    data = bare() + b"".join(parts) + raw_element(0x00100010, b"PN", name)
    assert open_image(data, Limits()).patient.name == VIETNAMESE


def test_decomposed_vietnamese_is_composed():
    data = bare(raw_element(0x00100010, b"PN", "Nguye\u0302\u0303n".encode()))
    assert open_image(data, Limits()).patient.name == "Nguyễn"


@pytest.mark.parametrize("path", get_charset_files("*.dcm"), ids=lambda p: Path(p).stem)
def test_every_character_set_reads_as_pydicom_reads_it(path):
    name = str(dcmread(path).get("PatientName", "")).split("=")[0]
    assert open_image(Path(path).read_bytes(), Limits()).patient.name == name.strip("^ ")


def test_bytes_of_no_character_set_do_not_fail_a_file():
    data = bare(
        raw_element(0x00080005, b"CS", b"\\ISO 2022 IR 87"),
        raw_element(0x00100010, b"PN", b"\x1b$B\xff\xfe\x1b(J^\x80"),
    )
    assert isinstance(open_image(data, Limits()).patient.name, str)


def test_header_text_is_stripped_of_control_characters_and_capped():
    hostile = "AP\x1f\x7f\u202e\u2028\u200b<script>" + "x" * 500
    data = bare(raw_element(0x00185101, b"CS", hostile.encode()[:600]))
    view = open_image(data, Limits()).header.view
    assert view == ("AP<SCRIPT>" + "X" * 500)[:64]


@pytest.mark.parametrize("vr", [b"IS", b"US", b"DS", b"UL", b"LO", b"ZZ"[:1] + b"\0"])
def test_numbers_that_are_none_do_not_fail_a_file(vr):
    data = bare(
        raw_element(0x00280008, b"IS", b"many"),
        raw_element(0x00280010, vr if vr.isalpha() else b"CS", b"\xff"),
        raw_element(0x00280030, b"DS", b"nan\\-inf"),
    )
    header = open_image(data, Limits()).header
    assert header.frames == 1
    assert header.spacing_mm is None


@pytest.mark.parametrize("name", ["rtplan.dcm", "waveform_ecg.dcm", "rtstruct.dcm"])
def test_an_object_without_pixels_opens_and_does_not_decode(name):
    image = open_image(films.real_file(name), Limits())
    assert image.header.rows == 0
    with pytest.raises(UnreadableImage) as error:
        image.decode(films.NoDecoder())
    assert error.value.code == "no_pixel_data"


def test_a_dicomdir_is_not_an_image():
    folder = Path(pydicom.__file__).parent / "data/test_files/dicomdirtests"
    with pytest.raises(NotAnImage):
        open_image((folder / "DICOMDIR").read_bytes(), Limits())


@pytest.mark.parametrize(
    "data", [b"\0" * 500, b"hello", b"PK\x03\x04" + b"\0" * 99, b"{}", b"\x08"]
)
def test_other_files_are_not_images(data):
    with pytest.raises(NotAnImage):
        open_image(data, Limits())


def test_an_empty_file_is_unreadable():
    with pytest.raises(UnreadableImage) as error:
        open_image(b"", Limits())
    assert error.value.code == "empty_file"


def test_a_preamble_that_looks_like_a_tiff_is_still_dicom():
    data = bytearray(dicom(chest(12), 12))
    data[:4] = b"II*\0"
    assert open_image(bytes(data), Limits()).header.source == "dicom"


# Limits


def test_a_file_over_the_limit_is_refused():
    with pytest.raises(ImageTooLarge) as error:
        open_image(dicom(chest(12), 12), Limits(max_file_bytes=1000))
    assert error.value.code == "file_too_large"


@pytest.mark.parametrize("syntax", [films.LITTLE, films.J2K])
def test_too_many_pixels_are_refused_before_anything_is_decoded(syntax):
    frame = None if syntax == films.LITTLE else b"never looked at"
    data = dicom(chest(12), 12, syntax=syntax, frame=frame, Rows=65535, Columns=65535)
    with pytest.raises(ImageTooLarge) as error:
        read(data)
    assert error.value.code == "too_many_pixels"


def test_a_deflate_bomb_stops_at_the_limit():
    ds = dataset(chest(12), 12)
    ds.add_new(0x00091001, "OB", b"\0" * 20_000_000)
    data = written(ds, films.DEFLATED)
    assert len(data) < 100_000
    with pytest.raises(ImageTooLarge) as error:
        open_image(data, Limits(max_inflated_bytes=1_000_000))
    assert error.value.code == "inflated_too_large"


def test_deflated_garbage_is_unreadable():
    data = dicom(chest(12), 12, syntax=films.DEFLATED)
    with pytest.raises(UnreadableImage):
        open_image(data[:400] + b"\xff" * 1000, Limits())


def test_millions_of_tiny_elements_stop_at_the_limit():
    data = bare() + raw_element(0x00090010, b"LO", b"") * 300_000
    with pytest.raises(ImageTooLarge) as error:
        open_image(data, Limits())
    assert error.value.code == "too_many_elements"


def test_millions_of_tiny_items_stop_at_the_limit():
    sequence = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0" * 300_000
    with pytest.raises(ImageTooLarge):
        open_image(bare() + sequence, Limits())


@pytest.mark.parametrize("depth", [40, 5000])
def test_sequences_nested_too_deep_are_an_error(depth):
    nested = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth
    with pytest.raises(UnreadableImage) as error:
        open_image(bare() + nested, Limits())
    assert error.value.code == "broken_header"


def test_zeros_between_elements_are_not_scanned_twice():
    with pytest.raises(UnreadableImage):
        open_image(bare() + (b"\0" * 8 + b"\1") * 50_000, Limits())


@pytest.mark.parametrize("tail", [b"\0" * 3, b"\0" * 500])
def test_zeros_after_the_last_element_are_padding(tail):
    assert open_image(bare() + tail, Limits()).header.rows == 0


# The same elements as pydicom


CUT_OFF = {"rtplan_truncated.dcm", "no_meta.dcm"}
"""Broken on purpose; the second begins in the middle of an element."""


def _readable(path: str) -> bool:
    name = Path(path).name
    return name.endswith(".dcm") and "DICOMDIR" not in name and name not in CUT_OFF


@pytest.mark.parametrize(
    "path", sorted(filter(_readable, get_testdata_files())), ids=lambda p: Path(p).stem
)
@pytest.mark.filterwarnings("ignore")
def test_our_walk_finds_the_elements_that_pydicom_finds(path):
    data = Path(path).read_bytes()
    ours = read_header(data, Limits())
    stream = io.BytesIO(data)
    theirs = dcmread(stream, stop_before_pixels=True, force=True)
    expected = {int(tag) for tag in theirs.keys() if tag >> 16 != 2}  # noqa: SIM118 (no values)
    assert set(ours.dataset.elements) == expected - PIXEL_DATA_TAGS
    if ours.pixel_head and ours.data is data:
        head = 8 if ours.dataset.encoding.implicit else 12
        assert stream.tell() == ours.pixel_head.start - head
    for tag, element in ours.dataset.elements.items():
        raw = theirs.get_item(tag)
        if element.defined and isinstance(getattr(raw, "value", None), bytes):
            assert raw.value == ours.dataset.raw(tag)
