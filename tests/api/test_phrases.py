"""Texts for impressions: whose they are, and who may change them."""

import pytest

from cxr_triage.service.review.phrases import SHIPPED


@pytest.fixture
def doctor(served):
    with served.person("radiologist") as client:
        yield client


@pytest.fixture
def clinician(served):
    with served.person("clinician") as client:
        yield client


def listed(client, language="en"):
    found = client.get("/v1/phrases", headers={"Accept-Language": language}).json()["phrases"]
    return {one["name"]: one for one in found}


def add(client, name, *, mine=True, language="en", text="Clear lungs."):
    body = {"name": name, "text": text, "mine": mine, "language": language}
    return client.post("/v1/phrases", json=body)


def test_favourites_are_ones_own_and_texts_of_the_site_everybodys(doctor, clinician):
    own, shared = add(doctor, "own").json(), add(doctor, "shared", mine=False).json()
    assert listed(doctor)["own"]["mine"]
    assert "own" not in listed(clinician)
    assert listed(clinician)["shared"] == shared
    assert next(iter(listed(doctor))) == "own"
    assert "shared" not in listed(doctor, "vi")
    assert add(clinician, "theirs", mine=False).status_code == 403
    assert clinician.delete(f"/v1/phrases/{shared['id']}").status_code == 403
    assert clinician.delete(f"/v1/phrases/{own['id']}").status_code == 403
    for one in (own, shared):
        assert doctor.delete(f"/v1/phrases/{one['id']}").status_code == 204
    assert doctor.delete(f"/v1/phrases/{own['id']}").status_code == 404
    assert {"own", "shared"} & listed(doctor).keys() == set()


@pytest.mark.parametrize("language", ["en", "vi"])
def test_some_come_with_the_software(clinician, language):
    shipped = [one for one in listed(clinician, language).values() if not one["id"]]
    assert len(shipped) == len(SHIPPED)
    assert all(one["text"] and not one["mine"] for one in shipped)


def test_a_text_needs_a_name_and_words_and_a_reader(served, doctor):
    assert add(doctor, " ").json()["code"] == "phrase_invalid"
    assert add(doctor, "x", text=" ").json()["code"] == "phrase_invalid"
    assert add(doctor, "x" * 41).json()["code"] == "phrase_invalid"
    for who in ("nurse", "administrator"):
        with served.person(who) as client:
            assert client.get("/v1/phrases").status_code == 403
            assert client.get("/phrases", headers={"Accept": "text/html"}).status_code == 403
