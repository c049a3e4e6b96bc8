"""Other studies of the same patient: certain, offered, or not theirs to see."""

import pytest

from .films import film
from .serving import assessment, send


@pytest.fixture
def who(numbers):
    number = next(numbers)
    return {"PatientID": f"OTHERS{number}", "PatientName": f"DO^THI {number}"}


def sent(served, numbers, who, station="north", **values):
    with served.client(station) as client:
        return assessment(send(client, film(next(numbers), **(who | values))))


def others(client, found):
    answer = client.get(f"/v1/studies/{found['study_id']}/others")
    assert answer.status_code == 200, answer.text
    return {one["study"]["id"]: one for one in answer.json()["studies"]}


def test_other_studies_of_the_patient_are_found_and_near_ones_marked(served, numbers, who):
    first, second = sent(served, numbers, who), sent(served, numbers, who)
    elsewhere = sent(served, numbers, who, station="south")
    undated = sent(served, numbers, who, PatientBirthDate="")
    another = sent(served, numbers, who, PatientBirthDate="19800101")
    renumbered = sent(served, numbers, who, PatientID=f"X{who['PatientID']}")
    with served.person("radiologist") as doctor:
        found = others(doctor, first)
        assert {one for one, other in found.items() if other["certain"]} == {second["study_id"]}
        offered = {one for one, other in found.items() if not other["certain"]}
        assert offered == {one["study_id"] for one in (elsewhere, undated, renumbered)}
        assert another["study_id"] not in found
        assert found[second["study_id"]]["comparable"] is True
        assert next(iter(found)) == second["study_id"]
    with served.person("nurse") as nurse:
        assert elsewhere["study_id"] not in others(nurse, first)
    with served.person("administrator") as admin:
        assert admin.get(f"/v1/studies/{first['study_id']}/others").status_code == 403
        assert admin.get(f"/studies/{first['study_id']}/others").status_code == 403
