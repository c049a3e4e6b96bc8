"""Make the films of the demonstration from NIH originals.

    python scripts/make_demo_films.py ORIGINALS [--out demo]

ORIGINALS holds the PNG files of NIH ChestX-ray14 that `FILMS` names, as the NIH Clinical Center
gives them out, and labels.csv (image, findings, view, age, sex). They become DICOM objects (DX,
for presentation) in several lossless transfer syntaxes and three pictures; every grey value is
kept but in the JPEG picture. Patients are invented; age, sex and view are the films' own. The
same files come out each time.
"""

import argparse
import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate

Grey = NDArray[np.uint8]

DAY = "20261123"
STATIONS = {"thanh-an": "Trạm y tế Thạnh An", "ly-nhon": "Trạm y tế Lý Nhơn"}


def _plain(grey: Grey) -> bytes:
    return grey.tobytes()


def _jpeg_ls(grey: Grey) -> bytes:
    return bytes(imagecodecs.jpegls_encode(grey))


def _jpeg_2000(grey: Grey) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(grey, level=0, codecformat="j2k", reversible=True))


def _jpeg_lossless(grey: Grey) -> bytes:
    return bytes(imagecodecs.jpeg_encode(grey, lossless=True, predictor=1))


@dataclass(frozen=True, slots=True)
class Film:
    """One original and whose film it is said to be. kind: a key of KINDS or PICTURES."""

    original: str
    patient: str
    station: str
    time: str
    kind: str


KINDS: dict[str, tuple[str, Callable[[Grey], bytes]]] = {
    "JPEG 2000": (uid.JPEG2000Lossless, _jpeg_2000),
    "JPEG-LS": (uid.JPEGLSLossless, _jpeg_ls),
    "JPEG lossless": (uid.JPEGLosslessSV1, _jpeg_lossless),
    "deflated": (uid.DeflatedExplicitVRLittleEndian, _plain),
}
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": (".png", {"optimize": True}),
    "JPEG": (".jpg", {"quality": 90}),
    "TIFF": (".tif", {"compression": "tiff_adobe_deflate"}),
}
INDEX = ("file", "station", "number", "name", "sex", "age", "view", "taken", "source", "findings")
"""Columns of index.csv: what the demonstration says of a picture, and what NIH says of a film."""

FILMS = (
    Film("00003741_002", "Nguyễn^Văn Bình", "thanh-an", "0712", "JPEG 2000"),
    Film("00005869_001", "Trần^Thị Lụa", "ly-nhon", "0726", "JPEG-LS"),
    Film("00003382_009", "Lê^Thị Bích Ngọc", "thanh-an", "0741", "JPEG-LS"),
    Film("00006519_015", "Phạm^Quốc Cường", "thanh-an", "0755", "JPEG lossless"),
    Film("00001362_014", "Huỳnh^Ngọc Ánh", "ly-nhon", "0808", "JPEG 2000"),
    Film("00006580_000", "Đặng^Thị Thuỳ Dương", "ly-nhon", "0823", "JPEG 2000"),
    Film("00003005_019", "Bùi^Hữu Nghĩa", "thanh-an", "0840", "deflated"),
    Film("00004532_001", "Võ^Minh Đăng Khoa", "thanh-an", "0852", "JPEG-LS"),
    Film("00002474_006", "Đỗ^Văn Đệ", "ly-nhon", "0907", "PNG"),
    Film("00000766_010", "Ngô^Gia Bảo", "thanh-an", "0921", "JPEG lossless"),
    Film("00010610_003", "Dương^Hoàng Sơn", "ly-nhon", "0936", "JPEG-LS"),
    Film("00003601_006", "Lý^Kim Sơn", "thanh-an", "0948", "JPEG 2000"),
    Film("00005567_016", "Hồ^Sỹ Hạnh", "ly-nhon", "1003", "JPEG-LS"),
    Film("00003789_000", "Phan^Thanh Tùng", "thanh-an", "1017", "TIFF"),
    Film("00011966_006", "Trương^Tấn Phát", "ly-nhon", "1029", "JPEG 2000"),
    Film("00006298_003", "Mai^Xuân Hoà", "thanh-an", "1044", "JPEG"),
    Film("00007109_027", "Lâm^Phượng Uyên", "ly-nhon", "1058", "JPEG-LS"),
)  # fmt: skip
"""No finding and findings in turn; NIH's labels are in the README beside the films."""


