"""Nothing of a patient leaves the places that are for patients: a whole run is searched."""

import re
from dataclasses import asdict

import pytest
from pydicom.datadict import DicomDictionary

from .films import film, picture
from .serving import PASSWORD, RELATED, Served, assessment, related, send

NAME, NUMBER, UID = "Zqxjtran", "ZQXJ7734", "1.2.826.0.1.77345612"
DAY, TIME = "19830417", "031415"
BORN = "19130417"  # so long before the day that the film is an adult's
PLANTED = (NAME.lower(), NUMBER.lower(), UID, DAY, "1983-04-17", BORN, "1913-04-17", TIME)

VALUES = {
    "PN": f"{NAME}^VAN", "LO": NUMBER, "SH": NUMBER, "LT": NUMBER, "ST": NUMBER, "UT": NUMBER,
    "UC": NUMBER, "UR": NUMBER, "CS": NUMBER, "DA": DAY, "DT": DAY + TIME, "TM": TIME, "UI": UID,
}  # fmt: skip
NEEDED = {
    "SpecificCharacterSet", "SOPClassUID", "Modality", "BodyPartExamined", "ViewPosition",
    "PhotometricInterpretation", "PresentationIntentType", "PresentationLUTShape",
    "VOILUTFunction", "PatientOrientation", "PatientAge", "PatientSex", "SOPInstanceUID",
}  # fmt: skip
"""The gate goes by these, or they tell the films apart."""


