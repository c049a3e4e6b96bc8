"""Every route × role × field: what names a patient, and what a doctor wrote, reach whom they may.

A store is filled with marks, one a field; every route is then asked by everybody, and each mark is
looked for in all that came back.
"""

import html
import io
import signal
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from pypdf import PdfReader

from cxr_triage.api import app as api_app
from cxr_triage.language import say
from cxr_triage.report.film.viewer import MEDIA_TYPE
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.web import app as web_app

from .films import film
from .serving import Served, assessment

UID = "1.2.826.0.1.99137"
MARKS = {
    "name": ("MARKNAME",),
    "id": ("MARKID7",),
    "issuer": ("MARKISSUER",),
    "birth date": ("1931-08-17", "17/08/1931", "17 Aug 1931", "19310817"),
    "accession": ("MARKACC",),
    "study UID": (f"{UID}.1",),
    "series UID": (f"{UID}.2",),
    "SOP UID": (f"{UID}.3",),
    "file name": ("MARKFILE",),
    "put right": ("MARKRIGHT",),
    "reason": ("MARKREASON",),
    "side marker": ("MARKSIDE",),
    "note": ("MARKNOTE",),
    "impression": ("MARKIMPRESSION",),
    "finding in words": ("MARKFINDING",),
    "withdrawal": ("MARKWITHDRAWN",),
    "other's name": ("MARKOTHER",),
    "other's id": ("MARKOTHERID",),
    "hidden": ("MARKHIDDEN",),
}
"""By field, as any page may write it."""

SEE_EVERYTHING = ("radiologist", "clinician", "nurse")
SEE_NOTHING = ("administrator", "south", "machine", "nobody")
"""machine: of station north, with a key for sending; it sent none of these films."""

NEVER = {
    ("POST", "/sign-out"), ("DELETE", "/v1/session"), ("POST", "/v1/session"),
    ("GET", "/now/events"),
}  # fmt: skip
"""Would end what asks, or itself never."""

ELSEWHERE = {
    "name": "nobody", "session_id": "x", "prefix": "x", "station": "x", "path": "x",
    "version": "x", "study_uid": "1.2.3", "study": "x", "phrase": "x", "delivery": "x",
}  # fmt: skip
"""Parameters that say nothing of a study; they name nothing, so that nothing is changed."""

