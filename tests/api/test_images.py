"""Uploads: what is acknowledged is kept once, whatever way it came."""

import gzip
import io

import numpy as np
import pytest
from PIL import Image
from pydicom.pixels import pixel_array

from cxr_triage.api.v1.declared import DeclaredIn
from cxr_triage.language import is_said

from ..conftest import real_image
from .films import film, picture
from .serving import DICOM, assessment, send


def form(*files: bytes, **fields: str) -> dict:
    return {"files": [("file", ("a", data)) for data in files], "data": fields}


def test_a_film_is_kept_with_its_result_and_a_repeat_finds_it(station, numbers):
    data = film(next(numbers))
    first, second = send(station, data), send(station, data)
    assert (first.status_code, second.status_code) == (201, 200)
    assert assessment(first) == assessment(second)
    found = assessment(first)
    assert found["outcome"] == "assessed"
    assert len(found["findings"]) == 14
    assert found["is_current"]
    assert station.get(found["links"]["self"]).json() == found


def test_body_and_form_give_the_same_result(station, numbers):
    data = film(next(numbers))
    kept = assessment(send(station, data))
    again = station.post("/v1/images", **form(data))
    assert again.status_code == 200
    assert assessment(again)["id"] == kept["id"]


def test_the_scores_are_those_of_the_pipeline(station, pipeline):
    data = real_image("RG1_UNCR").read_bytes()
    ours = {one["label"]: one["score"] for one in assessment(send(station, data))["findings"]}
    for one in pipeline.assess(data).findings:
        assert ours[one.label] == pytest.approx(one.score, abs=1e-5)


@pytest.mark.parametrize("stem", ["RG3_UNCR", "693_UNCR", "MR2_UNCR"])
def test_what_must_not_be_scored_is_kept_as_referred_with_reasons(station, stem):
    answer = send(station, real_image(stem).read_bytes())
    found = assessment(answer)
    assert answer.status_code == 201
    assert (found["outcome"], found["priority"]) == ("referred", "not_assessed")
    assert found["reasons"][0]["sentence"]
    assert found["findings"] == []
    assert station.get(f"/v1/studies/{found['study_id']}").status_code == 200


def test_each_of_several_files_has_its_own_status(station, numbers):
    first, second = film(next(numbers)), film(next(numbers))
    answer = station.post("/v1/images", **form(first, b"no image", second))
    assert answer.status_code == 207
    images = answer.json()["images"]
    assert [image["status"] for image in images] == [201, 415, 201]
    assert images[1]["problem"]["code"] == "not_an_image"
    again = station.post("/v1/images", **form(first, second))
    assert again.status_code == 200


def test_a_picture_is_kept_with_the_patient_that_is_declared(served, station, numbers):
    fields = {"patient_id": "KB-7", "patient_name": "Lê Thị Hoa", "birth_date": "1970-05-06",
              "sex": "F", "view": "PA", "accession": "ACC-7", "age": ""}  # fmt: skip
    found = assessment(station.post("/v1/images", **form(picture(next(numbers)), **fields)))
    assert found["outcome"] == "assessed"
    assert (found["view"], found["sex"], found["accession"]) == ("PA", "F", "ACC-7")
    assert 56 < found["age_years"] < 60 or found["age_years"] > 55
    study = station.get(f"/v1/studies/{found['study_id']}").json()["study"]
    assert study["patient"] == {
        "id": "KB-7", "issuer": "", "name": "Lê Thị Hoa", "birth_date": "1970-05-06", "sex": "F"
    }  # fmt: skip


@pytest.mark.parametrize("fields", [{"age": "6"}, {"view": "LATERAL"}])
def test_a_picture_is_refused_by_what_is_declared_of_it(station, numbers, fields):
    data = picture(next(numbers))
    refused = assessment(station.post("/v1/images", **form(data, **fields)))
    assert refused["outcome"] == "referred"
    corrected = station.post("/v1/images", **form(data, age="44", view="PA"))
    assert (corrected.status_code, assessment(corrected)["outcome"]) == (201, "assessed")
    assert assessment(corrected)["study_id"] == refused["study_id"]


def test_one_picture_does_not_become_another_patients(station, numbers):
    data = picture(next(numbers))
    assert station.post("/v1/images", **form(data, patient_id="A")).status_code == 201
    other = station.post("/v1/images", **form(data, patient_id="B"))
    assert (other.status_code, other.json()["code"]) == (409, "other_patient")


