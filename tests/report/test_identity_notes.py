"""A report says what was put right, what the file says, and what is doubtful of a film."""

from dataclasses import replace

import pytest

from cxr_triage.domain import Patient
from cxr_triage.report.study.page import page
from cxr_triage.report.study.report import PutRight
from cxr_triage.report.study.wording import sheet_of
from tests.report.studies import AT, PATIENT, SAVED, reported, study

FILED = Patient(id=PATIENT.id, name="TRAN^TAM", birth_date="1964", sex="M")
RIGHT = PutRight(at=AT, by="BS. Đức", patient=FILED, age_years=9.0, age_corrected=True)


def notes(report, language="en"):
    return sheet_of(report, language).notes


def test_it_says_who_put_right_what_and_what_the_files_say():
    (one,) = notes(study(put_right=RIGHT))
    assert "by BS. Đức" in one
    assert "The file says: Name: TRAN TAM; Birth date: 1964; Sex: Male; Age in years: 9." in one
    (said,) = notes(study(put_right=RIGHT), "vi")
    assert "Trong tệp ghi: Họ tên: TRAN TAM; Ngày sinh: 1964; Giới tính: Nam" in said


def test_without_names_it_says_only_that_something_was_put_right():
    unnamed = replace(RIGHT, patient=None, age_corrected=False)
    (one,) = notes(study(put_right=unnamed, patient=None, accession=""))
    assert one.startswith("Identity corrected on")


@pytest.mark.parametrize("settled", [False, True])
def test_another_patient_under_the_number_is_said(settled):
    (one,) = notes(study(contested=True, settled=settled))
    assert "same study number" in one
    assert ("confirmed" in one) is settled


def test_of_a_film_view_marker_and_doubts_are_said():
    film = replace(
        reported(SAVED),
        put_right=PutRight(at=AT, by="BS. Đức", view="LL"),
        marker="L lies on the right",
        doubts=("same_image_number",),
    )
    remarks = " ".join(sheet_of(study(film), "en").films[0].remarks)
    assert "View: Frontal, PA." in remarks
    assert "The file says: Lateral, left." in remarks
    assert "L lies on the right" in remarks
    assert "same image number" in remarks
    assert "Lateral, left" in page(sheet_of(study(film), "en"))


def test_what_was_not_put_right_is_not_mentioned():
    assert notes(study()) == ()