SAID = {
    "/v1/worklist/search": {"text": "MARKNAME"},
    "/v1/assessments/{assessment}/reviews": {"version": 10**6},
    "/v1/studies/{study}/corrections": {"version": 10**6, "reason": "x", "patient_name": "x"},
    "/v1/assessments/{assessment}/move": {"version": 10**6, "reason": "x"},
    "/v1/studies/{study}/merge": {"version": 10**6, "reason": "x", "other": "x"},
}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A server with the marks in it, and what its addresses may name."""
    server = Served(tmp_path_factory.mktemp("marked"))
    try:
        with server.store() as store:
            admin = Administration(store, AccountRules())
            server.keys["machine"] = admin.create_key("north", by=SYSTEM)[0]
        yield server, planted(server)
    finally:
        assert server.stop() == -signal.SIGTERM


def planted(server: Served) -> dict[str, list[str]]:
    """Identifiers by parameter."""

    def film_of(number: int, **values: str) -> bytes:
        uids = {"SeriesInstanceUID": f"{UID}.2.{number}", "SOPInstanceUID": f"{UID}.3.{number}"}
        marks = {
            "PatientName": "MARKNAME^AN", "PatientID": "MARKID7", "IssuerOfPatientID": "MARKISSUER",
            "PatientBirthDate": "19310817", "AccessionNumber": "MARKACC",
            "StudyInstanceUID": f"{UID}.1", "PatientAge": "095Y",
        }  # fmt: skip
        return film(number, **(marks | uids | values))

    with server.client() as station, server.person("radiologist") as doctor:

        def sent(number: int, **values: str) -> dict:
            form = {"file": ("MARKFILE.dcm", film_of(number, **values))}
            return assessment(station.post("/v1/images", files=form))

        first, second, hidden = sent(1), sent(2), sent(3)
        sibling = sent(4, PatientName="MARKOTHER^BA", PatientID="MARKOTHERID")
        study, version = f"/v1/studies/{first['study_id']}", 0

        def put_right(address: str, **body: object) -> None:
            nonlocal version
            answer = doctor.post(address, json={"version": version, **body})
            assert answer.status_code == 200, answer.text
            version = answer.json()["study"]["version"]

        films = [{"assessment": first["id"], "marker": "MARKSIDE"}]
        put_right(f"{study}/corrections", reason="MARKREASON", issuer="MARKRIGHT", films=films)
        put_right(f"/v1/assessments/{hidden['id']}/hide", reason="MARKHIDDEN")
        for one in (first, second):
            said = {"action": "save", "note": "MARKNOTE", "impression": "MARKIMPRESSION",
                    "others": ["MARKFINDING"]}  # fmt: skip
            if one is second:
                said["action"] = "sign"
            answer = doctor.post(f"/v1/assessments/{one['id']}/reviews", json=said)
            assert answer.status_code == 201, answer.text
        taken = {"version": answer.json()["version"], "reason": "MARKWITHDRAWN"}
        answer = doctor.post(f"/v1/assessments/{second['id']}/withdrawal", json=taken)
        assert answer.status_code == 201, answer.text
    return {
        "study": [first["study_id"], sibling["study_id"], f"{UID}.1"],
        "assessment": [first["id"], second["id"], hidden["id"], sibling["id"]],
        "label": [finding["label"] for finding in first["findings"][:1]],
        "kind": ["png", "jpg"],
    }


def routes() -> list[tuple[str, str]]:
    """Of the interface and the pages: method and path."""
    routers = (*api_app.ROUTERS, *web_app.ROUTERS)
    found = [one for router in routers for one in router.routes if isinstance(one, APIRoute)]
    assert len(found) == sum(len(router.routes) for router in routers) > 60
    return [
        (method, one.path.replace(":path", ""))
        for one in found
        for method in sorted(one.methods)
        if (method, one.path) not in NEVER
    ]


def addresses(path: str, known: dict[str, list[str]]) -> list[str]:
    """With every identifier that fits; one that nobody thought of fails here."""
    made = [path]
    for name in [part.partition("}")[0] for part in path.split("{")[1:]]:
        admits = known.get(name) if path.startswith(("/v1/st", "/v1/as", "/studies")) else None
        values = admits or [ELSEWHERE[name]]
        made = [one.replace(f"{{{name}}}", quote(value)) for one in made for value in values]
    return made


def said_by(answer) -> str:
    """Everything that came back: body, headers, a PDF's text."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    if answer.headers.get("content-type", "").startswith("application/pdf"):
        pages = PdfReader(io.BytesIO(answer.content)).pages
        return headers + " ".join(page.extract_text() for page in pages)
    return headers + answer.content.decode("utf-8", "replace")


def shows_film(answer) -> bool:
    """Is what the film shows in it? A name may be burnt in there."""
    kind = answer.headers.get("content-type", "")
    if answer.status_code != 200 or kind.startswith("image/svg"):
        return False
    if kind.startswith("application/pdf"):
        return any(page.images for page in PdfReader(io.BytesIO(answer.content)).pages)
    return kind.startswith(("image/", MEDIA_TYPE)) or b"data:image/" in answer.content


