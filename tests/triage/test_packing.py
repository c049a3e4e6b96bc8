"""What was packed comes back as it was, and nothing else passes for it."""

from dataclasses import fields

import numpy as np
import pytest

from cxr_triage.domain import Assessment
from cxr_triage.triage.packing import Packed, pack, unpack

from ..conftest import real_image


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


def test_maps_of_other_findings_are_refused(pipeline, rg1):
    packed = pack(pipeline.assess(rg1))
    with pytest.raises(ValueError, match="maps"):
        unpack(Packed(document=packed.document, maps=packed.maps[:, 1:]), pipeline.engine.card)


@pytest.mark.parametrize("document", [b"", b"{}", b'{"id": 5}', b"[]", b"\xff"])
def test_what_is_no_assessment_is_refused(pipeline, document):
    with pytest.raises(ValueError):  # noqa: PT011 (pydantic's own words)
        unpack(Packed(document=document, maps=np.zeros((2, 0, 1, 1), "f4")), pipeline.engine.card)
