"""What Prometheus reads: true numbers, a bounded number of them, nothing of a patient."""

import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from .films import film
from .serving import PASSWORD, RELATED, Served, assessment, related, send

TOKEN = "of the tests alone"  # noqa: S105


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("measured"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def samples(server) -> dict[tuple, float]:
    """Of everything that can happen, once each where it can be counted."""
    with server.client() as station, server.person("radiologist") as doctor:
        kept = assessment(send(station, film(1)))
        send(station, film(1))
        send(station, film(2, ViewPosition="LATERAL"))
        send(station, film(3)[:-100_000])
        files = related(film(4), film(4), film(5)[:-100_000])
        station.post("/dicomweb/studies", content=files, headers=RELATED)
        label = kept["findings"][0]["label"]
        reading = {"verdicts": {label: "disagree"}, "action": "sign", "impression": "x"}
        answer = doctor.post(f"{kept['links']['self']}/reviews", json=reading)
        assert answer.status_code == 201, answer.text
        doctor.get("/v1/studies/no-such-thing")
    with server.nobody() as nobody:
        nobody.post("/v1/session", json={"name": "ada", "password": PASSWORD + "x"})
        nobody.get("/somewhere/else")
        csrf = re.search(r'name="csrf" value="([^"]+)"', nobody.get("/sign-in").text)[1]
        form = {"csrf": csrf, "name": "ada", "password": PASSWORD + "x"}
        assert nobody.post("/sign-in", data=form).status_code == 401
    return read(server) | {("reviewed",): kept["findings"][0]}


def read(server: Served) -> dict[tuple, float]:
    with server.nobody() as nobody:
        answer = nobody.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples, name: str, **labels: str) -> float:
    return samples[(f"cxr_triage_{name}", *sorted(labels.items()))]


def test_images_are_counted_by_entrance_outcome_and_reason(samples):
    def images(entrance, outcome, reason=""):
        return value(samples, "images_total", entrance=entrance, outcome=outcome, reason=reason)

    assert images("upload", "assessed") == 1
    assert images("upload", "known") == 1
    assert images("upload", "referred", "view") == 1
    assert images("upload", "failed", "truncated_pixels") == 1
    assert images("dicomweb", "assessed") == 1
    assert images("dicomweb", "known") == 1
    assert images("dicomweb", "failed", "truncated_pixels") == 1


def test_every_stage_is_timed(samples):
    counts = {
        stage: value(samples, "stage_seconds_count", stage=stage)
        for stage in ("receive", "assess", "keep", "whole")
    }
    assert counts == {"receive": 7, "assess": 3, "keep": 3, "whole": 5}
    assert value(samples, "step_seconds_count", step="infer") == 2


def test_scores_levels_priorities_and_verdicts_are_counted(samples):
    finding = samples[("reviewed",)]
    label, level = finding["label"], finding["level"]
    assert value(samples, "score_count", finding=label) == 2
    levels = [
        number for key, number in samples.items()
        if key[0] == "cxr_triage_findings_total" and ("finding", label) in key
    ]  # fmt: skip
    assert sum(levels) == 2
    assert value(samples, "verdicts_total", finding=label, level=level, verdict="disagree") == 1
    priorities = [number for key, number in samples.items() if "priorities_total" in key[0]]
    assert sum(priorities) == 3


def test_requests_are_counted_by_route_and_errors_by_code(samples):
    def requests(method, route, status):
        return value(samples, "http_requests_total", method=method, route=route, status=status)

    assert requests("POST", "/v1/images", "422") == 1
    assert requests("POST", "/dicomweb/studies", "202") == 1
    assert requests("GET", "/v1/studies/{study}", "404") == 1
    assert requests("GET", "none", "404") == 1
    assert value(samples, "problems_total", code="sign_in_failed") == 2


def test_the_machine_is_looked_at_when_asked(server, samples):
    for work in ("film", "drawing", "report"):
        assert value(samples, "workers", work=work) == 2  # one of them for who has none
        assert value(samples, "workers_busy", work=work) == 0
        assert value(samples, "queue", work=work) == 0
    assert 0 < value(samples, "disk_free_bytes") < value(samples, "disk_bytes")
    [model] = [dict(key[1:]) for key in samples if key[0] == "cxr_triage_model_info"]
    assert model["name"] == "nih-baseline"
    assert len(model["fingerprint"]) == 32
    for child in server.children():
        child.kill()
    with server.client() as station:
        assert send(station, film(6)).status_code == 201
    before = value(samples, "worker_starts_total", work="film")
    assert value(read(server), "worker_starts_total", work="film") > before >= 1


def test_labels_are_of_a_known_number_and_name_nobody(server, samples):
    allowed = {
        "entrance", "outcome", "reason", "stage", "step", "finding", "level", "priority",
        "verdict", "method", "route", "status", "code", "why", "le", "name", "version", "policy",
        "fingerprint", "kind", "state", "work",
    }  # fmt: skip
    ours = [key for key in samples if key[0].startswith("cxr_triage")]
    assert {name for key in ours for name, _ in key[1:]} <= allowed
    with server.nobody() as nobody:
        text = nobody.get("/metrics").text
    for planted in ("NGUYEN", 'P1"', "1.2.826", "north", "radiologist", "no-such-thing"):
        assert planted not in text


def test_without_a_token_the_metrics_are_for_this_machine_alone(server):
    with server.nobody() as nobody:
        assert nobody.get("/metrics").status_code == 200
        for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP"):
            answer = nobody.get("/metrics", headers={name: "127.0.0.1"})
            assert (answer.status_code, answer.json()["code"]) == (403, "metrics_local")


@pytest.fixture(scope="module")
def with_token(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("token"), metrics_token=TOKEN)
    yield server
    server.stop()


def test_with_a_token_it_is_wanted_from_everybody(with_token):
    def status(**headers) -> int:
        return httpx.get(f"{with_token.address}/metrics", headers=headers).status_code

    assert status() == 401
    assert status(Authorization=f"Bearer {with_token.keys['north']}") == 401
    assert status(Authorization=f"Bearer {TOKEN}") == 200
    assert status(**{"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "10.0.0.1"}) == 200