def walked(server: Served, known: dict[str, list[str]], who: str) -> tuple[set[str], int]:
    """Every route, as `who`: fields whose mark came back to who did not say it, and how many
    answers were OK."""
    found: set[str] = set()
    fine = 0
    with ExitStack() as stack:
        if who in server.keys:
            client = stack.enter_context(server.client(who))
        elif who == "nobody":
            client = stack.enter_context(server.nobody())
        else:
            client = stack.enter_context(server.person(who))
        csrf = client.headers.get("X-CSRF-Token", "")
        for method, path in routes():
            for address in addresses(path, known):
                form = path.startswith("/v1/") is False
                body = (
                    {"data": {"csrf": csrf, "text": "AN", "name": "x"}}
                    if form
                    else {"json": SAID.get(path, {"version": 10**6, "reason": "x"})}
                )
                answer = client.request(
                    method, address, headers={"Accept": "text/html"} if form else {},
                    **({} if method in ("GET", "HEAD") else body),
                )  # fmt: skip
                assert answer.status_code < 500, (method, path, answer.text[:200])
                fine += answer.status_code == 200
                if shows_film(answer):
                    found.add("film")
                text = said_by(answer)
                if path == "/v1/openapi.json" or path.startswith("/static"):
                    continue
                found |= {
                    field
                    for field, marks in MARKS.items()
                    if any(mark in text and mark not in address for mark in marks)
                }
    return found, fine


@pytest.mark.parametrize("who", SEE_EVERYTHING)
def test_who_may_see_patients_sees_every_field_somewhere(marked, who):
    found, fine = walked(*marked, who)
    assert fine > 25
    assert found == MARKS.keys() | {"film"}


@pytest.mark.parametrize("who", SEE_NOTHING)
def test_who_may_not_gets_none_of_it_from_any_route(marked, who):
    found, fine = walked(*marked, who)
    assert found == set()
    assert fine > (25 if who == "administrator" else 3)


@pytest.mark.parametrize("text", ["MARKNAME", "MARKID7", "MARKACC", "MARKFILE", "nowhere"])
def test_an_administrator_cannot_ask_whether_somebody_is_there(marked, text):
    server, _ = marked
    with server.person("administrator") as person:
        csrf = person.headers["X-CSRF-Token"]
        asked = [
            person.post("/v1/worklist/search", json={"text": text}),
            person.get("/v1/worklist", params={"accession": text}),
            person.post("/worklist", data={"csrf": csrf, "text": text}),
            person.get(f"/v1/studies/{UID}.1/report.pdf"),
            person.get(f"/v1/studies/{UID}.9/report.pdf"),
        ]
        assert [answer.status_code for answer in asked] == [403, 422, 403, 404, 404]
        whole = person.get("/v1/worklist").json()["studies"]
        assert len(whole) == 2
        for name in ("text", "patient", "patient_id", "name", "id", "accession_number"):
            for address in ("/v1/worklist", "/worklist", "/worklist/newer"):
                said = {name: text, "since": "2020-01-01T00:00:00Z"}
                answer = person.get(address, params=said)
                if address == "/v1/worklist":
                    assert answer.json()["studies"] == whole
                else:
                    assert answer.status_code == 200
                    assert ('"count":2' in answer.text) or answer.text.count('class="which"') == 2


def test_an_administrator_reads_why_there_is_no_film(marked):
    server, known = marked
    with server.person("administrator") as person:
        for path in ("image.png", "pixels", f"heatmaps/{known['label'][0]}.png?layer=only"):
            answer = person.get(f"/v1/assessments/{known['assessment'][0]}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (403, "film_withheld")
        study = f"/studies/{known['study'][0]}"
        assert say("error.film_withheld", "vi") in html.unescape(person.get(study).text)
        paper = html.unescape(person.get(f"{study}/report").text)
    assert say("paper.withheld", "vi") in paper


def test_an_administrator_reads_that_there_are_texts(marked):
    server, known = marked
    with server.person("administrator") as person:
        detail = person.get(f"/v1/studies/{known['study'][0]}").json()
        page = person.get(f"/studies/{known['study'][0]}").text
    assert [one["texts_left_out"] for one in detail["reviews"]] == [True, True]
    assert "không hiển thị" in page
