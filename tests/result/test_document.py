"""What was packed comes back as it was, and nothing else passes for it."""

import base64
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from cxr_triage.domain import Assessment, Reason
from cxr_triage.result.document import (
    DOCUMENT,
    FORMAT,
    FormatTooNew,
    Packed,
    pack,
    read_document,
    unpack,
)
from cxr_triage.store.rows.codec import assessment_of, card_of
from tests.conftest import real_image
from tests.report.films import CARD, assessed, refused


@pytest.fixture(scope="module", params=["RG1_UNCR", "RG3_UNCR", "693_UNCR"])
def assessment(request, pipeline) -> Assessment:
    return pipeline.assess(real_image(request.param).read_bytes())


def test_an_assessment_comes_back_as_it_was(assessment):
    again = unpack(pack(assessment), assessment.model)
    for field in fields(Assessment):
        if field.name != "findings":
            assert getattr(again, field.name) == getattr(assessment, field.name)
    for ours, theirs in zip(again.findings, assessment.findings, strict=True):
        assert (ours.label, ours.score, ours.level) == (theirs.label, theirs.score, theirs.level)
        assert np.array_equal(ours.cam, theirs.cam)
        assert np.array_equal(ours.evidence, theirs.evidence)


@pytest.mark.parametrize("part", [np.s_[:, 1:], np.s_[:1], np.s_[..., 0], np.s_[:, :, None]])
def test_maps_of_other_findings_are_refused(part):
    packed = pack(assessed())
    with pytest.raises(ValueError, match=r"^the maps are not those of the findings$"):
        unpack(Packed(document=packed.document, maps=packed.maps[part]), CARD)


def test_maps_of_a_result_that_was_read_cannot_be_changed():
    (first, *_) = unpack(pack(assessed()), CARD).findings
    for map_ in (first.cam, first.evidence):
        with pytest.raises(ValueError, match="read-only"):
            map_[0, 0] = 1.0


def test_a_refused_film_has_no_maps():
    packed = pack(refused(Reason(code="view", measured="LL")))
    assert (packed.maps.shape, packed.maps.dtype) == ((2, 0, 1, 1), np.float32)
    assert unpack(packed, CARD).findings == ()


@pytest.mark.parametrize("document", [b"", b"{}", b'{"id": 5}', b"[]", b"\xff"])
def test_what_is_no_assessment_is_refused(pipeline, document):
    with pytest.raises(ValueError):  # noqa: PT011 (pydantic's own words)
        unpack(Packed(document=document, maps=np.zeros((2, 0, 1, 1), "f4")), pipeline.engine.card)


KEPT = sorted((Path(__file__).parent / "kept").glob("format-*.json"))
"""Rows of a store, one file each, as the version of their time wrote them."""


def kept(file: Path) -> tuple[dict, Assessment]:
    row = json.loads(file.read_text("utf-8"))
    card = card_of(json.dumps(row["card"]))
    columns = {"document": json.dumps(row["document"]), "maps_shape": row["maps_shape"]}
    return row, assessment_of(columns | {"maps": base64.b64decode(row["maps"])}, card)


def still_said(before, now):
    """`now` without what has come since."""
    if isinstance(before, dict):
        return {name: still_said(value, now[name]) for name, value in before.items()}
    if isinstance(before, list):
        return [still_said(*pair) for pair in zip(before, now, strict=True)]
    return now


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_a_document_of_every_format_still_opens_and_says_the_same(file):
    row, opened = kept(file)
    again = json.loads(pack(opened).document)
    assert again.pop("format") == FORMAT
    said = {name: value for name, value in row["document"].items() if name != "format"}
    assert still_said(said, again) == said
    assert pack(opened).maps.astype("<f4").tobytes() == base64.b64decode(row["maps"])
    assert opened.outcome == row["outcome"]


def test_every_format_so_far_is_kept():
    assert {json.loads(file.read_text("utf-8"))["document"].get("format", 1) for file in KEPT} == {
        *range(1, FORMAT + 1)
    }


def test_a_document_says_its_format():
    assert json.loads(pack(assessed()).document)["format"] == FORMAT


@pytest.mark.parametrize("change", [{}, {"priority": "later"}])
def test_a_document_of_a_later_format_is_refused_as_such(change):
    document = json.loads(pack(assessed()).document) | {"format": FORMAT + 1} | change
    with pytest.raises(FormatTooNew, match=str(FORMAT + 1)):
        read_document(json.dumps(document))


def test_a_field_that_a_later_version_added_is_passed_over():
    document = json.loads(pack(assessed()).document) | {"later": 5}
    assert read_document(json.dumps(document)).id == "a"


def test_a_field_with_a_default_may_be_lacking():
    document = json.loads(pack(assessed()).document)
    for name in ("pixel_digest", "sight", "timings_ms"):
        del document[name]
    assert read_document(json.dumps(document)).timings_ms == {}


def test_what_is_needed_to_draw_again_is_in_the_document():
    drawn = read_document(pack(replace(assessed(), digest="d")).document)
    assert drawn.crop is not None
    assert [one.threshold for one in drawn.findings] == [0.5, 0.5, 0.5]
    assert drawn.pixel_policy is not None


def test_every_field_of_a_document_says_what_it_means():
    schema = DOCUMENT.json_schema()
    for part in (schema, schema["$defs"]["Score"]):
        for name, field in part["properties"].items():
            assert field.get("description"), name
