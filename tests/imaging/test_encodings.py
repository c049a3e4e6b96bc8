"""Every encoding in use: a real frame goes in, the same frame comes out."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate

from cxr_triage.errors import UnreadableImage, UnsupportedImage

from . import films
from .films import chest, codes, dicom, jpeg, jpeg2000, read, real_file


@pytest.mark.parametrize("syntax", [films.LITTLE, films.IMPLICIT, films.BIG, films.DEFLATED])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_uncompressed_pixels_need_no_decoder(syntax, bits):
    assert np.array_equal(read(dicom(chest(bits), bits, syntax=syntax)).stored, chest(bits))


@pytest.mark.parametrize("syntax", [films.LITTLE, films.IMPLICIT, films.BIG])
@pytest.mark.parametrize("bits", [8, 12])
def test_a_file_without_preamble_or_meta_is_recognised(syntax, bits):
    film = read(dicom(chest(bits), bits, syntax=syntax, preamble=False))
    assert np.array_equal(film.stored, chest(bits))
    assert film.header.transfer_syntax == ""


def test_a_wrong_transfer_syntax_between_implicit_and_explicit_is_seen_through():
    data = dicom(chest(12), 12, syntax=films.IMPLICIT)
    wrong = data.replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2 ")
    meta = films.LITTLE.encode()
    at = wrong.index(b"1.2.840.10008.1.2 ")
    wrong = wrong[: at - 2] + struct.pack("<H", 20) + meta + b"\0" + wrong[at + 18 :]
    assert np.array_equal(read(wrong).stored, chest(12))


def test_eight_bit_pixels_in_big_endian_words_are_swapped():
    ds = films.dataset(chest(8), 8)
    swapped = chest(8).reshape(-1, 2)[:, ::-1].tobytes()
    ds.add_new(0x7FE00010, "OW", swapped)
    assert np.array_equal(read(films.written(ds, films.BIG)).stored, chest(8))


def test_an_odd_number_of_bytes_is_padded_silently():
    odd = chest(8)[:5, :5]
    film = read(dicom(odd, 8))
    assert np.array_equal(film.stored, odd)
    assert codes(film) == []


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_rle(decoder, bits):
    film = read(films.rle(chest(bits), bits), decoder)
    assert np.array_equal(film.stored, chest(bits))
    assert codes(film) == []


@pytest.mark.parametrize("syntax", [films.LOSSLESS, films.LOSSLESS_SV1])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 15, 16])
def test_jpeg_lossless(decoder, syntax, bits):
    predictor = 1 if syntax == films.LOSSLESS_SV1 else 6
    frame = jpeg(chest(bits), bits, lossless=True, predictor=predictor)
    film = read(dicom(chest(bits), bits, syntax=syntax, frame=frame), decoder)
    assert np.array_equal(film.stored, chest(bits))
    assert codes(film) == []


@pytest.mark.parametrize(
    ("syntax", "bits"), [(films.BASELINE, 8), (films.EXTENDED, 8), (films.EXTENDED, 12)]
)
def test_lossy_jpeg_is_close(decoder, syntax, bits):
    frame = jpeg(chest(bits), bits, level=95)
    film = read(dicom(chest(bits), bits, syntax=syntax, frame=frame), decoder)
    error = np.abs(film.stored.astype(int) - chest(bits)).mean()
    assert error < 0.01 * 2**bits
    assert codes(film) == []


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("near", [0, 2])
def test_jpeg_ls(decoder, bits, near):
    frame = imagecodecs.jpegls_encode(chest(bits), level=near)
    syntax = films.JPEGLS_NEAR if near else films.JPEGLS
    film = read(dicom(chest(bits), bits, syntax=syntax, frame=frame), decoder)
    assert np.abs(film.stored.astype(int) - chest(bits)).max() <= near


@pytest.mark.parametrize("bits", [8, 10, 12, 15, 16])
def test_jpeg_2000_lossless(decoder, bits):
    frame = jpeg2000(chest(bits), bits)
    film = read(dicom(chest(bits), bits, syntax=films.J2K_LOSSLESS, frame=frame), decoder)
    assert np.array_equal(film.stored, chest(bits))
    assert codes(film) == []


def test_jpeg_2000_lossy_is_close(decoder):
    frame = jpeg2000(chest(12), 12, level=60)
    film = read(dicom(chest(12), 12, syntax=films.J2K, frame=frame), decoder)
    assert np.abs(film.stored.astype(int) - chest(12)).mean() < 40


def test_a_jp2_file_inside_a_frame(decoder):
    frame = jpeg2000(chest(12), 12, codecformat="jp2")
    film = read(dicom(chest(12), 12, syntax=films.J2K_LOSSLESS, frame=frame), decoder)
    assert np.array_equal(film.stored, chest(12))


def test_signed_jpeg_2000(decoder):
    signed = chest(12).astype(np.int16) - 2048
    frame = jpeg2000(signed, 16)
    film = read(dicom(signed, 16, syntax=films.J2K_LOSSLESS, frame=frame), decoder)
    assert np.array_equal(film.stored, signed)
    assert codes(film) == []


def test_jpeg_2000_of_the_other_sign_is_reinterpreted_aloud(decoder):
    signed = chest(12).astype(np.int16) - 2048
    frame = jpeg2000(signed.view(np.uint16), 16)
    film = read(dicom(signed, 16, syntax=films.J2K_LOSSLESS, frame=frame), decoder)
    assert np.array_equal(film.stored, signed)
    assert codes(film) == ["signedness_differs"]


def test_signed_pixels_in_a_code_without_a_sign(decoder):
    signed = chest(12).astype(np.int16) - 2048
    frame = jpeg((signed & 0x0FFF).astype(np.uint16), 12, lossless=True, predictor=1)
    data = dicom(signed, 12, syntax=films.LOSSLESS_SV1, frame=frame)
    assert np.array_equal(read(data, decoder).stored, signed)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_high_throughput_jpeg_2000(decoder, bits):
    frame = imagecodecs.htj2k_encode(chest(bits), reversible=True)
    data = dicom(chest(bits), bits, syntax=films.HTJ2K_LOSSLESS, frame=frame)
    assert np.array_equal(read(data, decoder).stored, chest(bits))


@pytest.mark.parametrize("bits", [8, 16])
def test_jpeg_xl(decoder, bits):
    frame = imagecodecs.jpegxl_encode(chest(bits), lossless=True, usecontainer=False)
    data = dicom(chest(bits), bits, syntax=films.JPEGXL_LOSSLESS, frame=frame)
    assert np.array_equal(read(data, decoder).stored, chest(bits))


def test_encapsulated_uncompressed():
    frame = chest(12).tobytes()
    data = dicom(chest(12), 12, syntax=films.ENCAPSULATED_RAW, frame=frame)
    assert np.array_equal(read(data).stored, chest(12))


def test_one_frame_in_several_fragments_is_joined(decoder):
    ds = films.dataset(chest(12), 12)
    ds.PixelData = encapsulate([jpeg2000(chest(12), 12)], fragments_per_frame=3)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    data = films.written(ds, films.J2K_LOSSLESS)
    assert np.array_equal(read(data, decoder).stored, chest(12))


def test_one_frame_of_a_multi_frame_object_is_read(decoder):
    frame = jpeg2000(chest(12), 12)
    data = dicom(chest(12), 12, NumberOfFrames=1, syntax=films.J2K_LOSSLESS, frame=frame)
    assert np.array_equal(read(data, decoder).stored, chest(12))
    assert np.array_equal(read(dicom(chest(12), 12, NumberOfFrames=1)).stored, chest(12))


def test_the_frame_itself_says_how_it_is_compressed(decoder):
    data = dicom(chest(12), 12, syntax=films.JPEGLS, frame=jpeg2000(chest(12), 12))
    film = read(data, decoder)
    assert np.array_equal(film.stored, chest(12))
    assert codes(film) == ["transfer_syntax_differs"]


def test_more_precision_than_bits_stored_is_harmless_if_no_value_needs_it(decoder):
    data = dicom(chest(12), 12, syntax=films.J2K_LOSSLESS, frame=jpeg2000(chest(12), 16))
    film = read(data, decoder)
    assert np.array_equal(film.stored, chest(12))
    assert codes(film) == ["precision_larger"]


def test_values_of_more_bits_than_the_header_says_are_an_error(decoder):
    frame = jpeg2000(chest(15), 15)
    with pytest.raises(UnreadableImage) as error:
        read(dicom(chest(15), 12, syntax=films.J2K_LOSSLESS, frame=frame), decoder)
    assert error.value.code == "precision_mismatch"


@pytest.mark.parametrize("frame", [jpeg2000(chest(12), 12), jpeg(chest(12), 12, level=90)])
def test_a_frame_of_another_size_is_refused_before_decoding(frame):
    with pytest.raises(UnreadableImage) as error:
        read(dicom(chest(12), 12, Rows=8, syntax=films.J2K_LOSSLESS, frame=frame))
    assert error.value.code == "size_mismatch"


def test_an_rle_frame_of_another_size_is_an_error(decoder):
    data = dcmread_with(films.rle(chest(12), 12), Rows=chest(12).shape[0] + 1)
    with pytest.raises(UnreadableImage):
        read(data, decoder)


def dcmread_with(data, **attributes):
    ds = dcmread(io.BytesIO(data))
    for name, value in attributes.items():
        setattr(ds, name, value)
    return films.written(ds, ds.file_meta.TransferSyntaxUID)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"BitsAllocated": 32, "BitsStored": 32}, "bits_allocated"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "not_greyscale"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "not_greyscale"),
        ({"NumberOfFrames": 2}, "several_frames"),
    ],
)
def test_what_no_radiograph_has_is_unsupported(attributes, code):
    with pytest.raises(UnsupportedImage) as error:
        read(dicom(chest(12), **({"bits": 12} | attributes)))
    assert error.value.code == code


def test_an_unknown_transfer_syntax_is_unsupported():
    mpeg = "1.2.840.10008.1.2.4.102"
    with pytest.raises(UnsupportedImage) as error:
        read(dicom(chest(12), 12, syntax=mpeg, frame=b"\0\0\1\xba"))
    assert error.value.values == {"measured": mpeg}


@pytest.mark.parametrize(
    "name", ["Rows", "Columns", "BitsAllocated", "BitsStored", "PhotometricInterpretation"]
)
def test_without_an_attribute_that_pixels_need_nothing_is_guessed(name):
    with pytest.raises(UnreadableImage) as error:
        read(dicom(chest(12), 12, **{name: None}))
    assert error.value.code == "missing_attribute"


@pytest.mark.parametrize("attributes", [{"BitsStored": 20}, {"HighBit": 3}, {"HighBit": 16}])
def test_bits_that_contradict_each_other_are_an_error(attributes):
    with pytest.raises(UnreadableImage) as error:
        read(dicom(chest(12), **({"bits": 12} | attributes)))
    assert error.value.code == "contradictory_bits"


def test_a_missing_pixel_representation_is_assumed_aloud():
    assert codes(read(dicom(chest(12), 12, PixelRepresentation=None))) == ["attribute_assumed"]


@pytest.mark.parametrize(
    ("compressed", "plain"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("MR_small_implicit.dcm", "MR_small.dcm"),
        ("RG3_J2KR.dcm", "RG3_UNCR.dcm"),
        ("MR2_J2KI.dcm", "MR2_UNCI.dcm"),
    ],
)
def test_other_peoples_lossless_files_equal_their_uncompressed_twins(decoder, compressed, plain):
    first, second = (real_file(n) for n in (compressed, plain))
    assert np.array_equal(read(first, decoder).stored, read(second, decoder).stored)


@pytest.mark.parametrize("name", ["JPEG-lossy.dcm", "JPGExtended.dcm"])
def test_other_peoples_twelve_bit_jpeg_is_near_its_uncompressed_twin(decoder, name):
    lossy = read(real_file(name), decoder).stored.astype(int)
    plain = read(real_file("JPEG2000_UNC.dcm")).stored
    assert np.corrcoef(lossy.ravel(), plain.ravel())[0, 1] > 0.95


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "image_dfl.dcm", "J2K_pixelrep_mismatch.dcm", "explicit_VR-UN.dcm",
     "693_J2KI.dcm", "MR-SIEMENS-DICOM-WithOverlays.dcm",
     "mlut_18.dcm", "vlut_04.dcm"],
)  # fmt: skip
def test_stored_values_equal_pydicoms(decoder, name):
    film = read(real_file(name), decoder)
    assert np.array_equal(film.stored, dcmread(get_testdata_file(name)).pixel_array)
