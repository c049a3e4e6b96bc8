"""Text and times from outside: what no store can hold is refused at the edge, on every database."""

import json
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from cxr_triage.api.platform.text import cleaned
from cxr_triage.api.v1 import models
from cxr_triage.api.v1.declared import DeclaredIn
from cxr_triage.service.audit import SYSTEM, Action, entry
from tests.conftest import DATABASES
from tests.databases import migrated_on

from .films import film
from .serving import Served, send

UNFIT = {"NUL": "a\0b", "escape": "a\x1b[2J", "C1": "a\x9bb", "half": "a\ud800"}
CHECKS = {"_line", "_words", cleaned(1).__name__}
"""What the types of `api.platform.text` look at a text with."""


@pytest.fixture(scope="module", params=DATABASES)
def server(request, tmp_path_factory):
    """On each kind of database: PostgreSQL takes no NUL, SQLite takes anything."""
    folder, settings = tmp_path_factory.mktemp("text"), {}
    if request.param == "postgresql":
        url = migrated_on(request.getfixturevalue("postgres_server"), folder)
        settings = {"database_url": url}
    server = Served(folder, **settings)
    yield server
    server.stop()


def taken_in() -> list[type[BaseModel]]:
    """Every model that bodies become."""
    found = [one for one in vars(models).values() if isinstance(one, type)]
    named = [one for one in found if issubclass(one, BaseModel) and one.__name__.endswith("In")]
    return [*named, DeclaredIn]


def texts(kind: Any, checks: tuple[object, ...] = (), where: str = "") -> list[tuple[str, bool]]:
    """Every `str` within an annotation, and whether it is looked at."""
    if hasattr(kind, "__metadata__"):
        return texts(get_args(kind)[0], (*checks, *kind.__metadata__), where)
    if kind is str:
        names = {getattr(getattr(one, "func", None), "__name__", "") for one in checks}
        return [(where, bool(names & CHECKS))]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return []
    if get_origin(kind) is not None and get_origin(kind) is not type:
        arguments = [one for one in get_args(kind) if not isinstance(one, str)]
        return [found for one in arguments for found in texts(one, checks, where)]
    return []


@pytest.mark.parametrize("model", taken_in(), ids=lambda model: model.__name__)
def test_every_text_of_a_body_has_one_of_the_types_for_text(model):
    for name, field in model.model_fields.items():
        for where, looked_at in texts(field.annotation, tuple(field.metadata), name):
            assert looked_at, f"{model.__name__}.{where}"


BODIES = {
    "/v1/session": {"name": "lan", "password": "words of a person"},
    "/v1/worklist/search": {"text": "hung", "station": "north", "cursor": "x"},
    "/v1/assessments/{result}/reviews": {"note": "a", "impression": "b", "missed": ["Mass"]},
    "/v1/studies/{study}/corrections": {
        "version": 0, "reason": "a", "patient_id": "b", "patient_name": "c", "issuer": "d",
        "station_id": "local",
    },
    "/v1/studies/{study}/merge": {"version": 0, "reason": "a", "other": "b"},
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(server) -> dict[str, str]:
    with server.client() as station:
        answer = send(station, film(1)).json()
    found = answer["images"][0]
    return {"result": found["assessment"]["id"], "study": found["assessment"]["study_id"]}


@pytest.mark.parametrize("unfit", UNFIT.values(), ids=UNFIT)
def test_a_text_with_control_characters_is_refused_in_every_field(server, kept, unfit):
    with server.person("radiologist") as doctor:
        for path, body in BODIES.items():
            for name, value in body.items():
                if not isinstance(value, str):
                    continue
                content = json.dumps(body | {name: value + unfit})
                answer = doctor.post(
                    path.format(**kept), content=content,
                    headers={"Content-Type": "application/json"},
                )  # fmt: skip
                assert 400 <= answer.status_code < 500, (path, name, answer.status_code)
                assert unfit not in answer.text


@pytest.mark.parametrize("spelt", ["%00", "%1b", "%0a", "%c2%9b"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/studies/a{}", "/v1/assessments/a{}", "/v1/worklist?station=a{}", "/studies/a{}",
        "/v1/worklist?cursor={}", "/studies/x?image={}", "/worklist?station={}", "/{}",
    ],
)  # fmt: skip
def test_an_address_with_control_characters_is_refused(server, path, spelt):
    with server.person("radiologist") as doctor:
        answer = doctor.get(path.format(spelt))
    assert answer.status_code == 400


def test_a_form_with_control_characters_is_refused(server):
    with server.person("administrator") as admin:
        token = csrf_of(admin.get("/stations").text)
        for field in ("name", "id"):
            values = {"csrf": token, "name": "Xã An", "id": "xa-an"}
            values[field] += "\0"
            answer = admin.post("/stations", data=values)
            assert answer.status_code == 400


def csrf_of(page: str) -> str:
    return page.partition('name="csrf" value="')[2].partition('"')[0]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_far_out_of_range_is_refused(server, moment):
    with server.person("radiologist") as doctor:
        answers = [
            doctor.get("/v1/worklist", params={"received_from": moment}),
            doctor.get("/v1/worklist", params={"received_until": moment}),
            doctor.get("/worklist/newer", params={"since": moment}),
            doctor.post("/v1/worklist/search", json={"from": moment}),
            doctor.post("/v1/worklist/search", json={"until": moment}),
        ]
    assert [answer.status_code for answer in answers] == [422] * 5


@pytest.mark.parametrize("damaged", ["", "damaged", "$argon2id$v=19$m=19456", "ă" * 40])
def test_a_damaged_password_hash_is_a_refusal(server, damaged):
    with server.store() as store:
        person = store.accounts.person_named("clinician")
        change = entry(Action.PASSWORD_CHANGED, SYSTEM)
        store.accounts.set_password(person.id, damaged, keep_session=None, audit=change)
    with server.nobody() as nobody:
        for name in ("clinician", "nobody-at-all"):
            body = {"name": name, "password": "words that nobody has"}
            assert nobody.post("/v1/session", json=body).status_code == 401