def test_what_is_declared_does_not_change_a_dicom_object(station, numbers):
    number = next(numbers)
    answer = station.post("/v1/images", **form(film(number), age="3", patient_id="FALSE"))
    found = assessment(answer)
    assert (found["outcome"], found["age_years"]) == ("assessed", 55)
    study = station.get(f"/v1/studies/{found['study_id']}").json()["study"]
    assert study["patient"]["id"] == f"P{number}"


def test_other_pixels_under_a_known_uid_are_another_film_and_change_nothing(station, numbers):
    number = next(numbers)
    kept = assessment(send(station, film(number)))
    answer = send(station, film(number, mark=5))
    assert assessment(answer)["id"] != kept["id"]
    assert [one["code"] for one in answer.json()["images"][0]["warnings"]] == ["same_image_number"]
    assert station.get(kept["links"]["self"]).json() == kept | {"twin": True}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_pictures_come_as_the_body_too_which_says_no_age(station, numbers, kind):
    headers = {"Content-Type": f"image/{kind.lower()}"}
    answer = station.post("/v1/images", content=picture(next(numbers), kind), headers=headers)
    found = assessment(answer)
    assert (found["outcome"], [one["code"] for one in found["reasons"]]) == (
        "referred", ["age_unsaid"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "outcome", "reasons"),
    [
        ("adult=true", "assessed", []),
        ("age=45&view=PA&sex=F", "assessed", []),
        ("age=9", "referred", ["age"]),
    ],
)
def test_the_address_says_an_age_beside_a_picture_as_the_body(
    station, numbers, said, outcome, reasons
):
    answer = station.post(
        f"/v1/images?{said}", content=picture(next(numbers)), headers={"Content-Type": "image/png"}
    )
    found = assessment(answer)
    assert (found["outcome"], [one["code"] for one in found["reasons"]]) == (outcome, reasons)


