"""What a signature stands for, over HTTP."""

import io

import pytest
from pypdf import PdfReader

from cxr_triage.language import LANGUAGES, say

from .films import film
from .serving import assessment, send

SAID = {"impression": "Nhiều nốt rải rác hai phổi."}


@pytest.fixture
def study(served, numbers):
    """A frontal film that was assessed and a lateral that was refused."""
    number = next(numbers)
    with served.client() as client:
        return [
            assessment(send(client, film(number, study=number))),
            assessment(send(client, film(next(numbers), study=number, ViewPosition="LL",
                                         PatientID=f"P{number}", PatientName="A^B"))),
        ]  # fmt: skip


@pytest.fixture
def doctor(served):
    with served.person("radiologist") as client:
        yield client


def read(doctor, image, **body):
    return doctor.post(f"/v1/assessments/{image['id']}/reviews", json=body)


def seen(doctor, image) -> dict:
    return doctor.get(f"/v1/studies/{image['study_id']}").json()


def test_the_refused_lateral_does_not_sign_the_study(study, doctor):
    frontal, lateral = study
    assert lateral["outcome"] == "referred"
    assert frontal["study_id"] == lateral["study_id"]
    assert read(doctor, lateral, action="sign", **SAID).status_code == 201
    found = seen(doctor, frontal)
    assert found["study"]["state"] == "opened"
    assert found["unsigned"] == [frontal["id"]]
    assert read(doctor, frontal, action="sign", agrees=True).json()["agrees"] is True
    found = seen(doctor, frontal)
    assert (found["study"]["state"], found["unsigned"]) == ("signed", [])


def test_one_signature_for_the_whole_study_until_something_comes(served, study, doctor, numbers):
    frontal, lateral = study
    everything = [frontal["id"], lateral["id"]]
    answer = read(doctor, frontal, action="sign", whole_study=everything, **SAID)
    assert answer.status_code == 201, answer.text
    found = seen(doctor, frontal)
    assert (found["study"]["state"], found["unsigned"]) == ("signed", [])
    assert found["study"]["signed_by"] == answer.json()["reader_name"]
    report = doctor.get(f"/v1/studies/{frontal['study_id']}/report.html?lang=en").text
    assert say("paper.unsigned_mark", "en") not in report
    assert "Signed for the whole study: radiologist" in report
    uid = frontal["study_uid"]
    with served.client() as client:
        late = assessment(
            send(client, film(next(numbers), StudyInstanceUID=uid, PatientID="", PatientName=""))
        )
    found = seen(doctor, frontal)
    assert (late["study_id"], found["study"]["state"]) == (frontal["study_id"], "changed")
    assert set(found["unsigned"]) == {lateral["id"], late["id"]}
    rows = doctor.get("/v1/worklist", params={"state": "changed", "limit": 200}).json()["studies"]
    assert frontal["study_id"] in {row["id"] for row in rows}
    again = read(doctor, late, action="sign", whole_study=everything, **SAID)
    assert (again.status_code, again.json()["code"]) == (409, "study_changed")
    saved = next(one for one in seen(doctor, late)["reviews"] if one["assessment_id"] == late["id"])
    everything.append(late["id"])
    again = read(
        doctor, late, action="sign", version=saved["version"], whole_study=everything, **SAID
    )
    assert again.status_code == 201, again.text
    assert seen(doctor, late)["study"]["state"] == "signed"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_says_which_films_are_not_signed(study, doctor, language):
    frontal, _ = study
    read(doctor, frontal, action="sign", **SAID)
    address = f"/v1/studies/{frontal['study_id']}/report.pdf"
    pages = PdfReader(io.BytesIO(doctor.get(address, params={"lang": language}).content)).pages
    said = f"{say('paper.unsigned', language)}; {say('paper.lacking', language, films='2')}"
    for page in pages:
        assert " ".join(page.extract_text().split()).count(said) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_reading_is_kept_but_not_signed(study, doctor, language):
    frontal, lateral = study
    doctor.headers["Accept-Language"] = language
    for body in ({}, {"note": "x"}, {"impression": "  "}, {"verdicts": {}, "overall": "agree"}):
        answer = read(doctor, frontal, action="sign", **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "reading_empty")
        assert answer.json()["detail"] == say("error.reading_empty", language)
    assert seen(doctor, frontal)["reviews"] == []
    assert read(doctor, frontal).status_code == 201
    answer = read(doctor, lateral, agrees=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_to_agree_with")
    answer = read(doctor, frontal, version=1, agrees=True, overall="disagree")
    assert (answer.status_code, answer.json()["code"]) == (422, "agreement_contradicted")


def test_an_addendum_says_something_and_may_sign_for_the_study(study, doctor):
    frontal, lateral = study
    read(doctor, frontal, action="sign", **SAID)
    answer = read(doctor, frontal, action="addendum")
    assert (answer.status_code, answer.json()["code"]) == (422, "addendum_empty")
    everything = [frontal["id"], lateral["id"]]
    answer = read(doctor, frontal, action="addendum", note="Nghiêng: +", whole_study=everything)
    assert answer.status_code == 201, answer.text
    assert seen(doctor, frontal)["study"]["state"] == "signed"


def test_a_study_is_not_signed_by_saving(study, doctor):
    frontal, lateral = study
    answer = read(doctor, frontal, whole_study=[frontal["id"], lateral["id"]], **SAID)
    assert (answer.status_code, answer.json()["code"]) == (422, "study_without_signature")
    assert seen(doctor, frontal)["reviews"] == []


def test_a_clinician_does_not_sign_a_study(served, study):
    frontal, lateral = study
    with served.person("clinician") as client:
        body = {"action": "sign", "whole_study": [frontal["id"], lateral["id"]], **SAID}
        answer = client.post(f"/v1/assessments/{frontal['id']}/reviews", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert seen(client, frontal)["study"]["signed_at"] is None