def planted_film(number: int, **attributes) -> bytes:
    """A film with something of a patient in every tag that can hold it."""
    tags = {
        keyword: VALUES[vr]
        for tag, (vr, _, _, retired, keyword) in DicomDictionary.items()
        if vr in VALUES and keyword and keyword not in NEEDED and not retired
        if 0x0008 <= tag >> 16 < 0x7FE0 and tag >> 16 not in {0x0028, 0x0054}
    }
    uid = f"{UID}.{number}"
    ours = {"SOPInstanceUID": uid, "PatientSex": "F", "PatientBirthDate": BORN}
    return film(number, **(tags | ours | attributes))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The server, which has ended, and every error that a client read."""
    server = Served(tmp_path_factory.mktemp("private"), worker_timeout_s=5)
    try:
        errors = whole_run(server)
    finally:
        server.stop()
    return server, errors


def whole_run(server: Served) -> list[str]:
    """Everything that can go well or wrong."""
    refusals = []

    def refused(answer) -> None:
        assert answer.status_code >= 400
        refusals.append(answer)

    with server.client() as station, server.person("radiologist") as doctor:
        kept = assessment(send(station, planted_film(1)))
        assert kept["outcome"] == "assessed"
        assert assessment(send(station, planted_film(1)))["id"] == kept["id"]
        assert assessment(send(station, planted_film(2, ViewPosition="LATERAL")))["reasons"]
        twin = planted_film(1, SOPInstanceUID=f"{UID}.1", Modality="CR", mark=3)
        assert send(station, twin).status_code == 201
        refused(send(station, planted_film(3)[:-100_000]))
        refused(send(station, NUMBER.encode()))
        declared = {"patient_name": NAME, "patient_id": NUMBER, "birth_date": "1983-04-17"}
        files = {"file": (f"{NAME}.dcm", picture(4))}
        assert station.post("/v1/images", files=files, data=declared).status_code == 201
        renamed = station.post("/v1/images", files=files, data={"patient_id": NUMBER + "2"})
        assert renamed.status_code < 500
        refused(station.post("/v1/images", files=files, data={NUMBER: NAME, "age": NAME}))
        two = station.post("/v1/images", files=[("a", (NAME, b"x")), ("b", (NAME, b""))])
        assert two.status_code == 207
        refused_parts = two.text

        files = planted_film(1), planted_film(6)[:-100_000], planted_film(1, mark=5), b"x"
        some = station.post("/dicomweb/studies", content=related(*files), headers=RELATED)
        assert some.status_code == 202
        in_study = f"/dicomweb/studies/{UID}.99"
        assert station.post(in_study, content=related(files[0]), headers=RELATED).status_code == 409
        refused(station.post(in_study, content=related(files[0])[:-9], headers=RELATED))

        for text in (NAME, NAME[:5].upper(), NUMBER, NUMBER.lower()):
            rows = doctor.post("/v1/worklist/search", json={"text": text}).json()["studies"]
            assert NAME in rows[0]["patient"]["name"]
        refused(doctor.get("/v1/worklist", params={"accession": NUMBER}))
        refused(doctor.post("/v1/worklist/search", json={"text": NAME * 100}))
        refused(doctor.post("/v1/worklist/search", json={"text": f"{NAME}\0"}))
        refused(doctor.post("/v1/worklist/search", json={"findings": [NAME], NUMBER: NAME}))
        pages_of_a_search(doctor, refused)
        assert doctor.get(f"/v1/studies/{UID}").status_code == 200
        refused(doctor.get(f"/v1/studies/{UID}.99"))
        refused(doctor.get(f"/v1/{NAME}/{NUMBER}?name={NAME}"))
        refused(doctor.get("/v1/worklist", params={"priority": NAME, "cursor": NUMBER}))
        for link in (*kept["links"].values(), kept["findings"][0]["heatmap"]):
            assert doctor.get(link).status_code == 200
        reviews = f"{kept['links']['self']}/reviews"
        assert doctor.post(reviews, json={"note": f"{NAME} {NUMBER}"}).status_code == 201
        refused(doctor.post(reviews, json={"note": NAME, "version": 0}))
        refused(doctor.post(reviews, json={"verdicts": {NUMBER: NAME}}))
        refused(doctor.post(reviews, content=f'{{"note": "{NAME}'.encode()))
        assert station.get("/readyz").status_code == 200
        for child in server.children():
            child.kill()
        assert send(station, planted_film(5)).status_code == 201
    with server.nobody() as nobody:
        refused(nobody.post("/v1/session", json={"name": NAME, "password": NUMBER + PASSWORD}))
        refused(nobody.get("/v1/model", headers={"Authorization": f"Bearer {NUMBER}"}))
    return [answer.text for answer in refusals] + [refused_parts]


def pages_of_a_search(doctor, refused) -> None:
    """What a browser does: the page, its form, the next page; and a form without its token."""
    html = {"Accept": "text/html"}
    csrf = re.search(r'name="csrf" value="([^"]+)"', doctor.get("/worklist", headers=html).text)[1]
    for text in (NAME, NUMBER, NAME * 100):
        page = doctor.post("/worklist", data={"text": text, "csrf": csrf}, headers=html)
        assert text in page.text
        assert not found_in(str(page.url))
        for address in re.findall(r'(?:href|src|action|data-address)="([^"]*)"', page.text):
            assert not found_in(address)
    refused(doctor.post("/worklist", data={"text": NAME, "csrf": NUMBER}))


def found_in(text: str) -> list[str]:
    return [planted for planted in PLANTED if planted in text.lower()]


def test_the_run_has_patients_in_it(run):
    """So that the others can fail: what is planted did reach the store."""
    server, _ = run
    content = (server.folder / "store.sqlite3").read_bytes()
    content += b"".join(file.read_bytes() for file in server.folder.glob("store.sqlite3-*"))
    assert NAME.encode() in content
    assert NUMBER.encode() in content


def test_no_line_of_the_log_names_a_patient(run):
    server, _ = run
    assert len(server.log) > 20
    assert [line for line in [server.printed, *server.log] if found_in(line)] == []


def test_no_error_that_a_client_reads_names_a_patient(run):
    _, refusals = run
    assert len(refusals) > 10
    assert [text for text in refusals if found_in(text)] == []


def test_no_name_of_a_file_names_a_patient(run):
    server, _ = run
    names = [str(file.relative_to(server.folder)) for file in server.folder.rglob("*")]
    assert len(names) > 5
    assert [name for name in names if found_in(name)] == []


def test_no_row_of_the_audit_trail_names_a_patient(run):
    server, _ = run
    with server.store() as store:
        rows = [str(asdict(row)) for row in store.audit_trail(before=None, limit=1000)]
    assert len(rows) > 20
    assert [row for row in rows if found_in(row)] == []


def test_the_log_names_routes_and_says_who(run):
    server, _ = run
    requests = [event for event in server.events() if event["event"] == "request"]
    assert {"/v1/images", "/v1/studies/{study}", "none"} <= {one["route"] for one in requests}
    assert {"station:north", ""} <= {one["who"] for one in requests}
    assert all(len(one["request_id"]) == 32 for one in requests)