@pytest.mark.parametrize("said", ["patient_id=SECRET", "patient_name=SECRET", "whatever=SECRET"])
def test_the_address_never_says_whom_a_picture_shows(station, numbers, said):
    answer = station.post(
        f"/v1/images?adult=1&{said}", content=picture(next(numbers)),
        headers={"Content-Type": "image/png"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (400, "field_not_in_address")
    assert "SECRET" not in answer.text


def test_a_picture_is_assessed_once_somebody_says_that_it_shows_an_adult(station, numbers):
    data = picture(next(numbers))
    silent = assessment(station.post("/v1/images", **form(data, view="PA")))
    assert (silent["outcome"], silent["priority"]) == ("referred", "not_assessed")
    said = assessment(station.post("/v1/images", **form(data, view="PA", adult="1")))
    assert (said["outcome"], said["age_years"]) == ("assessed", None)
    codes = [one["code"] for one in said["warnings"]]
    assert "adult_said" in codes
    assert "no_header" not in codes
    assert said["study_id"] == silent["study_id"]


def test_an_age_counts_whatever_else_is_said(station, numbers):
    data = picture(next(numbers))
    child = assessment(station.post("/v1/images", **form(data, adult="1", age="9")))
    assert [one["code"] for one in child["reasons"]] == ["age"]
    born = {"birth_date": "2019-03-04", "age": "45"}
    both = assessment(station.post("/v1/images", **form(data, **born)))
    assert [one["code"] for one in both["reasons"]] == ["age"]
    doubt = next(one for one in both["warnings"] if one["code"] == "ages_contradict")
    assert doubt["limit"] == 45


def test_nobody_is_an_adult_by_a_field_that_says_nothing(station, numbers):
    answer = station.post("/v1/images", **form(picture(next(numbers)), adult="perhaps"))
    assert (answer.status_code, answer.json()["code"]) == (400, "field_invalid")
    assert answer.json()["places"] == [{"where": "body.adult", "problem": "field_invalid"}]


BROKEN = {
    "text": (b"hello", 415, "not_an_image"),
    "nothing": (b"", 422, "empty_file"),
    "cut off": (film(0)[:200_000], 422, "truncated_pixels"),
    "several frames": (film(0, NumberOfFrames=3), 201, ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_read_is_said_and_not_kept(served, station, case):
    data, status, code = BROKEN[case]
    answer = send(station, data)
    assert answer.status_code == status
    if status != 201:
        assert answer.json()["code"] == code


def test_bodies_are_refused_before_they_have_come_in_full(station):
    sent = 0

    def endless():
        nonlocal sent
        while True:
            sent += 1 << 16
            yield bytes(1 << 16)

    answer = station.post("/v1/images", content=endless(), headers=DICOM)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_over_limit")
    assert sent < 40 << 20


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("text/plain", 415, "media_type"),
        ("", 415, "media_type"),
        ("multipart/form-data", 400, "form_invalid"),
        ("multipart/form-data; boundary=x; charset=nonsense", 400, "no_file"),
    ],
)
def test_bodies_of_other_kinds_are_refused(station, content_type, status, code):
    answer = station.post("/v1/images", content=b"--x", headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_forms_without_files_with_too_many_or_with_strange_fields_are_refused(station, numbers):
    data = film(next(numbers))
    cases = {
        "no_file": {"data": {"age": "4"}, "files": {}},
        "form_invalid": form(*[data[:99]] * 5),
        "field_invalid": form(data, age="old"),
    }
    for code, content in cases.items():
        answer = station.post("/v1/images", **content)
        assert answer.status_code in (400, 415), code
        assert answer.json()["code"] in (code, "media_type")
    unknown = station.post("/v1/images", **form(data, patient="x"))
    assert (unknown.status_code, unknown.json()["code"]) == (400, "field_invalid")


@pytest.mark.parametrize(("age", "years"), [("45,5", 45.5), ("8Y6M", 8.5), ("30 tuổi", 30)])
def test_an_age_is_read_as_people_write_it(station, numbers, age, years):
    found = assessment(station.post("/v1/images", **form(picture(next(numbers)), age=age)))
    assert found["age_years"] == years


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [("age", "old", "Age:"), ("age", "200", "Age:"), ("birth_date", "1990", "Date of birth:"),
     ("bits", "40", "Bits:"), ("sex", "X", "Sex:")],
)  # fmt: skip
def test_a_bad_field_is_named_as_the_form_shows_it_and_marked(
    station, numbers, field, value, named
):
    data = picture(next(numbers))
    problem = station.post("/v1/images", **form(data, **{field: value})).json()
    assert problem["detail"].startswith(named)
    assert problem["places"] == [{"where": f"body.{field}", "problem": "field_invalid"}]
    headers = {"Accept-Language": "vi"}
    assert station.post("/v1/images", **form(data, **{field: value}), headers=headers).json()[
        "detail"
    ] not in {problem["detail"], ""}


def test_every_field_of_a_form_has_its_sentence():
    for name in DeclaredIn.model_fields:
        assert is_said(f"field_invalid.{name}")


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP, br"])
def test_a_compressed_body_is_refused_by_its_coding(station, numbers, coding):
    headers = DICOM | {"Content-Encoding": coding}
    answer = station.post("/v1/images", content=gzip.compress(film(1)), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "content_coding")
    assert answer.headers["Accept-Encoding"] == "identity"
    assert coding == "GZIP, br" or coding in answer.json()["detail"]
    related = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
    stored = station.post(
        "/dicomweb/studies", content=b"x", headers=related | {"Content-Encoding": coding}
    )
    assert stored.status_code == 415


def test_a_body_of_no_coding_is_taken(station, numbers):
    headers = DICOM | {"Content-Encoding": "identity"}
    answer = station.post("/v1/images", content=film(next(numbers)), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("length", [20, 5000])
def test_a_file_named_by_filename_star_alone_is_told_what_it_lacks(station, length):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; '
        b"filename*=utf-8''ng%E1%BB%B1c.dcm\r\n\r\n" + b"x" * length + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    problem = station.post("/v1/images", content=body, headers=headers).json()
    assert problem["code"] in {"form_field_too_long", "not_an_image"}
    assert problem["code"] == "not_an_image" or "filename=" in problem["detail"]


def test_the_bits_of_a_wide_picture_can_be_said(station, numbers):
    values = 32767 - pixel_array(real_image("RG1_UNCR")) >> 3
    values[0, 0] = next(numbers)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    refused = assessment(station.post("/v1/images", **form(buffer.getvalue(), age="50")))
    assert [reason["code"] for reason in refused["reasons"]] == ["bits_unscaled"]
    said = station.post("/v1/images", **form(buffer.getvalue(), age="50", bits="12"))
    assert (said.status_code, assessment(said)["outcome"]) == (201, "assessed")
    shown = station.get(assessment(said)["links"]["image"])
    grey = np.asarray(Image.open(io.BytesIO(shown.content)).convert("L"))
    assert np.percentile(grey, 99) > 150


def test_an_unknown_view_of_a_picture_is_doubted(station, numbers):
    found = assessment(station.post("/v1/images", **form(picture(next(numbers)), view="L")))
    assert "view_unknown" in [warning["code"] for warning in found["warnings"]]


def test_nothing_is_left_in_the_spool(served, station, numbers):
    send(station, film(next(numbers)))
    send(station, b"no image")
    assert list((served.folder / "spool").iterdir()) == []
