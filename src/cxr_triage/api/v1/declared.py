"""The fields that stand beside pictures in a form."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cxr_triage.api.platform.text import CleanLine, cleaned
from cxr_triage.domain import Patient
from cxr_triage.errors import FieldInvalid, RequestInvalid
from cxr_triage.imaging.dicom.ages import AGREEING, age_said
from cxr_triage.imaging.dicom.dates import day_of
from cxr_triage.service.intake.declared import Declared
from cxr_triage.store.rows.keys import LONGEST

OLDEST_YEARS = 130

Text = Annotated[str, BeforeValidator(cleaned(64)), Field(max_length=64)]
Whole = Annotated[CleanLine, Field(max_length=LONGEST)]
"""What identifies somebody is never cut."""

Age = Annotated[
    float,
    BeforeValidator(lambda value: _or_as_it_is(age_said(str(value)), value)),
    Field(ge=0, le=OLDEST_YEARS),
]
"""In years; 7,5 and 8Y6M are read as a header's age is."""
Day = Annotated[date, BeforeValidator(lambda value: _or_as_it_is(day_of(str(value)), value))]


def _or_as_it_is(read: object, value: object) -> object:
    return value if read is None else read


class DeclaredIn(BaseModel):
    """What a sender says of pictures; a DICOM object speaks for itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patient_id: Whole = ""
    patient_name: Whole = ""
    birth_date: Day | None = None
    sex: Literal["", "M", "F", "O"] = ""
    age: Age | None = None
    adult: bool = False
    view: Text = Field(default="", examples=["PA"])
    accession: Whole = ""
    bits: Annotated[int, Field(ge=8, le=16)] | None = None


def declared_of(fields: dict[str, Any], zone: ZoneInfo) -> Declared:
    """Empty fields count as not given. zone: of the place, whose day it is.

    Raises FieldInvalid, or RequestInvalid for a field that is none of ours; both are
    `field_invalid`.
    """
    given = {name: value for name, value in fields.items() if value != ""}
    try:
        said = DeclaredIn.model_validate(given)
    except ValidationError as problem:
        where = str(problem.errors()[0]["loc"][0])
        if where not in DeclaredIn.model_fields:  # its name is not ours to repeat
            raise RequestInvalid("field_invalid") from None
        raise FieldInvalid("field_invalid", field=where) from None
    born = said.birth_date
    ages = sorted(age for age in (said.age, _age_years(born, zone)) if age is not None)
    apart = len(ages) > 1 and ages[1] - ages[0] > AGREEING
    return Declared(
        patient=Patient(
            id=said.patient_id,
            name=said.patient_name,
            birth_date=born.isoformat() if born else "",
            sex=said.sex,
        ),
        accession=said.accession,
        view=said.view.upper(),
        bits=said.bits,
        age_years=ages[0] if ages else None,
        adult=said.adult and not ages,
        older_age=round(ages[1], 1) if apart else None,
    )


def _age_years(born: date | None, zone: ZoneInfo) -> float | None:
    """Today's age at the place; None for a birthday that nobody has."""
    if born is None:
        return None
    years = (datetime.now(zone).date() - born).days / 365.25
    return years if 0 <= years <= OLDEST_YEARS else None
