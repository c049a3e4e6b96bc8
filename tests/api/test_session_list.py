"""People see where they are signed in, and sign out there; administrators do it for anybody."""

import pytest

from .serving import Served


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("sessions"))
    yield server
    server.stop()


def listed(client):
    return client.get("/v1/sessions").json()["sessions"]


def test_a_person_ends_another_session_of_their_own(server):
    with server.person("radiologist") as here, server.person("radiologist") as there:
        assert [one["current"] for one in listed(here)] == [False, True]
        (other,) = [one["id"] for one in listed(here) if not one["current"]]
        assert here.delete(f"/v1/sessions/{other}").status_code == 204
        assert there.get("/v1/session").status_code == 401
        assert [one["current"] for one in listed(here)] == [True]
        assert here.delete(f"/v1/sessions/{other}").json()["code"] == "session_not_found"


def test_nobody_sees_or_ends_anybody_elses(server):
    with server.person("clinician") as theirs, server.person("nurse") as mine:
        (other,) = [one["id"] for one in listed(theirs)]
        assert other not in {one["id"] for one in listed(mine)}
        assert mine.delete(f"/v1/sessions/{other}").status_code == 404
        assert len(listed(theirs)) == 1
        del theirs.headers["X-CSRF-Token"]
        assert theirs.delete(f"/v1/sessions/{other}").status_code == 403
    with server.client() as station, server.nobody() as nobody:
        assert station.get("/v1/sessions").status_code == 401
        assert nobody.get("/v1/sessions").status_code == 401


def test_a_person_signs_out_everywhere_else(server):
    with server.person("clinician") as here, server.person("clinician") as there:
        assert here.delete("/v1/sessions").status_code == 204
        assert [one["current"] for one in listed(here)] == [True]
        assert there.get("/v1/session").status_code == 401


def test_an_administrator_sees_and_ends_anybodys(server):
    with (
        server.person("administrator") as admin,
        server.person("nurse") as one,
        server.person("nurse") as other,
    ):
        address = "/v1/people/nurse/sessions"
        mine = [each["id"] for each in listed(one) if each["current"]]
        found = admin.get(address).json()["sessions"]
        assert {each["id"] for each in found} == {each["id"] for each in listed(one)}
        assert not any(each["current"] for each in found)
        assert admin.delete(f"{address}/{mine[0]}").status_code == 204
        assert one.get("/v1/session").status_code == 401
        assert other.get("/v1/session").status_code == 200
        assert admin.delete(f"{address}/{mine[0]}").json()["code"] == "session_not_found"
        assert admin.get("/v1/people/ada/sessions").json()["code"] == "person_not_found"
        assert admin.delete(address).status_code == 204
        assert other.get("/v1/session").status_code == 401
        del admin.headers["X-CSRF-Token"]
        assert admin.delete(address).status_code == 403
    with server.store() as store:
        ended = [
            row.entry.actor_kind
            for row in store.audit_trail(before=None, limit=20)
            if row.entry.action == "session_ended"
        ]
    assert ended[:2] == ["person", "person"]


@pytest.mark.parametrize("who", ["nurse", "clinician", "radiologist"])
def test_only_administrators_look_into_others_sessions(server, who):
    with server.person(who) as person:
        assert person.get(f"/v1/people/{who}/sessions").status_code == 403
        assert person.delete(f"/v1/people/{who}/sessions").status_code == 403
    with server.client() as station:
        assert station.get(f"/v1/people/{who}/sessions").status_code == 403
