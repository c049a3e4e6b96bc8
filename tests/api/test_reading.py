"""What is kept can be found, looked at, printed and read by doctors."""

import io
import json
import re
import struct

import numpy as np
import pytest
from PIL import Image

from cxr_triage.domain import PRIORITIES

from ..conftest import real_image
from .films import film
from .serving import assessment, send


@pytest.fixture(scope="module")
def kept(served) -> dict:
    """The result of the real radiograph."""
    with served.client() as client:
        return assessment(send(client, real_image("RG1_UNCR").read_bytes()))


def picture(answer) -> Image.Image:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    return Image.open(io.BytesIO(answer.content))


def test_the_worklist_runs_in_order_page_by_page_without_gaps(served, station, numbers):
    for _ in range(3):
        send(station, film(next(numbers)))
    send(station, real_image("RG3_UNCR").read_bytes())
    whole = station.get("/v1/worklist", params={"limit": 200}).json()
    rows = [
        (PRIORITIES.index(row["priority"]), not row["overdue"], row["band"], row["received_at"])
        for row in whole["studies"]
    ]
    assert len(rows) >= 4
    assert rows == sorted(rows)
    paged, cursor = [], None
    while True:
        page = station.get(
            "/v1/worklist", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        ).json()
        paged += page["studies"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole["studies"]


def test_filters_of_the_worklist_hold(station, numbers):
    number = next(numbers)
    sent = assessment(send(station, film(number)))

    def rows(**filters) -> list[dict]:
        return station.get("/v1/worklist", params=filters | {"limit": 200}).json()["studies"]

    assert sent["study_id"] in [row["id"] for row in rows(state="new")]
    flagged = [one["label"] for one in sent["findings"] if one["flagged"]]
    assert all(sent["study_id"] in [row["id"] for row in rows(finding=one)] for one in flagged)
    assert {row["priority"] for row in rows(priority="not_assessed")} <= {"not_assessed"}
    assert sent["study_id"] not in [row["id"] for row in rows(state="signed")]
    assert rows(received_from="2099-01-01T00:00:00Z") == []
    assert rows(station="south") == []


@pytest.mark.parametrize(
    "filters",
    [
        {"priority": "high"}, {"limit": 0}, {"limit": 201}, {"cursor": "x"},
        {"received_from": "yesterday"}, {"finding": "Cough"}, {"accession": "A1"},
        {"received_from": "2026-01-01T00:00:00"},
    ],
)  # fmt: skip
def test_filters_that_make_no_sense_are_refused_in_one_shape(station, filters):
    answer = station.get("/v1/worklist", params=filters)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in {
        "request_invalid", "cursor_invalid", "limit_invalid", "finding_unknown", "search_by_post"
    }  # fmt: skip


def test_a_body_that_is_no_json_is_malformed(served, kept):
    with served.person("radiologist") as doctor:
        for body in (b"{", b"\xff", b"[1"):
            answer = doctor.post(
                f"{kept['links']['self']}/reviews",
                content=body,
                headers={"Content-Type": "application/json"},
            )
            assert (answer.status_code, answer.json()["code"]) == (400, "request_malformed")


def test_a_study_is_found_by_its_id_and_by_its_uid(station, kept):
    by_id = station.get(f"/v1/studies/{kept['study_id']}").json()
    by_uid = station.get(f"/v1/studies/{kept['study_uid']}").json()
    assert by_id == by_uid
    assert [image["id"] for image in by_id["assessments"]] == [kept["id"]]


def test_pictures_have_the_size_and_the_window_that_are_asked_for(station, kept):
    links = kept["links"]
    small = picture(station.get(links["image"], params={"size": 300}))
    assert (max(small.size), small.mode) == (300, "L")
    hard = picture(station.get(links["image"], params={"centre": 4000, "width": 1, "size": 300}))
    assert np.mean(np.isin(np.asarray(hard), (0, 255))) > 0.8


def test_heatmaps_are_drawn_over_the_image_or_alone(station, kept):
    flagged = next(one for one in kept["findings"] if one["flagged"])
    assert picture(station.get(flagged["heatmap"])).mode == "RGB"
    sooner = station.get(flagged["heatmap"].replace(".png", ".jpg"))
    assert sooner.headers["content-type"] == "image/jpeg"
    assert len(sooner.content) < 300_000
    layer = picture(station.get(flagged["heatmap"], params={"layer": "only", "size": 400}))
    assert max(layer.size) == 400
    assert np.asarray(layer.convert("RGBA"))[..., 3].max() > 0


def test_every_heatmap_of_a_result_can_be_drawn(station, kept):
    for finding in kept["findings"]:
        picture(station.get(finding["heatmap"], params={"layer": "only", "size": 64}))


def test_pixels_come_with_the_table_that_makes_grey_of_them(station, kept, pipeline, rg1):
    body = station.get(kept["links"]["pixels"]).content
    (length,) = struct.unpack("<I", body[8:12])
    head = json.loads(body[12 : 12 + length])
    stored = np.frombuffer(body, "<u2", head["rows"] * head["columns"], 12 + length)
    film = pipeline.read(rg1).radiograph
    assert np.array_equal(stored.reshape(head["rows"], head["columns"]), film.stored)


def test_an_image_without_result_has_a_picture_and_a_report_but_no_heatmap(station):
    leg = assessment(send(station, real_image("RG3_UNCR").read_bytes()))
    picture(station.get(leg["links"]["image"]))
    assert station.get(leg["links"]["report"]).status_code == 200
    answer = station.get(f"{leg['links']['self']}/heatmaps/Effusion.png")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_heatmap")


def test_an_image_that_cannot_be_shown_says_why(station):
    colour = assessment(send(station, real_image("US1_UNCR").read_bytes()))
    answer = station.get(colour["links"]["image"])
    assert (answer.status_code, answer.json()["code"]) == (422, "not_greyscale")
    assert station.get(colour["links"]["report"]).status_code == 200


def test_the_report_speaks_the_readers_language_and_runs_nothing(station, kept):
    answer = station.get(kept["links"]["report"], headers={"Accept-Language": "vi-VN,en;q=0.5"})
    assert 'lang="vi"' in answer.text
    assert "<script" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    hashes = re.findall(r"'sha256-[^']+'", policy)
    assert hashes
    assert all(one in answer.text for one in hashes)


def test_a_reading_is_saved_then_signed_then_added_to(served, kept):
    address = f"{kept['links']['self']}/reviews"
    label = kept["findings"][0]["label"]
    with served.person("radiologist") as doctor:
        saved = doctor.post(address, json={"verdicts": {label: "agree"}, "note": "Nốt phổi phải"})
        assert saved.status_code == 201, saved.text
        stale = doctor.post(address, json={"version": 0, "note": "other"})
        assert (stale.status_code, stale.json()["code"]) == (409, "review_changed")
        version = saved.json()["version"]
        early = doctor.post(address, json={"action": "addendum", "note": "more"})
        assert (early.status_code, early.json()["code"]) == (409, "review_not_signed")
        signed = doctor.post(
            address, json={"action": "sign", "version": version, "impression": "Nốt phổi"}
        )
        assert signed.json()["signed_at"]
        late = doctor.post(address, json={"version": version + 2})
        assert (late.status_code, late.json()["code"]) == (409, "review_signed")
        added = doctor.post(address, json={"action": "addendum", "note": "CT 03/12"}).json()
        study = doctor.get(f"/v1/studies/{kept['study_id']}").json()
    assert added["addendum_of"] == signed.json()["id"]
    assert study["study"]["state"] == "signed"
    assert {one["note"] for one in study["reviews"]} >= {"CT 03/12"}


def test_a_study_is_opened_when_a_doctor_reads_it_not_when_a_program_does(served, station, numbers):
    sent = assessment(send(station, film(next(numbers))))
    address = f"/v1/studies/{sent['study_id']}"
    assert station.get(address).json()["study"]["state"] == "new"
    assert station.get(address).json()["study"]["state"] == "new"
    with served.person("clinician") as doctor:
        doctor.get(address)
        opened = doctor.get(address).json()["study"]
        assert opened["state"] == "opened"
        assert opened["opened_by"] == doctor.get("/v1/session").json()["name"]
        assert opened["opened_at"]


def test_the_model_that_runs_is_told_with_its_limits(station, kept):
    model = station.get("/v1/model", headers={"Accept-Language": "vi"}).json()
    assert (model["name"], model["version"]) == (kept["model"]["name"], kept["model"]["version"])
    assert model["fingerprint"] == kept["fingerprint"]
    assert model["limits"]
    assert {one["label"] for one in model["labels"]} == {one["label"] for one in kept["findings"]}


def test_health_and_readiness_are_for_everybody(served):
    with served.nobody() as nobody:
        assert nobody.get("/healthz").json() == {"status": "ok"}
        assert nobody.get("/readyz").json() == {"status": "ok"}
