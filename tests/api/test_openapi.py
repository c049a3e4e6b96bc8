"""The document is true: its examples run, and nothing that it allows breaks the service."""

from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from cxr_triage.api.app import create_app
from cxr_triage.api.v1 import examples
from cxr_triage.api.v1.models import ImagesOut
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.people.lockout import unlock_address
from cxr_triage.settings import Settings

from ..conftest import real_image
from .films import ROOT, film, picture
from .serving import DICOM, RELATED, Served, assessment, related, send


@schemathesis.serializer("multipart/related")
def _as_it_is(_, value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Its own: random sign-ins lock an address out."""
    server = Served(tmp_path_factory.mktemp("openapi"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def document(server) -> dict:
    with server.nobody() as nobody:
        return nobody.get("/v1/openapi.json").json()


@pytest.fixture(scope="module")
def kept(server) -> dict:
    with server.client() as station:
        return assessment(send(station, real_image("RG1_UNCR").read_bytes()))


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_is_described_and_says_what_can_go_wrong(document):
    for path, method, operation in operations(document):
        assert operation.get("description"), (method, path)
        problem = operation["responses"]["default"]["content"]["application/problem+json"]
        assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert "422" not in operation["responses"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_examples_of_answers_have_the_shape_of_answers():
    for answer in (examples.IMAGES, examples.SAME_IMAGES, examples.SOME_IMAGES):
        ImagesOut.model_validate(answer)


def test_every_reference_in_the_document_leads_somewhere(document):
    def references(part):
        if isinstance(part, dict):
            yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            for inner in part.values():
                yield from references(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from references(inner)

    found = set(references(document))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


CORRECTING = {
    *(f"/v1/studies/{{study}}/{what}" for what in ("corrections", "merge", "part", "settle")),
    *(f"/v1/assessments/{{assessment}}/{what}" for what in ("move", "hide", "show")),
}


def scene(server, number) -> tuple[dict, dict]:
    """Results of two patients' films under one study number; the first has one more film."""
    other = {"PatientID": "other", "PatientName": "DO^TAM", "PatientSex": "M"}
    first = {"PatientID": "one", "PatientName": "LE^HOA"}
    with server.client() as station:
        films = [
            film(number + n, study=number, **who) for n, who in enumerate((first, first, other))
        ]
        _, one, two = [assessment(send(station, data)) for data in films]
    return one, two


def corrected(person, path, body, one, two):
    """What a correction's example needs to be about what there is."""
    address = one["links"]["study"]
    if path.endswith("/part"):
        merge = {"version": 0, "reason": "one patient", "other": two["study_id"]}
        assert person.post(f"{address}/merge", json=merge).is_success
    more = {"version": person.get(address).json()["study"]["version"]}
    if "other" in body:
        more["other"] = two["study_id"]
    if "films" in body:
        more["films"] = [body["films"][0] | {"assessment": one["id"]}]
    return body | more


READING = ("/signature", "/withdrawal", "/v1/phrases/{phrase}")


def read_before(server, person, path, number) -> tuple[str, dict]:
    """What must have been read for such a request: its address, and what it needs besides."""
    if path.startswith("/v1/phrases"):
        made = person.post("/v1/phrases", json=examples.PHRASE).json()
        return path.format(phrase=made["id"]), {}
    with server.client() as station:
        found = assessment(send(station, film(number)))
    said = {"action": "sign_soon" if path.endswith("/signature") else "sign", "impression": "x"}
    review = person.post(f"/v1/assessments/{found['id']}/reviews", json=said).json()
    return path.format(assessment=found["id"]), {"version": review["version"]}


def test_examples_of_requests_run(server, document, kept):
    """Every JSON body, every form and every query that the document shows."""
    ran, numbers = set(), count(300_100, 10)
    with server.store() as store:
        _, key = Administration(store, AccountRules()).create_key("north", by=SYSTEM)
    for path, method, operation in operations(document):
        address = path.format(
            assessment=kept["id"],
            study=kept["study_id"],
            study_uid=f"{ROOT}.1.300001",
            label="Nodule",
            kind="png",
            name="administrator",
            station="north",
            prefix=key.prefix,
            session_id="{session_id}",  # of each person's own
            phrase="{phrase}",
        )
        query = {
            parameter["name"]: parameter["schema"]["examples"][0]
            for parameter in operation.get("parameters", [])
            if parameter["in"] == "query" and "examples" in parameter["schema"]
        }
        content = operation.get("requestBody", {}).get("content", {})
        bodies = [{"params": query}]
        if "application/json" in content:
            name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            found = document["components"]["schemas"][name]["examples"]
            bodies = [{"json": body} for body in found]
        if "multipart/form-data" in content:
            form = content["multipart/form-data"]["example"]
            bodies = [
                {"data": form, "files": {"file": ("film.png", picture(1))}},
                {"content": film(300_000), "headers": DICOM},
            ]
        if "multipart/related" in content:
            bodies = [{"content": related(film(300_001)), "headers": RELATED}]
        theirs = path.startswith(("/v1/people", "/v1/stations", "/v1/keys", "/v1/incidents"))
        who = "administrator" if theirs else "radiologist"
        with server.person(who) as person:
            for body in bodies:
                own = person.get("/v1/sessions").json()["sessions"][0]["id"]
                what = body
                if "json" in body and path in CORRECTING:
                    one, two = scene(server, next(numbers))
                    what = {"json": corrected(person, path, body["json"], one, two)}
                    address = path.format(assessment=one["id"], study=one["study_id"])
                if path.endswith("/read-anyway"):
                    inverted = film(next(numbers), PhotometricInterpretation="MONOCHROME2")
                    with server.client() as station:
                        address = path.format(assessment=assessment(send(station, inverted))["id"])
                    what = {"json": body["json"] | {"version": 0}}
                if method != "get" and path.endswith(READING):
                    address, more = read_before(server, person, path, next(numbers))
                    what = {"json": body["json"] | more} if "json" in body else body
                answer = person.request(method, address.format(session_id=own), **what)
                assert answer.is_success, (method, path, answer.text)
                assert str(answer.status_code) in operation["responses"], (method, path)
                ran.add((method, path))
            if path == "/v1/session/password":
                back = {"old": examples.PASSWORD["new"], "new": examples.PASSWORD["old"]}
                assert person.post(path, json=back).is_success
    assert len(ran) == sum(1 for _ in operations(document))


@pytest.fixture(scope="module")
def api(server):
    return schemathesis.openapi.from_url(f"{server.address}/v1/openapi.json")


@pytest.fixture(scope="module")
def station(server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.keys['north']}"}


@pytest.fixture(scope="module")
def doctor(server) -> dict[str, str]:
    with server.person("radiologist") as person:
        cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        return {"Cookie": cookies, "X-CSRF-Token": person.headers["X-CSRF-Token"]}


OPERATIONS = [(path, method) for path, method, _ in operations(create_app(Settings()).openapi())]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_that_the_document_allows_is_a_fault_of_the_server(
    api, server, station, doctor, kept, path, method
):
    headers = doctor if path.endswith("/reviews") else station
    real = {"assessment": kept["id"], "study": kept["study_id"]}

    @given(case=api[path][method].as_strategy())
    @settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=HealthCheck)
    def check(case):
        unlock_address(store, "127.0.0.1", by=SYSTEM)  # of the wrong keys that it tries
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
        if case.path_parameters:
            case.path_parameters.update(real)
            case.call_and_validate(headers=headers, checks=[not_a_server_error])

    with server.store() as store:
        check()
