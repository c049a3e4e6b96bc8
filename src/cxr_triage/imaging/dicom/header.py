"""Header and Patient of a DICOM data set; text is cleaned, numbers are checked."""

import re
from collections.abc import Iterator

from cxr_triage.domain import Header, Patient
from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.dicom.ages import ages_apart, youngest_age
from cxr_triage.imaging.dicom.codes import laterality_of, region_of, view_of
from cxr_triage.imaging.dicom.dataset import DataSet, DicomHeader
from cxr_triage.imaging.dicom.dates import day_of
from cxr_triage.imaging.dicom.numbers import read_number
from cxr_triage.imaging.dicom.spacing import spacing_mm
from cxr_triage.imaging.dicom.text import decode_text

TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})?")
LONGEST_NAME = 512
"""Characters of a patient's name: five components, in one way of writing."""

NUMBER_OF_FRAMES = 0x00280008
DESCRIPTIONS = (
    0x00181030,  # Protocol Name
    0x0008103E,  # Series Description
    0x00181400,  # Acquisition Device Processing Description
)
DATE_TIMES = (
    (0x0008002A, None),  # Acquisition DateTime
    (0x00080022, 0x00080032),  # Acquisition Date, Time
    (0x00080023, 0x00080033),  # Content Date, Time
    (0x00080021, 0x00080031),  # Series Date, Time
    (0x00080020, 0x00080030),  # Study Date, Time
)


def header_of(file: DicomHeader) -> Header:
    """What the data set says of itself; absent and broken values are empty."""
    ds = file.dataset
    return Header(
        source="dicom",
        sop_class_uid=ds.identifier(0x00080016),
        study_uid=ds.identifier(0x0020000D),
        series_uid=ds.identifier(0x0020000E),
        sop_uid=ds.identifier(0x00080018),
        accession=ds.identifier(0x00080050),
        modality=ds.text(0x00080060).upper(),
        view=view_of(ds),
        laterality=laterality_of(ds),
        body_part=region_of(ds),
        description=_description(ds),
        patient_orientation="\\".join(ds.texts(0x00200020)[:2]).upper(),
        presentation_intent=ds.text(0x00080068).upper(),
        photometric_interpretation=ds.text(0x00280004).upper(),
        frames=frames(ds),
        rows=ds.short(0x00280010) or 0,
        columns=ds.short(0x00280011) or 0,
        bits_allocated=ds.short(0x00280100) or 0,
        bits_stored=ds.short(0x00280101) or 0,
        age_years=youngest_age(*_age_and_birth(ds), _dates(ds)),
        sex=ds.text(0x00100040).upper(),
        manufacturer=ds.text(0x00080070),
        model_name=ds.text(0x00081090),
        institution=ds.text(0x00080080),
        acquired_at=acquired_at(ds),
        transfer_syntax=file.transfer_syntax,
        spacing_mm=_spacing_mm(ds),
    )


def ages_that_contradict(ds: DataSet) -> tuple[float, float] | None:
    """In years, the youngest first; None where Patient's Age and the birth date agree."""
    return ages_apart(*_age_and_birth(ds), _dates(ds))


def _age_and_birth(ds: DataSet) -> tuple[str, str]:
    return ds.text(0x00101010), ds.text(0x00100030)


def patient_of(ds: DataSet) -> Patient:
    """Who the image shows; the first component group of the name that is not empty."""
    groups = ds.raw(0x00100010)[:4096].split(b"=")
    names = (
        decode_text(group, ds.character_sets, longest=LONGEST_NAME).strip("^ ") for group in groups
    )
    return Patient(
        id=ds.identifier(0x00100020),
        issuer=ds.identifier(0x00100021),
        name=next((name for name in names if name), ""),
        birth_date=day.isoformat() if (day := day_of(ds.text(0x00100030))) else "",
        sex=ds.text(0x00100040).upper(),
    )


def frames(ds: DataSet) -> int:
    """Number of Frames; 1 where it is absent, nonsense or not to be read."""
    try:
        number = read_number(ds, NUMBER_OF_FRAMES, [])
    except UnreadableImage:
        return 1
    return 1 if number is None or number < 1 else int(min(number, 2**31 - 1))


def _description(ds: DataSet) -> str:
    texts = (" ".join(ds.texts(tag)).strip() for tag in DESCRIPTIONS)
    return " / ".join(filter(None, texts))


def _dates(ds: DataSet) -> Iterator[str]:
    """When the film may have been taken, the best date first."""
    tags = (*(tag for tag, _ in DATE_TIMES), 0x00400244, 0x00080012)
    return (ds.text(tag) for tag in tags)


def acquired_at(ds: DataSet) -> str:
    """YYYY-MM-DDTHH:MM:SS or YYYY-MM-DD, from the most specific date that is valid."""
    for date_tag, time_tag in DATE_TIMES:
        text = ds.text(date_tag)
        day = day_of(text[:8] if time_tag is None and text[:8].isdecimal() else text)
        if day is None:
            continue
        time = TIME.match(text[8:] if time_tag is None else ds.text(time_tag))
        if time is None or int(time[1]) > 23 or int(time[2]) > 59:
            return day.isoformat()
        return f"{day.isoformat()}T{time[1]}:{time[2]}:{time[3] or '00'}"
    return ""


def _spacing_mm(ds: DataSet) -> tuple[float, float] | None:
    """None, too, where it is not to be read: decoding says so."""
    try:
        return spacing_mm(ds, [])
    except UnreadableImage:
        return None
