"""People see where they are signed in, and sign out there."""

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
