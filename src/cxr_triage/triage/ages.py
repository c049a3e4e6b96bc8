"""How old is who a film shows, where somebody says so instead of its header?"""

from dataclasses import replace
from typing import Final

from cxr_triage.domain import Eligibility, Header, Reason

NO_HEADER: Final = "no_header"
NO_HEADER_BUT_AGE: Final = "no_header_but_age"
NOBODY_SAID: Final = {NO_HEADER, "missing_age"}
"""Codes of warnings that tell that no age is known."""
ADULT_SAID: Final = "adult_said"
AGE_UNSAID: Final = Reason(code="age_unsaid", limit=15)
"""Why a picture is not assessed of which nobody said how old the patient is."""


def adult_said(eligibility: Eligibility, header: Header) -> Eligibility:
    """With the word of whoever sends it in the place of an age that is not known."""
    if header.age_years is not None:
        return eligibility
    told = age_told(eligibility, header)
    return replace(told, warnings=(*told.warnings, Reason(code=ADULT_SAID)))


def age_told(eligibility: Eligibility, header: Header) -> Eligibility:
    """Without what warns that no age is known."""
    warnings = tuple(one for one in eligibility.warnings if one.code not in NOBODY_SAID)
    if header.source == "picture":
        warnings = (Reason(code=NO_HEADER_BUT_AGE), *warnings)
    return replace(eligibility, warnings=warnings)
