"""Who looks first gets nothing of what the AI says, by any route, until they have looked."""

import signal

import pytest

from cxr_triage.language import LANGUAGES, say
from cxr_triage.store.records import EVERYWHERE

from .films import film
from .serving import Served, assessment, send


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A site that hides the AI's result until the first opinion."""
    server = Served(tmp_path_factory.mktemp("first-look"), first_look="until_opinion")
    yield server
    assert server.stop() == -signal.SIGTERM


@pytest.fixture
def two(server, numbers):
    """A refused lateral that came first, and an assessed film that is more urgent."""
    with server.client() as client:
        return [
            assessment(send(client, film(next(numbers), ViewPosition="LL"))),
            assessment(send(client, film(next(numbers)))),
        ]


@pytest.fixture
def doctor(server):
    with server.person("radiologist") as client:
        yield client


def told(found) -> set[str]:
    """What nobody else would say: the AI's sentences, numbers and maps."""
    flagged = [one for one in found["findings"] if one["flagged"]]
    assert flagged
    return {
        found["priority_reason"].split(":")[1],
        *(str(one["score"]) for one in flagged),
        *(str(one["probability"]) for one in flagged),
        "heatmaps/",
        *(f'"priority": "{found["priority"]}"' for _ in flagged),
        f'"priority":"{found["priority"]}"',
        f'class="mark {found["priority"]}" viewBox="0 0 24 24" aria-hidden="true"></svg><span>',
        *(say(f"next_step.{found['priority']}", language) for language in LANGUAGES),
    }


def addresses(found) -> list[str]:
    study, image = f"/v1/studies/{found['study_id']}", f"/v1/assessments/{found['id']}"
    label = found["findings"][0]["label"]
    return [
        "/now", "/now/again", "/worklist", "/worklist?priority=urgent", "/v1/worklist", study,
        image, f"{image}/report.html", f"{image}/heatmaps/{label}.png", f"{study}/report",
        f"{study}/report.pdf", f"/studies/{found['study_id']}",
        f"/studies/{found['study_id']}/reading?image={found['id']}",
        f"/studies/{found['study_id']}/report?without_name=1", f"{study}/corrections",
    ]  # fmt: skip


def test_nothing_of_the_ai_reaches_who_has_not_looked(server, two, doctor):
    _, film_ = two
    for address in addresses(film_):
        answer = doctor.get(
            address, headers={"Accept": "text/html"} if "/v1" not in address else {}
        )
        assert answer.status_code in (200, 403, 404), address
        leaked = {one for one in told(film_) if one in answer.text}
        assert leaked == set(), address
    assert doctor.get(film_["links"]["pixels"]).status_code == 200
    assert doctor.get(f"/v1/assessments/{film_['id']}/report.html").status_code == 403
    shown = doctor.get(f"/v1/studies/{film_['study_id']}").json()
    assert (shown["study"]["priority"], shown["study"]["ai_hidden"]) == (None, True)
    assert shown["assessments"][0]["findings"] == []


def test_nothing_urgent_calls_who_looks_first(server, two, doctor):
    with server.person("nurse") as nurse:
        assert sum(nurse.get("/now/calls").json()[one] for one in ("critical", "urgent")) > 0
    assert doctor.get("/now/calls").json() | {"answers": 0} == {
        "critical": 0, "urgent": 0, "answers": 0, "newest": "",
    }  # fmt: skip


def test_their_list_is_in_the_order_of_coming_and_filters_tell_nothing(server, two, doctor):
    def order(client, **query):
        found = client.get("/v1/worklist", params=query | {"limit": 200}).json()["studies"]
        ids = [one["id"] for one in found]
        return [ids.index(one["study_id"]) for one in two]

    first, second = order(doctor)
    assert first < second
    assert order(doctor, priority="critical") == [first, second]
    assert order(doctor, finding="Hernia") == [first, second]
    with server.person("nurse") as nurse:
        lateral, frontal = order(nurse)
    assert frontal < lateral
    page = doctor.get("/v1/worklist", params={"limit": 1}).json()
    seen = [page["studies"][0]["id"]]
    while page["next"]:
        page = doctor.get("/v1/worklist", params={"limit": 1, "cursor": page["next"]}).json()
        seen.append(page["studies"][0]["id"])
    everything = doctor.get("/v1/worklist", params={"limit": 200}).json()["studies"]
    assert seen == [one["id"] for one in everything]


def test_after_the_first_opinion_the_ai_is_shown_and_both_are_kept(server, two, doctor):
    _, film_ = two
    study = f"/v1/studies/{film_['study_id']}"
    answer = doctor.post(f"{study}/first-opinion", json={"opinion": "normal"})
    assert answer.status_code == 204
    shown = doctor.get(f"/v1/assessments/{film_['id']}").json()
    assert shown["priority"] == film_["priority"]
    assert shown["findings"]
    doctor.post(f"{study}/first-opinion", json={"opinion": "abnormal"})
    with server.store() as store:
        kept = store.study(film_["study_id"], EVERYWHERE).first.opinions
    assert [one.opinion for one in kept.values()] == ["normal"]
    with server.person("clinician") as other:
        assert other.get(study).json()["study"]["ai_hidden"] is True


def test_asking_is_no_opinion(server, two, doctor):
    _, film_ = two
    study = f"/v1/studies/{film_['study_id']}"
    doctor.post(f"{study}/first-opinion", json={"asked": True})
    doctor.post(f"{study}/first-opinion", json={"opinion": "abnormal"})
    assert doctor.get(study).json()["study"]["ai_hidden"] is False
    with server.store() as store:
        kept = store.study(film_["study_id"], EVERYWHERE).first.opinions
    assert [(one.opinion, one.asked) for one in kept.values()] == [("", True)]


def test_no_error_of_a_reading_tells_what_was_flagged(two, doctor):
    _, film_ = two
    flagged = next(one["label"] for one in film_["findings"] if one["flagged"])
    address = f"/v1/assessments/{film_['id']}/reviews"
    said = {"missed": [flagged], "impression": "x"}
    assert doctor.post(address, json=said).status_code == 201
    for led in ({"agrees": True}, {"verdicts": {flagged: "agree"}}):
        answer = doctor.post(address, json={"version": 1, **led})
        assert (answer.status_code, answer.json()["code"]) == (422, "look_first")
