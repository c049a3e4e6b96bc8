"""What a station's key is for: an X-ray machine sends, and sees what it sent."""

import httpx
import pytest

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration

from .films import film
from .serving import RELATED, assessment, related, send


@pytest.fixture
def key(served):
    """Makes a key of the station north; a client that sends it, and its record."""
    made = []

    def make(scope: str, station: str = "north"):
        with served.store() as store:
            secret, record = Administration(store, AccountRules()).create_key(
                station, scope=scope, by=SYSTEM
            )
        client = httpx.Client(
            base_url=served.address,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=30,
            trust_env=False,
        )
        made.append(client)
        return client, record

    yield make
    for client in made:
        client.close()


def addresses_of(found: dict) -> list[str]:
    """Where the result itself is, and what shows it."""
    links = found["links"]
    label = found["findings"][0]["label"]
    return [
        links["self"], links["image"], links["pixels"], links["report"],
        f"{links['self']}/heatmaps/{label}.png",
    ]  # fmt: skip


def test_a_machine_reads_what_it_sent_and_nothing_else_of_its_station(served, key, numbers):
    machine, _ = key("send")
    own = assessment(send(machine, film(next(numbers))))
    with served.client("north") as whole:
        others = assessment(send(whole, film(next(numbers))))
        beside = assessment(send(machine, film(next(numbers), study=1)))
        again = assessment(send(whole, film(next(numbers), study=1)))
        assert [whole.get(one).status_code for one in addresses_of(own)] == [200] * 5
    assert [machine.get(one).status_code for one in addresses_of(own)] == [200] * 5
    assert [machine.get(one).status_code for one in addresses_of(others)] == [404] * 5
    assert beside["study_id"] == again["study_id"]
    assert machine.get(again["links"]["self"]).status_code == 404
    assert machine.get("/v1/model").status_code == 200
    refused = [
        machine.get("/v1/worklist"),
        machine.post("/v1/worklist/search", json={"text": "NGUYEN"}),
        *(machine.get(f"/v1/studies/{own[name]}") for name in ("study_id", "study_uid")),
        machine.get(f"{own['links']['study']}/report.pdf"),
        machine.get(f"{own['links']['study']}/corrections"),
        machine.post(
            f"{own['links']['study']}/corrections", json={"version": 0, "patient_name": "x"}
        ),
        machine.post(f"{own['links']['self']}/hide", json={"version": 0}),
        machine.post(f"{own['links']['self']}/reviews", json={}),
        machine.get("/v1/stations/north/keys"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in refused] == [(403, "not_allowed")] * 10


def test_the_next_key_of_a_machine_reads_what_the_last_one_sent(served, key, numbers):
    machine, record = key("send")
    own = assessment(send(machine, film(next(numbers))))
    with served.store() as store:
        secret, made = Administration(store, AccountRules()).rotate_key(
            record.prefix, overlap_days=0, by=SYSTEM
        )
    assert made.scope == "send"
    machine.headers["Authorization"] = f"Bearer {secret}"
    assert machine.get(own["links"]["self"]).status_code == 200
    assert machine.get("/v1/worklist").status_code == 403


def test_an_archive_sends_with_a_key_for_sending(key, numbers):
    archive, _ = key("send")
    answer = archive.post(
        "/dicomweb/studies",
        content=related(film(next(numbers))),
        headers=RELATED | {"Accept": "application/dicom+json"},
    )
    assert answer.status_code == 200, answer.text


def test_a_key_for_reading_sends_nothing_and_changes_nothing(served, key, numbers):
    reader, _ = key("read")
    with served.client("north") as whole:
        found = assessment(send(whole, film(next(numbers))))
    assert send(reader, film(next(numbers))).status_code == 403
    stored = reader.post("/dicomweb/studies", content=related(film(1)), headers=RELATED)
    assert stored.status_code == 403
    assert [reader.get(one).status_code for one in addresses_of(found)] == [200] * 5
    study = reader.get(found["links"]["study"]).json()["study"]
    assert study["patient"]["name"]
    correction = {"version": 0, "patient_name": "x"}
    assert reader.post(f"{found['links']['study']}/corrections", json=correction).status_code == 403
    other, _ = key("read", station="south")
    assert other.get(found["links"]["self"]).status_code == 404


def test_what_a_key_is_for_can_be_changed_and_holds_at_once(served, key):
    machine, record = key("both")
    assert machine.get("/v1/worklist").status_code == 200
    with served.person("administrator") as person:
        address = f"/v1/keys/{record.prefix}"
        assert person.put(address, json={"scope": "send"}).json()["scope"] == "send"
        assert machine.get("/v1/worklist").status_code == 403
        assert person.put(address, json={"scope": "everything"}).status_code == 422
        assert person.put("/v1/keys/cxr_00000000", json={"scope": "send"}).status_code == 404
        made = person.post("/v1/stations/north/keys", json={}).json()
        assert made["scope"] == "send"
        listed = person.get("/v1/stations/north/keys").json()["keys"]
        assert {"key", "sha256"}.isdisjoint(listed[0])
        assert made["prefix"] in {one["prefix"] for one in listed}
        assert person.delete(f"/v1/keys/{made['prefix']}").status_code == 204
        machine.headers["Authorization"] = f"Bearer {made['key']}"
        assert machine.get(f"/v1/assessments/{'0' * 32}").status_code == 401


def test_only_administrators_make_keys(served):
    for name in ("radiologist", "clinician", "nurse"):
        with served.person(name) as person:
            assert person.get("/v1/stations/north/keys").status_code == 403
            assert person.post("/v1/stations/north/keys", json={}).status_code == 403


def test_the_page_says_what_each_key_is_for_and_changes_it(served, key):
    _, record = key("both")
    with served.person("administrator") as person:
        csrf = {"csrf": person.headers["X-CSRF-Token"]}
        page = person.get("/stations").text
        assert "Gửi phim và xem mọi ca chụp của trạm" in page
        changed = person.post(
            f"/stations/keys/{record.prefix}/scope", data=csrf | {"scope": "read"}
        )
        assert changed.headers["location"] == "/stations?done=scope"
        made = person.post("/stations/south/keys", data=csrf).text
        assert "cxr_" in made
    with served.store() as store:
        found = {one.prefix: one for one in store.accounts.keys()}  # noqa: SIM118 (no dictionary)
    assert found[record.prefix].scope == "read"
    newest = max(found.values(), key=lambda one: one.created_at)
    assert (newest.station_id, newest.scope) == ("south", "send")
