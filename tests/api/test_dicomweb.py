"""STOW-RS as archives speak it: by dicomweb-client, and byte by byte."""

import base64
import io
import time
from concurrent.futures import ThreadPoolExecutor
from xml.etree.ElementTree import fromstring

import httpx
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from pydicom import dcmread

from ..conftest import real_image
from .films import ROOT, film, picture
from .serving import END, PART, RELATED, Served, assessment, related, send

STORED, FAILED, NAMELESS = "00081199", "00081198", "0008119A"
REASON, WARNING, SOP_UID = "00081197", "00081196", "00081155"


def stow(client: httpx.Client, *files: bytes, study: str = "", **headers: str) -> httpx.Response:
    address = f"/dicomweb/studies/{study}".rstrip("/")
    return client.post(address, content=related(*files), headers=RELATED | headers)


def values(answer: httpx.Response, sequence: str, attribute: str = SOP_UID) -> list:
    """Of each item of a sequence of the answer."""
    items = answer.json().get(sequence, {}).get("Value", [])
    return [item[attribute]["Value"][0] for item in items if attribute in item]


def uid(number: int) -> str:
    return f"{ROOT}.3.{number}"


@pytest.fixture
def archive(served) -> DICOMwebClient:
    key = {"Authorization": f"Bearer {served.keys['north']}"}
    return DICOMwebClient(f"{served.address}/dicomweb", headers=key)


def read(data: bytes) -> pydicom.Dataset:
    return dcmread(io.BytesIO(data))


def test_a_client_stores_instances_and_reads_the_answer(archive, station, numbers):
    sent = [next(numbers) for _ in range(3)]
    answer = archive.store_instances([read(film(number)) for number in sent])
    references = answer.ReferencedSOPSequence
    assert [one.ReferencedSOPInstanceUID for one in references] == [uid(one) for one in sent]
    assert {one.ReferencedSOPClassUID for one in references} == {"1.2.840.10008.5.1.4.1.1.1"}
    assert "FailedSOPSequence" not in answer
    assert answer.RetrieveURL == ""
    for number in sent:
        study = station.get(f"/v1/studies/{ROOT}.1.{number}").json()
        assert [image["outcome"] for image in study["assessments"]] == ["assessed"]


def test_a_client_reads_the_answer_as_xml(archive, station, numbers):
    good, bad = film(next(numbers)), film(next(numbers))[:-200_000]
    as_json = stow(station, good, bad, b"nothing")
    as_xml = stow(station, good, bad, b"nothing", Accept="application/dicom+xml;q=0.9, text/html")
    assert as_xml.headers["Content-Type"] == "application/dicom+xml"
    root = fromstring(as_xml.content)  # noqa: S314 (of our own server)
    native = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
    assert root.tag == f"{native}NativeDicomModel"

    def model(parent) -> dict:
        found = {}
        for attribute in parent.iter(f"{native}DicomAttribute"):
            if attribute not in list(parent):
                continue
            entry = {"vr": attribute.get("vr")}
            items = [model(item) for item in attribute.findall(f"{native}Item")]
            texts = [value.text for value in attribute.findall(f"{native}Value")]
            numeric = entry["vr"] == "US"
            if items or texts:
                entry["Value"] = items or [int(text) if numeric else text for text in texts]
            found[attribute.get("tag")] = entry
            assert pydicom.datadict.tag_for_keyword(attribute.get("keyword")) == int(
                attribute.get("tag"), 16
            )
        return found

    assert model(root) == as_json.json()


def test_an_instance_that_was_sent_before_is_stored_already(served, station, numbers):
    number = next(numbers)
    first, second = stow(station, film(number)), stow(station, film(number), film(number))
    assert (first.status_code, second.status_code) == (200, 200)
    assert values(first, STORED) == [uid(number)]
    assert values(second, STORED) == [uid(number)] * 2
    assert assessment(send(station, film(number)))["study_id"]
    study = station.get(f"/v1/studies/{ROOT}.1.{number}").json()
    assert len(study["assessments"]) == 1


def test_what_is_no_chest_radiograph_is_stored_and_not_assessed(station):
    ct = real_image("693_UNCI").read_bytes()
    assert stow(station, ct).status_code == 200
    study = station.get(f"/v1/studies/{read(ct).StudyInstanceUID}").json()
    assert {image["outcome"] for image in study["assessments"]} == {"referred"}


