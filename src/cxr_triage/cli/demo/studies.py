"""Demonstration studies: one real chest film in many guises, of invented patients.

No disease is drawn: a guise is what happens to films on their way. Each time the same files come
out.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID, generate_uid

from cxr_triage.cli.demo.guises import (
    Guise,
    PixelArray,
    as_taken,
    blurred,
    closer,
    exposed,
    flat,
    low,
    mirrored,
    negative,
    turned,
    upper_half,
)

LONGEST: Final = 1280
"""Pixels of the longer side: a dozen films of full size would fill a small disk for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStudy:
    """An invented patient at a station. acquired: YYYYMMDDhhmm. guises: one for each image."""

    name: str
    sex: str
    born: int
    station: str
    acquired: str
    guises: tuple[Guise, ...]


STUDIES: Final = (
    DemoStudy(
        name="Nguyễn^Thị Bích Ngọc",
        sex="F",
        born=1958,
        station="thanh-an",
        acquired="202611230712",
        guises=(as_taken,),
    ),
    DemoStudy(
        name="Trần^Văn Đệ",
        sex="M",
        born=1949,
        station="ly-nhon",
        acquired="202611230731",
        guises=(exposed(3.0),),
    ),
    DemoStudy(
        name="Lê^Hoàng Phượng Uyên",
        sex="F",
        born=1987,
        station="thanh-an",
        acquired="202611230805",
        guises=(flat(0.5, 0.4),),
    ),
    DemoStudy(
        name="Phạm^Quốc Cường",
        sex="M",
        born=1971,
        station="tam-thon-hiep",
        acquired="202611230822",
        guises=(closer(0.87),),
    ),
    DemoStudy(
        name="Huỳnh^Ngọc Ánh",
        sex="F",
        born=1994,
        station="thanh-an",
        acquired="202611230840",
        guises=(turned,),
    ),
    DemoStudy(
        name="Võ^Minh Đăng Khoa",
        sex="M",
        born=2003,
        station="ly-nhon",
        acquired="202611230858",
        guises=(mirrored,),
    ),
    DemoStudy(
        name="Đặng^Thị Thuỳ Dương",
        sex="F",
        born=1966,
        station="tam-thon-hiep",
        acquired="202611230915",
        guises=(blurred(25),),
    ),
    DemoStudy(
        name="Bùi^Hữu Nghĩa",
        sex="M",
        born=1979,
        station="thanh-an",
        acquired="202611230933",
        guises=(negative, low),
    ),
    DemoStudy(
        name="Đỗ^Thị Mỹ Hạnh",
        sex="F",
        born=1983,
        station="ly-nhon",
        acquired="202611230951",
        guises=(upper_half,),
    ),
    DemoStudy(
        name="Ngô^Gia Bảo",
        sex="M",
        born=2015,
        station="thanh-an",
        acquired="202611231010",
        guises=(as_taken,),
    ),
    DemoStudy(
        name="Dương^Thị Tuyết Nhung",
        sex="F",
        born=1955,
        station="tam-thon-hiep",
        acquired="202611231027",
        guises=(flat(0.3, 0.5),),
    ),
    DemoStudy(
        name="Lý^Kim Sơn",
        sex="M",
        born=1962,
        station="ly-nhon",
        acquired="202611231044",
        guises=(closer(0.65),),
    ),
)


def demo_studies(film: bytes) -> Iterator[tuple[str, bytes]]:
    """Station and DICOM file of each study, made from a real chest film (DICOM)."""
    for number, study in enumerate(STUDIES, 1):
        for image, guise in enumerate(study.guises, 1):
            ds = pydicom.dcmread(io.BytesIO(film))
            _set_pixels(ds, guise(_smaller(ds.pixel_array.astype(np.uint16))))
            _set_study(ds, f"{number:02}", study)
            _set_identity(ds, f"{number:02}", image)
            buffer = io.BytesIO()
            ds.save_as(buffer)
            yield study.station, buffer.getvalue()


def _set_pixels(ds: Dataset, stored: PixelArray) -> None:
    ds.Rows, ds.Columns = stored.shape
    ds.PixelData = np.ascontiguousarray(stored).astype("<u2").tobytes()


def _set_study(ds: Dataset, number: str, study: DemoStudy) -> None:
    for keyword in ("PixelSpacing", "OtherPatientIDs", "ReferringPhysicianName"):
        if keyword in ds:
            delattr(ds, keyword)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = study.name
    ds.PatientID = ds.AccessionNumber = f"DEMO-{number}"
    ds.PatientBirthDate, ds.PatientSex = f"{study.born}0101", study.sex
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = study.acquired[:8]
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = f"{study.acquired[8:]}00"
    ds.TimezoneOffsetFromUTC = "+0700"
    ds.InstitutionName = "Demonstration"
    ds.ImageComments = "Demonstration: derived from a public film, patient invented"


def _set_identity(ds: FileDataset, number: str, image: int) -> None:
    ds.StudyInstanceUID = _uid(number, "study")
    ds.SeriesInstanceUID = _uid(number, "series")
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = _uid(number, f"image {image}")


def _uid(number: str, of: str) -> UID:
    return generate_uid(entropy_srcs=["cxr-triage demonstration", number, of])


def _smaller(stored: PixelArray) -> PixelArray:
    """Averaged over blocks until no side is longer than `LONGEST`."""
    step = -(-max(stored.shape) // LONGEST)
    rows, columns = (side // step for side in stored.shape)
    blocks = stored[: rows * step, : columns * step].reshape(rows, step, columns, step)
    return np.asarray(blocks.mean((1, 3)), np.uint16)