def dicom(film: Film, number: int, grey: Grey, label: dict[str, str]) -> FileDataset:
    """The film as a Digital X-Ray image for presentation (PS3.3 A.26)."""
    syntax, encode = KINDS[film.kind]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uid.DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = _uid(film, "image")
    meta.TransferSyntaxUID = uid.UID(syntax)
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _patient_and_study(ds, film, number, label)
    _acquisition(ds, film, label)
    _pixels(ds, grey)
    data = encode(grey)
    ds.PixelData = encapsulate([data]) if uid.UID(syntax).is_encapsulated else data
    ds["PixelData"].VR = "OB"
    return ds


def _patient_and_study(ds: Dataset, film: Film, number: int, label: dict[str, str]) -> None:
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = film.patient
    ds.PatientID = _number(number)
    ds.PatientBirthDate = ""
    ds.PatientSex = label["sex"]
    ds.PatientAge = f"{int(label['age']):03}Y"
    ds.PatientComments = "Demonstration: the person is invented, age and sex are the film's"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = _uid(film, "study"), _uid(film, "series")
    ds.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    ds.SOPInstanceUID = _uid(film, "image")
    ds.StudyID = ds.AccessionNumber = _number(number)
    ds.StudyDescription = "Demonstration: chest"
    ds.ReferringPhysicianName = ""
    for name in ("Study", "Series", "Content", "Acquisition"):
        setattr(ds, f"{name}Date", DAY)
        setattr(ds, f"{name}Time", f"{film.time}00")
    ds.TimezoneOffsetFromUTC = "+0700"
    ds.SeriesNumber = ds.InstanceNumber = 1


def _acquisition(ds: Dataset, film: Film, label: dict[str, str]) -> None:
    ds.Modality, ds.Manufacturer = "DX", ""
    ds.InstitutionName = STATIONS[film.station]
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.BodyPartExamined, ds.ViewPosition = "CHEST", label["view"]
    ds.ImageLaterality, ds.PatientOrientation = "U", ["L", "F"]
    ds.AnatomicRegionSequence = [_chest()]
    ds.AcquisitionContextSequence = []
    ds.DetectorType = "DIRECT"
    ds.PositionerType = "NONE"
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.DerivationDescription = "8-bit PNG of NIH ChestX-ray14, 1024x1024, grey values kept"
    ds.ImageComments = f"NIH Clinical Center, NIH ChestX-ray14, {film.original}.png"
    ds.BurnedInAnnotation, ds.LossyImageCompression = "YES", "00"


def _chest() -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "51185008", "SCT", "Chest"
    return item


def _pixels(ds: Dataset, grey: Grey) -> None:
    ds.Rows, ds.Columns = grey.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", -1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "US"
    ds.WindowCenter, ds.WindowWidth, ds.PresentationLUTShape = 128, 256, "IDENTITY"


def _number(number: int) -> str:
    return f"DEMO-{number:02}"


def _uid(film: Film, of: str) -> uid.UID:
    return uid.generate_uid(entropy_srcs=["cxr-triage demonstration film", film.original, of])


def write(film: Film, number: int, originals: Path, label: dict[str, str], out: Path) -> Path:
    """Write film-NN.dcm, or the picture; returns the file."""
    grey = np.asarray(Image.open(originals / f"{film.original}.png").convert("L"))
    if film.kind in PICTURES:
        suffix, options = PICTURES[film.kind]
        file = out / f"film-{number:02}{suffix}"
        Image.fromarray(grey).save(file, film.kind, **options)
        return file
    file = out / f"film-{number:02}.dcm"
    dicom(film, number, grey, label).save_as(file, enforce_file_format=True)
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("originals", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/cxr_triage/demo_films"))
    arguments = parser.parse_args()
    films = arguments.out / "films"
    films.mkdir(parents=True, exist_ok=True)
    with (arguments.originals / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {Path(row["image"]).stem: row for row in csv.DictReader(file)}
    with (arguments.out / "index.csv").open("w", encoding="utf-8", newline="") as file:
        index = csv.writer(file, lineterminator="\n")
        index.writerow(INDEX)
        for number, film in enumerate(FILMS, 1):
            label = labels[film.original]
            made = write(film, number, arguments.originals, label, films)
            name = film.patient.replace("^", " ")
            index.writerow(
                [made.name, film.station, _number(number), name, label["sex"], label["age"],
                 label["view"], f"{DAY}{film.time}", film.original, label["findings"]]
            )  # fmt: skip
            print(f"{made.name}: {film.kind}, {made.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