def test_what_fails_is_named_with_its_reason_and_the_rest_is_stored(station, numbers):
    good, broken, other = (next(numbers) for _ in range(3))
    assert stow(station, film(other)).status_code == 200
    answer = stow(
        station,
        film(good),
        film(broken)[:-200_000],
        film(other, mark=1),
        b"not DICOM at all",
        picture(1),
        b"",
    )
    assert answer.status_code == 202
    assert answer.headers["Content-Type"] == "application/dicom+json"
    assert values(answer, STORED) == [uid(good), uid(other)]
    assert values(answer, STORED, WARNING) == [0xB409]
    assert values(answer, FAILED) == [uid(broken)]
    assert values(answer, FAILED, REASON) == [0xC210]
    assert values(answer, NAMELESS, REASON) == [0xC000] * 3
    assert values(answer, NAMELESS) == []


def test_nothing_stored_is_a_conflict(station, numbers):
    answer = stow(station, film(next(numbers))[:-200_000])
    assert answer.status_code == 409
    assert values(answer, FAILED, REASON) == [0xC210]
    assert STORED not in answer.json()


def test_an_instance_of_another_study_fails_alone(station, numbers):
    mine, other = next(numbers), next(numbers)
    answer = stow(station, film(mine), film(other), study=f"{ROOT}.1.{mine}")
    assert answer.status_code == 202
    assert values(answer, STORED) == [uid(mine)]
    assert values(answer, FAILED) == [uid(other)]
    assert values(answer, FAILED, REASON) == [0xC409]
    assert station.get(f"/v1/studies/{ROOT}.1.{other}").status_code == 404
    assert stow(station, film(mine), study=f"{ROOT}.1.{mine}").status_code == 200
    assert stow(station, film(mine), study=f"{ROOT}.1.{other}").status_code == 409


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"])
def test_an_instance_that_lacks_a_uid_is_stored_with_a_warning(station, numbers, keyword):
    number = next(numbers)
    data = film(number, **{keyword: None})
    answer = stow(station, data)
    assert answer.status_code == 202
    assert values(answer, STORED, WARNING) == [0xB000]
    [named] = values(answer, STORED)
    assert named == uid(number) or (named.startswith("2.25.") and keyword == "SOPInstanceUID")
    assert values(stow(station, data), STORED) == [named]


def test_an_instance_over_the_limit_fails_alone(station, numbers):
    """The server takes files of 9 MB."""
    number, small = next(numbers), next(numbers)
    answer = stow(station, film(number) + bytes(9 << 20), film(small))
    assert answer.status_code == 202
    assert values(answer, STORED) == [uid(small)]
    assert values(answer, FAILED) == [uid(number)]
    assert values(answer, FAILED, REASON) == [0xA710]


def test_a_request_over_the_limit_is_refused_and_what_came_before_stays(station, numbers):
    """The server takes requests of 24 MB."""
    number = next(numbers)

    def body():
        yield PART + film(number)
        for _ in range(30):
            yield PART + bytes(1 << 20)
        yield END

    answer = station.post("/dicomweb/studies", content=body(), headers=RELATED)
    assert answer.status_code == 413
    assert answer.json()["code"] == "request_too_large"
    assert station.get(f"/v1/studies/{ROOT}.1.{number}").status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "multipart/related; type=application/dicom; boundary=edge",
        'Multipart/Related; BOUNDARY="edge"; TYPE="Application/DICOM"',
        "multipart/related; boundary=edge",
    ],
)
def test_parameters_come_in_any_case_and_order_with_or_without_quotes(station, numbers, media_type):
    answer = stow(station, film(next(numbers)), **{"Content-Type": media_type})
    assert answer.status_code == 200


def test_preamble_epilogue_and_any_part_headers_are_taken(station, numbers):
    number = next(numbers)
    part = b"\r\n--edge  \r\nCONTENT-type:application/dicom;transfer-syntax=*\r\nX:\r\n\r\n"
    body = b"for those who cannot read this" + part + film(number) + END + b"\r\nbye --edge"
    answer = station.post("/dicomweb/studies", content=body, headers=RELATED)
    assert values(answer, STORED) == [uid(number)]


