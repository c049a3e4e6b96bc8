"""A picture is judged by what its sender declares, as if a header said so; and any image by what
a person put right of its view and age."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cxr_triage.domain import Eligibility, Header
from cxr_triage.service.intake.declared import Declared
from cxr_triage.triage.header_rules import check_header
from cxr_triage.triage.image_reader import GatedImage
from cxr_triage.triage.policy import GateLimits


def said_instead(declared: Declared) -> Mapping[str, Any]:
    """Fields of a DICOM header that a person's word stands for, with whatever else tells a view."""
    if not declared.corrected:
        return {}
    return {
        "view": declared.view,
        "age_years": declared.age_years,
        "description": "",
        "patient_orientation": "",
    }


def judged(image: GatedImage, declared: Declared, limits: GateLimits) -> GatedImage:
    """The image with what is declared, refused if a header that said so would be.

    A DICOM object speaks for itself, or was read with what stands in its header's place
    (`said_instead`): it is returned as it is.
    """
    if image.header.source != "picture":
        return image
    header = replace(
        image.header,
        accession=declared.accession,
        view=declared.view,
        age_years=declared.age_years,
        sex=declared.patient.sex,
    )
    said = Header(source="dicom", view=declared.view, age_years=declared.age_years)
    eligibility = _with_reasons(image.eligibility, check_header(said, limits))
    return replace(
        image,
        header=header,
        patient=declared.patient,
        eligibility=eligibility,
        prepared=image.prepared if eligibility.status == "accept" else None,
    )


def _with_reasons(eligibility: Eligibility, decision: Eligibility) -> Eligibility:
    reasons = (*decision.reasons, *eligibility.reasons)
    doubts = (one for one in decision.warnings if one.code == "view_unknown")
    return Eligibility(
        status="refer" if reasons else "accept",
        reasons=reasons,
        warnings=(*eligibility.warnings, *doubts),
    )
