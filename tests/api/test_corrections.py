"""What was kept is put right over HTTP: answers and reports say what holds, and the file's word."""

import io

import pytest
from pypdf import PdfReader

from .films import film, picture
from .serving import assessment, send


@pytest.fixture
def sent(station, numbers):
    """Sends a film of its own; its result."""

    def send_one(**values):
        return assessment(send(station, film(100_000 + next(numbers), **values)))

    return send_one


def study_of(client, kept):
    answer = client.get(kept["links"]["study"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def correct(client, kept, version=0, **values):
    return client.post(
        f"{kept['links']['study']}/corrections",
        json={"version": version, "reason": "the slip says so", **values},
    )


def report_of(client, kept, kind="html"):
    answer = client.get(f"{kept['links']['study']}/report.{kind}", params={"lang": "en"})
    assert answer.status_code == 200, answer.text
    if kind == "html":
        return answer.text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_one_of_three_pictures_is_renamed_and_the_report_prints_the_right_name(station, numbers):
    kept = []
    for name in ("Lê Thị Hoa", "Trần Văn Tám", "Phạm Cúc"):
        files = {"file": ("film.png", picture(next(numbers)))}
        form = {"patient_name": name, "sex": "F", "age": "44", "view": "PA"}
        kept.append(assessment(station.post("/v1/images", files=files, data=form)))
    answer = correct(station, kept[1], patient_name="Đỗ Thị Lành", birth_date="1980")
    assert answer.status_code == 200, answer.text
    study = answer.json()["study"]
    assert (study["patient"]["name"], study["filed"]["name"]) == ("Đỗ Thị Lành", "Trần Văn Tám")
    assert study["corrected"]
    for kind in ("html", "pdf"):
        pages = [report_of(station, one, kind) for one in kept]
        assert "Lê Thị Hoa" in pages[0]
        assert "Phạm Cúc" in pages[2]
        assert "Đỗ Thị Lành" in pages[1]
        assert "The file says: Name: Trần Văn Tám; Birth date: Not stated" in pages[1]


def test_an_age_decides_again_both_ways(station, sent):
    kept = sent(PatientAge="058Y", PatientBirthDate="")
    assert kept["outcome"] == "assessed"
    found = correct(station, kept, age_years=9).json()
    (film_,) = found["assessments"]
    assert film_["outcome"] == "referred"
    assert [reason["code"] for reason in film_["reasons"]] == ["age"]
    assert (film_["age_years"], film_["filed"]["age_years"]) == (9, 58)
    assert (found["study"]["priority"], found["study"]["filed_age_years"]) == ("not_assessed", 58)
    assert "Corrected on" in report_of(station, kept)
    back = correct(station, kept, 1, age_years=None).json()
    assert back["assessments"][0]["id"] == kept["id"]
    child = sent(PatientAge="008Y")
    assert child["outcome"] == "referred"
    grown = correct(station, child, age_years=58).json()["assessments"][0]
    assert (grown["outcome"], grown["filed"]["age_years"]) == ("assessed", 8)
    assert grown["findings"]


def test_who_gave_a_number_is_part_of_it(station, numbers):
    one, other = (100_000 + next(numbers) for _ in range(2))
    first = film(one, study=one, PatientID="7", IssuerOfPatientID="BV A")
    second = film(other, study=one, PatientID="7", IssuerOfPatientID="BV B")
    kept = assessment(send(station, first))
    assert kept["filed"]["patient"]["issuer"] == "BV A"
    assert assessment(send(station, second))["study_id"] != kept["study_id"]


def test_a_view_decides_again(station, sent):
    kept = sent(ViewPosition="LL")
    assert kept["outcome"] == "referred"
    found = correct(station, kept, films=[{"assessment": kept["id"], "view": "PA"}]).json()
    assert found["assessments"][0]["outcome"] == "assessed"
    assert "View corrected on" in report_of(station, kept)


def test_the_film_sent_again_keeps_what_was_put_right(station, numbers):
    data = film(100_000 + next(numbers), PatientAge="058Y", PatientBirthDate="")
    kept = assessment(send(station, data))
    correct(station, kept, age_years=9, patient_name="Lê Hoa")
    again = send(station, data)
    assert again.status_code == 200
    study = study_of(station, kept)
    assert (study["study"]["patient"]["name"], study["study"]["age_years"]) == ("Lê Hoa", 9)
    assert study["assessments"][0]["outcome"] == "referred"


def test_who_saw_an_older_version_is_told(station, sent):
    kept = sent()
    assert correct(station, kept, patient_name="B").status_code == 200
    late = correct(station, kept, patient_name="C")
    assert (late.status_code, late.json()["code"]) == (409, "correction_outdated")
    history = station.get(f"{kept['links']['study']}/corrections").json()
    assert history["version"] == 1
    (one,) = history["corrections"]
    assert (one["kind"], one["by"], one["patient_after"]["name"]) == ("identity", "North", "B")


def test_a_doctor_gives_a_reason_and_others_may_not(served, sent):
    kept = sent()
    with served.person("radiologist") as doctor:
        refused = correct(doctor, kept, reason="", patient_name="B")
        assert (refused.status_code, refused.json()["code"]) == (422, "correction_reason_needed")
        assert correct(doctor, kept, patient_name="B").status_code == 200
    with served.person("clinician") as clinician:
        assert correct(clinician, kept, 1, patient_name="C").status_code == 403
    with served.client("south") as south:
        assert correct(south, kept, 1, patient_name="C").status_code == 404


def test_an_administrator_gets_nothing_of_it(served, sent):
    kept = sent()
    with served.client() as station:
        correct(station, kept, patient_name="ZQXJ-AFTER")
    address = f"{kept['links']['study']}/corrections"
    with served.person("administrator") as admin:
        assert admin.get(address).status_code == 403
        assert correct(admin, kept, 1, patient_name="C").status_code == 403
        seen = study_of(admin, kept)
        assert (seen["corrections"], seen["siblings"], seen["study"]["filed"]) == ([], [], None)
        assert "ZQXJ" not in str(seen)
        assert "ZQXJ" not in report_of(admin, kept)


def test_a_film_sent_by_mistake_is_hidden_and_shown_again(served, station, sent):
    kept = sent()
    address = kept["links"]["self"]
    body = {"version": 0, "reason": "a test exposure"}
    hidden = station.post(f"{address}/hide", json=body).json()
    assert (hidden["assessments"], len(hidden["hidden"])) == ([], 1)
    assert hidden["hidden"][0]["hidden_at"]
    listed = station.get("/v1/worklist", params={"limit": 200}).json()["studies"]
    assert kept["study_id"] not in {one["id"] for one in listed}
    report = station.get(f"{kept['links']['study']}/report.html")
    assert (report.status_code, report.json()["code"]) == (409, "every_film_hidden")
    shown = station.post(f"{address}/show", json=body | {"version": 1}).json()
    assert (len(shown["assessments"]), shown["hidden"]) == (1, [])


def test_two_patients_under_one_number_are_marked_merged_and_parted(served, numbers, station):
    one, other = (100_000 + next(numbers) for _ in range(2))
    first = assessment(send(station, film(one, study=one, PatientID="A", PatientName="LE^HOA")))
    answer = send(
        station,
        film(other, study=one, PatientID="B", PatientName="DO^TAM", PatientSex="M"),
    )
    second = assessment(answer)
    assert "same_study_number" in {w["code"] for w in answer.json()["images"][0]["warnings"]}
    detail = study_of(station, first)
    assert detail["study"]["contested"]
    assert [one["id"] for one in detail["siblings"]] == [second["study_id"]]
    assert "bears the same study number" in report_of(station, first)
    assert "bears the same study number" in report_of(station, first, "pdf")
    study = first["links"]["study"]
    with served.person("radiologist") as doctor:
        body = {"version": 0, "reason": "looked at both"}
        settled = doctor.post(f"{study}/settle", json=body).json()
        assert settled["study"]["settled_at"]
        assert "confirmed that they are different patients" in report_of(doctor, first)
        body["version"] = settled["study"]["version"]
        merged = doctor.post(f"{study}/merge", json=body | {"other": second["study_id"]}).json()
        assert (merged["study"]["images"], merged["study"]["contested"]) == (2, False)
        assert merged["study"]["patient"]["name"] == "LE^HOA"
        assert "LE HOA" in report_of(doctor, first)
        body["version"] = merged["study"]["version"]
        parted = doctor.post(f"{study}/part", json=body).json()
        assert (parted["study"]["images"], parted["study"]["contested"]) == (1, True)
        assert parted["siblings"][0]["patient"]["name"] == "DO^TAM"
    assert station.post(f"{study}/settle", json=body).status_code == 403


def test_a_film_moves_out_of_a_study_and_back(station, numbers):
    one, other = (100_000 + next(numbers) for _ in range(2))
    whom = {"PatientID": "A", "PatientName": "LE^HOA"}
    first = assessment(send(station, film(one, study=one, **whom)))
    second = assessment(send(station, film(other, study=one, **whom)))
    address = f"{second['links']['self']}/move"
    out = station.post(address, json={"version": 0, "study": None}).json()
    assert out["study"]["id"] != first["study_id"]
    assert study_of(station, first)["study"]["images"] == 1
    back = {"version": out["study"]["version"], "study": first["study_id"]}
    assert station.post(address, json=back).json()["study"]["images"] == 2


def test_the_log_and_the_trail_name_nobody(served, sent):
    kept = sent(PatientName="ZQXJB^EFORE")
    with served.person("radiologist") as doctor:
        answer = correct(doctor, kept, patient_name="ZQXJAFTER", reason="is ZQXJAFTER")
        assert answer.status_code == 200
        assert correct(doctor, kept, patient_name="ZQXJAFTER").status_code == 409
        wrong = correct(doctor, kept, 1, birth_date="ZQXJ")
        assert wrong.status_code == 422
        assert "ZQXJ" not in wrong.text
    assert not [line for line in served.log if "ZQXJ" in line]
    with served.store() as store:
        rows = store.audit_trail(before=None, limit=1000)
    assert "identity_corrected" in {row.entry.action for row in rows}
    assert not [row for row in rows if "ZQXJ" in repr(row)]


INVERTED = {"PhotometricInterpretation": "MONOCHROME2"}
"""The film's values mean the opposite: lungs are white."""


def read_anyway(client, kept, version=0):
    answer = client.post(f"/v1/assessments/{kept['id']}/read-anyway", json={"version": version})
    return answer, answer.json()


def test_a_film_refused_for_its_looks_is_read_anyway_and_marked(station, sent):
    kept = sent(**INVERTED)
    assert (kept["outcome"], kept["reasons"][0]["code"]) == ("referred", "inverted")
    answer, body = read_anyway(station, kept)
    assert answer.status_code == 200, answer.text
    (now,) = body["assessments"]
    assert now["outcome"] == "assessed"
    assert now["findings"]
    assert [one["code"] for one in now["warnings"]][:2] == ["read_anyway", "inverted"]
    assert now["priority"] in {"critical", "urgent", "not_assessed"}
    assert "although the gate refused it" in report_of(station, kept)


def test_a_film_that_was_read_anyway_stays_so_when_it_is_sent_again(station, numbers):
    data = film(100_000 + next(numbers), **INVERTED)
    kept = assessment(send(station, data))
    read_anyway(station, kept)
    assert send(station, data).status_code == 200
    assert study_of(station, kept)["assessments"][0]["outcome"] == "assessed"


def test_age_view_and_kind_are_never_overruled(station, sent):
    for values in ({"PatientAge": "009Y"}, {"ViewPosition": "LL"}, {"Modality": "MR"}, {}):
        answer, body = read_anyway(station, sent(**values))
        assert (answer.status_code, body["code"]) == (409, "not_for_its_looks")
    answer, body = read_anyway(station, sent(PatientAge="009Y", **INVERTED))
    assert (answer.status_code, body["code"]) == (409, "not_for_its_looks")


def test_another_age_refuses_what_was_read_anyway(station, sent):
    kept = sent(**INVERTED)
    _, body = read_anyway(station, kept)
    version = body["study"]["version"]
    younger = correct(station, kept, version, age_years=9)
    assert younger.json()["assessments"][0]["reasons"][0]["code"] == "age"
    older = correct(station, kept, version + 1, age_years=60)
    assert older.json()["assessments"][0]["outcome"] == "assessed"


def test_who_had_a_film_read_anyway_stands_in_history_and_trail(served, station, sent):
    kept = sent(**INVERTED)
    read_anyway(station, kept)
    steps = station.get(f"{kept['links']['study']}/corrections").json()["corrections"]
    assert steps[0]["changes"]["anyway"] == [False, True]
    with served.store() as store:
        actions = [row.entry.action for row in store.audit_trail(before=None, limit=20)]
    assert "film_read_anyway" in actions


def test_who_may_not_correct_reads_nothing_anyway(served, sent):
    kept = sent(**INVERTED)
    with served.person("administrator") as administrator:
        answer, _ = read_anyway(administrator, kept)
    assert answer.status_code in {403, 404}
