"""The films of the demonstration: real films of invented patients, at two stations.

They lie in `demo_films` of the package; index.csv there says
of each whose film it is said to be. A leg of pydicom-data, which is refused, comes
with them where that is installed.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pydicom

INDEX: Final = "index.csv"
LEG: Final = "RG3_UNCR*"
DICOM: Final = "application/dicom"
PICTURES: Final = {".png": "image/png", ".jpg": "image/jpeg", ".tif": "image/tiff"}

FOLDER: Final = Path(__file__).resolve().parents[2] / "demo_films"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFilm:
    """A file's name and bytes, the station that sends it, and what is declared of a picture."""

    name: str
    data: bytes
    station: str
    declared: dict[str, str]

    @property
    def media_type(self) -> str:
        return PICTURES.get(Path(self.name).suffix, DICOM)


def demo_folder() -> Path:
    """Where the films lie."""
    return FOLDER / "films"


def demo_films() -> Iterator[DemoFilm]:
    """The films of the index in its order, then the leg if it is there."""
    with (FOLDER / INDEX).open(encoding="utf-8", newline="") as index:
        rows = list(csv.DictReader(index))
    for row in rows:
        file = demo_folder() / row["file"]
        yield DemoFilm(
            name=file.name,
            data=file.read_bytes(),
            station=row["station"],
            declared=_declared(row) if file.suffix in PICTURES else {},
        )
    leg = demo_leg()
    if leg is not None:
        yield DemoFilm(name="leg.dcm", data=leg, station=rows[0]["station"], declared={})


def demo_leg() -> bytes | None:
    """A radiograph of a leg (CR, EXTREMITY) of an invented patient. None without pydicom-data."""
    package = find_spec("data_store")
    if package is None or package.origin is None:
        return None
    ds = pydicom.dcmread(next((Path(package.origin).parent / "data").glob(LEG)))
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID, ds.AccessionNumber = "Tô^Thị Khuê", "DEMO-18", "DEMO-18"
    buffer = io.BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def _declared(row: dict[str, str]) -> dict[str, str]:
    """Fields of the form that a picture is sent with."""
    return {
        "patient_id": row["number"],
        "patient_name": row["name"],
        "sex": row["sex"],
        "age": row["age"],
        "view": row["view"],
        "accession": row["number"],
    }
