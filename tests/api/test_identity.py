"""Two patients under one number: every way in keeps them apart, and every report names one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .films import ROOT, film, picture
from .serving import assessment, related, send
from .test_dicomweb import RELATED, STORED, WARNING, values
from .test_images import form

HUNG = {"PatientID": "CG-7", "PatientName": "TESTHUNG^VAN", "PatientSex": "M"}
LAN = {"PatientID": "CG-8", "PatientName": "TESTLAN^THI", "PatientSex": "F"}
NOBODY = {"PatientID": "", "PatientName": "", "PatientSex": "", "PatientBirthDate": ""}


def by_stow(client, data):
    answer = client.post("/dicomweb/studies", content=related(data), headers=RELATED)
    assert answer.status_code in (200, 202), answer.text
    return [values(answer, STORED, WARNING)]


def by_form(client, data):
    return codes_of(client.post("/v1/images", **form(data)))


def by_body(client, data):
    return codes_of(send(client, data))


def codes_of(answer):
    assert answer.status_code == 201, answer.text
    return [one["code"] for one in answer.json()["images"][0]["warnings"]]


def studies_of(client, uid):
    """Every study of the worklist under that number."""
    found = client.get("/v1/worklist", params={"limit": 200}).json()["studies"]
    return [one for one in found if one["study_uid"] == uid]


def check_apart(client, uid, names):
    """As many studies as names, each with its own, each report naming that one alone."""
    studies = studies_of(client, uid)
    assert sorted(one["patient"]["name"] for one in studies) == sorted(names)
    for study in studies:
        assert study["contested"]
        report = client.get(f"/v1/studies/{study['id']}/report.html").text
        named = {name for name in names if name and name.split("^")[0] in report}
        assert named == ({study["patient"]["name"]} - {""})


@pytest.mark.parametrize("first", [HUNG, LAN])
@pytest.mark.parametrize("way", [by_stow, by_form, by_body])
def test_two_patients_under_one_number_are_two_studies_by_every_way_in(
    station, numbers, way, first
):
    one, other, study = (next(numbers) for _ in range(3))
    second = LAN if first is HUNG else HUNG
    assert way(station, film(one, study=study, **first)) in ([], [[]])
    assert way(station, film(other, study=study, **second)) in (["same_study_number"], [[0xB409]])
    names = [HUNG["PatientName"], LAN["PatientName"]]
    check_apart(station, f"{ROOT}.1.{study}", names)


def test_two_clients_at_once_and_a_nameless_film_are_three_studies(served, numbers):
    study = next(numbers)
    films = [film(next(numbers), study=study, **who) for who in (HUNG, LAN, NOBODY, HUNG, LAN)]
    with served.client() as one, served.client() as other, ThreadPoolExecutor() as pool:
        sent = [
            pool.submit(send, client, data)
            for client, data in zip([one, other, one, other, one], films, strict=True)
        ]
        assert [answer.result().status_code for answer in sent] == [201] * 5
        names = [HUNG["PatientName"], LAN["PatientName"], ""]
        check_apart(one, f"{ROOT}.1.{study}", names)


@pytest.mark.filterwarnings("ignore:The value length")
def test_long_numbers_are_whole_and_stow_answers_with_what_was_sent(station, numbers):
    long = f"{ROOT}." + "9" * 60
    one, other = (
        film(next(numbers), StudyInstanceUID=f"{long}{end}", SOPInstanceUID=f"{long}{end}.1")
        for end in (1, 2)
    )
    answers = [
        station.post("/dicomweb/studies", content=related(data), headers=RELATED)
        for data in (one, other)
    ]
    assert [values(answer, STORED) for answer in answers] == [[f"{long}1.1"], [f"{long}2.1"]]
    for end in (1, 2):
        found = station.get(f"/v1/studies/{long}{end}").json()
        assert found["study"]["study_uid"] == f"{long}{end}"
        assert "uid_invalid" in [one["code"] for one in found["assessments"][0]["warnings"]]


def test_a_radiologist_who_sends_again_what_a_station_sent_makes_no_double(served, numbers):
    data = picture(next(numbers))
    with served.client() as nurse, served.person("radiologist") as doctor:
        first = assessment(nurse.post("/v1/images", **form(data)))
        again = doctor.post("/v1/images", **form(data, patient_id="KB-9", patient_name="Lê An"))
        assert (again.status_code, assessment(again)["study_id"]) == (200, first["study_id"])
        assert [one["code"] for one in again.json()["images"][0]["warnings"]] == [
            "identity_corrected"
        ]
        study = nurse.get(f"/v1/studies/{first['study_id']}").json()["study"]
        assert (study["patient"]["name"], study["version"]) == ("Lê An", 1)


def test_the_name_of_a_file_is_kept_for_people_alone(served, numbers):
    data = picture(next(numbers))
    with served.client() as nurse, served.person("administrator") as administrator:
        files = {"file": ("C:\\films\\Nguyễn Ẩn.png", data)}
        found = assessment(nurse.post("/v1/images", files=files))
        address = f"/v1/studies/{found['study_id']}"
        assert nurse.get(address).json()["study"]["file_name"] == "Nguyễn Ẩn.png"
        assert administrator.get(address).json()["study"]["file_name"] == ""
    assert not any("Ẩn" in line for line in served.log)
