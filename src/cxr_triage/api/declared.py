"""The fields that stand beside pictures in a form."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cxr_triage.domain import Patient
from cxr_triage.errors import RequestInvalid
from cxr_triage.imaging.text import clean
from cxr_triage.service.declared import Declared
from cxr_triage.store.identity import LONGEST

OLDEST_YEARS = 130

Text = Annotated[str, BeforeValidator(lambda value: clean(str(value))), Field(max_length=64)]
Whole = Annotated[
    str,
    BeforeValidator(lambda value: clean(str(value), longest=2 * LONGEST)),
    Field(max_length=LONGEST),
]
"""What identifies somebody is never cut."""


class DeclaredIn(BaseModel):
    """What a sender says of pictures; a DICOM object speaks for itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patient_id: Whole = ""
    patient_name: Whole = ""
    birth_date: date | None = None
    sex: Literal["", "M", "F", "O"] = ""
    age: Annotated[float, Field(ge=0, le=OLDEST_YEARS)] | None = None
    view: Text = Field(default="", examples=["PA"])
    accession: Whole = ""


def declared_of(fields: dict[str, Any]) -> Declared:
    """Empty fields count as not given. Raises RequestInvalid `field_invalid`."""
    given = {name: value for name, value in fields.items() if value != ""}
    try:
        said = DeclaredIn.model_validate(given)
    except ValidationError as problem:
        where = str(problem.errors()[0]["loc"][0])
        field = where if where in DeclaredIn.model_fields else "?"  # it is not ours to repeat
        raise RequestInvalid("field_invalid", field=field) from None
    born = said.birth_date
    return Declared(
        patient=Patient(
            id=said.patient_id,
            name=said.patient_name,
            birth_date=born.isoformat() if born else "",
            sex=said.sex,
        ),
        accession=said.accession,
        view=said.view.upper(),
        age_years=said.age if born is None or said.age is not None else _age_years(born),
    )


def _age_years(born: date) -> float | None:
    """Today's age; None for a birthday that nobody has."""
    years = (datetime.now(UTC).date() - born).days / 365.25
    return years if 0 <= years <= OLDEST_YEARS else None
