"""What a person put right of a study or a film, laid over what its file says.

`studies.corrected`: `patient` (true: `patient_id` is what a person said), `age_years`.
`images.corrected`: `own` (view and age as the file says them, once a person said more), `view`,
`marker` (a note on the side marker). What is not there is as the file says.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cxr_triage.domain import Header
from cxr_triage.store.records import AsFiled

CorrectedValues = Mapping[str, Any]


def values_of(text: str) -> dict[str, Any]:
    """Of a column `corrected`."""
    found: dict[str, Any] = json.loads(text)
    return found


def as_filed(header: Header, film: CorrectedValues) -> AsFiled:
    """What the file says. header: of the current result, which may have been made of more."""
    own = film.get("own") or {"view": header.view, "age_years": header.age_years}
    return AsFiled(view=own["view"], age_years=own["age_years"], sex=header.sex)


def put_right(
    header: Header, filed: AsFiled, film: CorrectedValues, study: CorrectedValues, sex: str
) -> Header:
    """The header as it holds now. sex: of whom the study shows."""
    view = film.get("view", filed.view)
    age_years = study.get("age_years", filed.age_years)
    sex = sex if "patient" in study else header.sex
    if (view, age_years, sex) == (header.view, header.age_years, header.sex):
        return header
    return replace(header, view=view, age_years=age_years, sex=sex)
