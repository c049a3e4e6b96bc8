"""Header and Patient of a DICOM data set; text is cleaned, numbers are checked."""

import re
from datetime import date

from cxr_triage.domain import Header, Patient
from cxr_triage.imaging.dataset import DataSet, DicomHeader
from cxr_triage.imaging.text import decode_text

AGE = re.compile(r"(\d{1,3})\s*([DWMY]?)", re.IGNORECASE)
DATE = re.compile(r"(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})")
TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})?")
YEARS_PER = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0, "": 1.0}
OLDEST_YEARS = 130.0
LONGEST_NAME = 512
"""Characters of a patient's name: five components, in one way of writing."""

CODE_MEANING = 0x00080104
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
        view=(ds.text(0x00185101) or _code_meaning(ds, 0x00540220)).upper(),
        laterality=(ds.text(0x00200062) or ds.text(0x00200060)).upper(),
        body_part=(ds.text(0x00180015) or _code_meaning(ds, 0x00082218)).upper(),
        description=_description(ds),
        patient_orientation="\\".join(ds.texts(0x00200020)[:2]).upper(),
        presentation_intent=ds.text(0x00080068).upper(),
        photometric_interpretation=ds.text(0x00280004).upper(),
        frames=frames(ds),
        rows=ds.short(0x00280010) or 0,
        columns=ds.short(0x00280011) or 0,
        bits_allocated=ds.short(0x00280100) or 0,
        bits_stored=ds.short(0x00280101) or 0,
        age_years=age_years(ds),
        sex=ds.text(0x00100040).upper(),
        manufacturer=ds.text(0x00080070),
        model_name=ds.text(0x00081090),
        institution=ds.text(0x00080080),
        acquired_at=acquired_at(ds),
        transfer_syntax=file.transfer_syntax,
        spacing_mm=spacing_mm(ds),
    )


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
        birth_date=_iso_date(ds.text(0x00100030)),
        sex=ds.text(0x00100040).upper(),
    )


def frames(ds: DataSet) -> int:
    """Number of Frames; 1 where it is absent or nonsense."""
    number = ds.decimal(0x00280008)
    return 1 if number is None or number < 1 else min(int(number), 2**31 - 1)


def _code_meaning(ds: DataSet, sequence: int) -> str:
    return next((item.text(CODE_MEANING) for item in ds.items(sequence, limit=1)), "")


def _description(ds: DataSet) -> str:
    return " / ".join(text for tag in DESCRIPTIONS if (text := ds.text(tag)))


def age_years(ds: DataSet) -> float | None:
    """Patient's Age; else the years from birth to acquisition; None if neither is sane."""
    match = AGE.fullmatch(ds.text(0x00101010))
    if match:
        years = int(match[1]) * YEARS_PER[match[2].upper()]
        if years <= OLDEST_YEARS:
            return years
    born = _date(ds.text(0x00100030))
    taken = next((day for tag, _ in DATE_TIMES if (day := _date(ds.text(tag)))), None)
    if born is None or taken is None:
        return None
    years = (taken - born).days / 365.25
    return years if 0 <= years <= OLDEST_YEARS else None


def acquired_at(ds: DataSet) -> str:
    """YYYY-MM-DDTHH:MM:SS or YYYY-MM-DD, from the most specific date that is valid."""
    for date_tag, time_tag in DATE_TIMES:
        text = ds.text(date_tag)
        day = _date(text)
        if day is None:
            continue
        time = TIME.match(text[8:] if time_tag is None else ds.text(time_tag))
        if time is None or int(time[1]) > 23 or int(time[2]) > 59:
            return day.isoformat()
        return f"{day.isoformat()}T{time[1]}:{time[2]}:{time[3] or '00'}"
    return ""


def _date(text: str) -> date | None:
    match = DATE.match(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _iso_date(text: str) -> str:
    day = _date(text)
    return day.isoformat() if day else ""


def spacing_mm(ds: DataSet) -> tuple[float, float] | None:
    """Pixel, Imager Pixel or Nominal Scanned Pixel Spacing (rows, columns); 0 is unknown."""
    for tag in (0x00280030, 0x00181164, 0x00182010):
        values = ds.decimals(tag)[:2]
        if len(values) == 2 and min(values) > 0:
            return values[0], values[1]
    return None


def pixel_height_over_width(ds: DataSet) -> float:
    """How much taller than wide a pixel is; 1 where nothing says so."""
    spacing = spacing_mm(ds)
    if spacing is None:
        aspect = ds.decimals(0x00280034)[:2]
        spacing = (aspect[0], aspect[1]) if len(aspect) == 2 and min(aspect) > 0 else (1.0, 1.0)
    return spacing[0] / spacing[1]