@pytest.mark.parametrize("size", [1, 977, 100_000])
def test_bodies_come_in_pieces_of_any_size(station, numbers, size):
    number = next(numbers)
    body = related(film(number, Manufacturer="small"))
    body = body if size > 1 else body[:200] + body[-200:]
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    answer = station.post("/dicomweb/studies", content=pieces, headers=RELATED)
    assert answer.status_code == (200 if size > 1 else 409)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "multipart_malformed"),
        (END, 400, "no_instance"),
        (PART + b"DICM", 400, "multipart_malformed"),
        (b"\r\n--edge\r\nno colon\r\n\r\nDICM" + END, 400, "multipart_malformed"),
        (b"\r\n--edge\r\nX: " + b"a" * 20_000 + b"\r\n\r\nDICM" + END, 400, "multipart_malformed"),
        (related(*[b""] * 10_001), 413, "too_many_instances"),
    ],
    ids=["empty", "no parts", "no end", "no colon", "huge header", "many parts"],
)
def test_a_body_that_is_not_whole_is_told_so(station, body, status, code):
    answer = station.post("/dicomweb/studies", content=body, headers=RELATED)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_was_whole_before_a_body_broke_off_is_found_by_the_retry(station, numbers):
    first, second = next(numbers), next(numbers)
    body = related(film(first), film(second))
    broken = station.post("/dicomweb/studies", content=body[:-1000], headers=RELATED)
    assert broken.status_code == 400
    assert station.get(f"/v1/studies/{ROOT}.1.{second}").status_code == 404
    again = station.post("/dicomweb/studies", content=body, headers=RELATED)
    assert again.status_code == 200
    assert values(again, STORED) == [uid(first), uid(second)]


@pytest.mark.parametrize(
    "media_type",
    [
        "application/dicom",
        "multipart/form-data; boundary=edge",
        'multipart/related; type="application/dicom+json"; boundary=edge',
        "",
    ],
)
def test_other_bodies_are_a_media_type_that_is_not_read(station, media_type):
    answer = stow(station, b"x", **{"Content-Type": media_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "store_media_type")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/dicom+json;q=0.5, application/dicom+xml;q=0", 200),
        ("text/html", 406),
        ("application/dicom+json;q=0, application/dicom+xml;q=0.0", 406),
    ],
)
def test_the_answer_has_a_form_that_the_client_takes(station, numbers, accept, status):
    answer = stow(station, film(next(numbers)), Accept=accept)
    assert answer.status_code == status
    kind = "application/dicom+json" if status == 200 else "application/problem+json"
    assert answer.headers["Content-Type"] == kind


def test_the_query_says_the_form_too(station, numbers):
    """PS3.18 8.3.3.1."""
    query = {"accept": "application/dicom+xml"}
    body = related(film(next(numbers)))
    answer = station.post("/dicomweb/studies", params=query, content=body, headers=RELATED)
    assert answer.headers["Content-Type"] == "application/dicom+xml"


def basic(name: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def test_a_key_is_taken_as_a_password(served, numbers):
    number = next(numbers)
    with served.nobody() as nobody:
        headers = basic("whoever", served.keys["south"])
        assert stow(nobody, film(number), **headers).status_code == 200
    with served.client("south") as south:
        assert south.get(f"/v1/studies/{ROOT}.1.{number}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer cxr_no"},
        basic("north", "wrong"),
        {"Authorization": "Basic ???"},
        {"Authorization": "Basic"},
        {"Authorization": "Digest x"},
    ],
)
def test_who_has_no_key_is_asked_for_one(served, headers):
    with served.nobody() as nobody:
        answer = stow(nobody, film(0), **headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer, Basic realm="cxr-triage"')


def test_a_password_counts_nowhere_else(served):
    with served.nobody() as nobody:
        answer = nobody.get("/v1/worklist", headers=basic("north", served.keys["north"]))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_may_not_upload_may_not_store(served):
    with served.person("administrator") as person:
        assert stow(person, film(0)).status_code == 403


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A server without a queue."""
    server = Served(tmp_path_factory.mktemp("busy"), queue=0, idle_upload_s=2)
    yield server
    server.stop()


def test_a_service_with_too_much_to_do_says_when_to_come_again(busy, numbers):
    sent = [next(numbers) for _ in range(12)]
    with busy.client() as station, ThreadPoolExecutor(6) as clients:
        answers = list(clients.map(lambda number: stow(station, film(number)), sent))
        late = [one for one in answers if one.status_code == 503]
        assert late
        assert all(int(one.headers["Retry-After"]) > 0 for one in late)
        assert {one.status_code for one in answers} == {200, 503}
        assert stow(station, *[film(number) for number in sent]).status_code == 200


def test_a_body_that_stops_coming_is_given_up_and_leaves_nothing(busy, numbers):
    def body():
        yield PART + film(next(numbers))[:100_000]
        time.sleep(3)
        yield END

    with busy.client() as station:
        try:
            answer = station.post("/dicomweb/studies", content=body(), headers=RELATED)
        except httpx.TransportError:
            pass
        else:
            assert answer.status_code == 408
    assert list((busy.folder / "spool").iterdir()) == []
