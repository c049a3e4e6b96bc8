"""Who may do what, in every route; what others may not even know of."""

import pytest

from .films import film
from .serving import DICOM, PASSWORD, assessment, send

READING = ("", "/image.png", "/pixels", "/report.html", "/heatmaps/Effusion.png")


@pytest.fixture(scope="module")
def kept(served, numbers) -> dict:
    """A result of station north."""
    with served.client("north") as client:
        return assessment(send(client, film(next(numbers))))


def test_every_route_but_health_and_sign_in_wants_somebody_signed_in(served):
    with served.nobody() as nobody:
        document = nobody.get("/v1/openapi.json").json()
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                address = path.replace("{label}", "x").replace("{assessment}", "x")
                answer = nobody.request(method, address.replace("{study}", "x"))
                if operation["security"]:
                    assert answer.status_code == 401, (method, path)
                    ways = answer.headers["www-authenticate"].split(", Basic ")
                    assert ways[0] == "Bearer"
                    assert (len(ways) == 2) == path.startswith("/dicomweb/")
                    assert answer.json()["code"] in {"session_ended", "key_invalid"}
                else:
                    assert answer.status_code != 401, (method, path)


def test_a_station_sees_nothing_of_another_and_cannot_tell_that_it_is_there(served, kept):
    with served.client("south") as south:
        addresses = [f"{kept['links']['self']}{end}" for end in READING]
        addresses += [f"/v1/studies/{kept['study_id']}", f"/v1/studies/{kept['study_uid']}"]
        for address in addresses:
            there = south.get(address)
            absent = south.get(address.replace(kept["id"], "0" * 32).replace(
                kept["study_id"], "0" * 32).replace(kept["study_uid"], "1.2.3.4"))  # fmt: skip
            assert there.status_code == absent.status_code == 404
            ours, theirs = there.json(), absent.json()
            assert {**ours, "request_id": ""} == {**theirs, "request_id": ""}
        page = south.get("/v1/worklist", params={"limit": 200}).json()
        assert kept["study_id"] not in {row["id"] for row in page["studies"]}


def test_the_same_file_from_two_stations_is_two_results(served, kept, numbers):
    data = film(next(numbers))
    with served.client("north") as north, served.client("south") as south:
        first, second = send(north, data), send(south, data)
    assert (first.status_code, second.status_code) == (201, 201)
    assert assessment(first)["id"] != assessment(second)["id"]


@pytest.mark.parametrize(
    ("name", "may_upload", "may_review", "sees_patients"),
    [
        ("nurse", True, False, True), ("clinician", True, True, True),
        ("radiologist", True, True, True), ("administrator", False, False, False),
    ],
)  # fmt: skip
def test_roles_hold(served, kept, numbers, name, may_upload, may_review, sees_patients):
    with served.person(name) as person:
        upload = send(person, film(next(numbers)))
        assert upload.status_code == (201 if may_upload else 403)
        study = person.get(f"/v1/studies/{kept['study_id']}").json()
        assert (study["study"]["patient"] is not None) == sees_patients
        assert bool(study["study"]["accession"]) == sees_patients
        assert bool(study["assessments"][0]["sop_uid"]) == sees_patients
        by_uid = person.get(f"/v1/studies/{kept['study_uid']}")
        assert by_uid.status_code == (200 if sees_patients else 404)
        review = person.post(f"{kept['links']['self']}/reviews", json={"version": 10**6})
        assert review.status_code == (409 if may_review else 403)
        if not may_review:
            assert review.json()["code"] == "not_allowed"


def test_a_clinician_does_not_sign(served, kept):
    with served.person("clinician") as person:
        answer = person.post(f"{kept['links']['self']}/reviews", json={"action": "sign"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        study = person.get(f"/v1/studies/{kept['study_id']}").json()
        assert study["reviews"] == []


def test_writes_by_cookie_want_the_sessions_token(served, numbers):
    with served.person("radiologist") as person, served.person("radiologist") as other:
        data = film(next(numbers))
        for token in ("", "wrong", other.headers["X-CSRF-Token"]):
            answer = send(person, data, **{"X-CSRF-Token": token})
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
        assert send(person, data).status_code == 201


def test_a_session_ends_when_its_person_signs_out(served):
    with served.person("radiologist") as person:
        cookie = dict(person.cookies)
        assert person.get("/v1/session").json()["name"] == "radiologist"
        assert person.delete("/v1/session").status_code == 204
        person.cookies.update(cookie)
        answer = person.get("/v1/session")
        assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


def test_the_cookie_is_for_this_site_and_no_script(served):
    with served.nobody() as nobody:
        answer = nobody.post("/v1/session", json={"name": "nurse", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert answer.json()["csrf"] not in cookie


def test_wrong_passwords_are_refused_and_slowed_down(served):
    with served.nobody() as nobody:
        statuses = []
        for _ in range(30):
            answer = nobody.post("/v1/session", json={"name": "nobody", "password": "guess"})
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                break
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert int(answer.headers["retry-after"]) > 0


def test_a_key_that_does_not_count_is_refused(served):
    with served.nobody() as nobody:
        for key in ("x", "cxr_00000000_abc", served.keys["north"][:-1], "é"):
            headers = {"Authorization": f"Bearer {key}".encode()}
            answer = nobody.get("/v1/worklist", headers=headers)
            assert answer.status_code == 401


def test_the_password_can_be_changed_by_who_knows_it(served):
    with served.person("nurse") as person, served.person("nurse") as elsewhere:
        change = {"old": "wrong password", "new": "another long sentence"}
        assert person.post("/v1/session/password", json=change).status_code == 401
        change = {"old": PASSWORD, "new": "another long sentence"}
        assert person.post("/v1/session/password", json=change).status_code == 204
        assert person.get("/v1/session").status_code == 200
        assert elsewhere.get("/v1/session").status_code == 401
        back = {"old": change["new"], "new": PASSWORD}
        assert person.post("/v1/session/password", json=back).status_code == 204


def test_answers_bear_the_headers_that_keep_browsers_strict(served, station, kept):
    for address in (kept["links"]["self"], kept["links"]["image"], "/healthz", "/nowhere"):
        headers = station.get(address).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_forwarded_headers_are_not_believed_from_just_anybody(served, station):
    station.get("/v1/model", headers={"X-Forwarded-For": "203.0.113.9"})
    assert not any("203.0.113.9" in line for line in served.log)


def test_uploads_are_judged_before_their_body_is_read(served):
    with served.nobody() as nobody:
        answer = nobody.post("/v1/images", content=bytes(5 << 20), headers=DICOM)
    assert answer.status_code == 401
