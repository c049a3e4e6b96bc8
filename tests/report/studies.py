"""A study's report: made up, and like a real one in every field."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np

from cxr_triage.domain import Patient, Reason
from cxr_triage.report.film.film import printed_film
from cxr_triage.report.study.report import ReportedFilm, ReportedReview, Signature, StudyReport
from tests.report.films import DEMONSTRATION, HEADER, assessed, refused

AT = datetime(2026, 11, 24, 15, 4, tzinfo=timezone(timedelta(hours=7)))
STUDY = "41c81c9d2fb1714e389b8f8a007907f7"
PATIENT = Patient(
    id="KB-2026-0417", name="NGUYỄN^THỊ PHƯƠNG QUỲNH", birth_date="1964-02-03", sex="F"
)
SAVED = ReportedReview(
    reader="BS. Đặng Thị Hồng Ánh",
    saved_at=AT,
    verdicts={"Pneumothorax": "agree", "Effusion": "disagree", "Nodule": "unsure"},
    missed=("Fracture",),
    overall="agree",
    note="So với phim cũ: không đổi.",
    impression="Tràn khí màng phổi phải lượng ít.",
)
SIGNED = replace(SAVED, signed_at=AT + timedelta(minutes=5))
WHOLE = Signature(reader="BS. Trần Văn Đức", at=AT)
ADDED = replace(
    SIGNED,
    reader="BS. Trần Văn Đức",
    addendum=True,
    verdicts={"Effusion": "agree"},
    missed=(),
    overall="",
    note="",
    impression="Bổ sung: tràn dịch màng phổi trái.",
)


def pixels(height: int = 100, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1024, 1024, (height, width)).astype(np.float32)


def reported(*reviews: ReportedReview, assessment=None, shown: bool = True) -> ReportedFilm:
    found = assessment or assessed(card=DEMONSTRATION)
    film = printed_film(found, pixels() if shown else None)
    return ReportedFilm(film=film, reviews=reviews)


def leg(*reviews: ReportedReview) -> ReportedFilm:
    """An image that was refused."""
    found = refused(Reason(code="body_part", measured="LEG"), header=HEADER, card=DEMONSTRATION)
    return reported(*reviews, assessment=found)


def study(*films: ReportedFilm, **values) -> StudyReport:
    films = films or (reported(SAVED),)
    leading = films[0].film.assessment
    return StudyReport(
        **{
            "study_id": STUDY,
            "place": "Trung tâm Y tế huyện Ba Vì",
            "address": "Xã Vật Lại, Hà Nội",
            "station": "Trạm y tế xã Minh Quang",
            "patient": PATIENT,
            "accession": "2026-11-0042",
            "age_years": 62.7,
            "sex": "F",
            "acquired_at": "2026-11-24T08:14:00",
            "received_at": AT,
            "printed_at": AT,
            "priority": leading.priority,
            "ai_priority": leading.priority,
            "reason": leading.reason,
            "policy": "default 1",
            "films": films,
        }
        | values
    )
