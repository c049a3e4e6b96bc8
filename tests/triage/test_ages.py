"""What an image is marked with of which somebody says how old the patient is."""

import pytest

from cxr_triage.domain import Eligibility, Header, Reason
from cxr_triage.triage.ages import adult_said, age_told

PICTURE, DICOM = (Header(source=source) for source in ("picture", "dicom"))


def warned(*codes):
    return Eligibility(status="accept", warnings=tuple(Reason(code=code) for code in codes))


def codes(eligibility):
    return [one.code for one in eligibility.warnings]


def test_a_dicom_file_without_an_age_is_marked_as_said_to_be_an_adults():
    found = adult_said(warned("missing_age", "small"), DICOM)
    assert codes(found) == ["small", "adult_said"]


def test_a_picture_keeps_the_mark_that_it_has_no_header_beside_what_was_said():
    found = adult_said(warned("no_header", "small"), PICTURE)
    assert codes(found) == ["no_header_but_age", "small", "adult_said"]


@pytest.mark.parametrize("age", [0.0, 40.0])
def test_what_a_header_says_goes_before_what_somebody_says(age):
    given = warned("small")
    assert adult_said(given, Header(source="dicom", age_years=age)) == given


def test_an_age_that_is_told_is_not_said_to_be_unknown():
    assert codes(age_told(warned("no_header", "missing_age"), PICTURE)) == ["no_header_but_age"]
    assert codes(age_told(warned("missing_age", "small"), DICOM)) == ["small"]


def test_what_was_refused_stays_refused_for_the_same_reasons():
    reasons = (Reason(code="not_chest"),)
    refused = Eligibility(status="refer", reasons=reasons, warnings=(Reason(code="no_header"),))
    for found in (adult_said(refused, PICTURE), age_told(refused, PICTURE)):
        assert (found.status, found.reasons) == ("refer", reasons)
