"""May this image be decoded? Rules on what its header says.

A missing header field only warns: many exports have none.
"""

import re
from collections.abc import Callable

from cxr_triage.domain import Eligibility, Header, Reason
from cxr_triage.imaging.dicom.code_tables import FRONTAL_VIEWS
from cxr_triage.triage.header_words import (
    not_frontal_view,
    not_frontal_word,
    says_chest,
    says_decubitus,
    says_frontal,
)
from cxr_triage.triage.policy import GateLimits

DX_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
RADIOGRAPH_SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography
    "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray, for presentation
    DX_FOR_PROCESSING,
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture
}
RADIOGRAPH_MODALITIES = {"CR", "DX", "RG", "OT", "SC"}
"""OT and SC: secondary captures of radiographs."""

LONGEST_UID = 64
VALID_UID = re.compile(r"[0-9.]{1,64}")

GREYSCALE = {"MONOCHROME1", "MONOCHROME2"}


def check_header(header: Header, limits: GateLimits) -> Eligibility:
    """Every header rule's verdict; refused images are never decoded."""
    if header.source == "picture":
        return Eligibility(status="accept", warnings=(Reason(code="no_header"),))
    found = [rule(header, limits) for rule in HEADER_RULES]
    reasons = tuple(reason for reason in found if reason is not None)
    warnings = () if reasons else (*_missing_fields(header), *unknown_view(header))
    warnings += _invalid_uids(header)
    return Eligibility(status="refer" if reasons else "accept", reasons=reasons, warnings=warnings)


def says_frontal_chest(header: Header) -> bool:
    """Does the header of a radiograph name the chest and a frontal view?"""
    return (
        header.source == "dicom"
        and header.modality in RADIOGRAPH_MODALITIES
        and bool(header.body_part)
        and says_chest(header.body_part)
        and (header.view in FRONTAL_VIEWS or says_frontal(header.description))
    )


def _sop_class(header: Header, _: GateLimits) -> Reason | None:
    if not header.sop_class_uid or header.sop_class_uid in RADIOGRAPH_SOP_CLASSES:
        return None
    from pydicom.uid import UID  # noqa: PLC0415 (slow, and only its names are wanted)

    return Reason(code="sop_class", measured=UID(header.sop_class_uid).name)


def _modality(header: Header, _: GateLimits) -> Reason | None:
    if not header.modality or header.modality in RADIOGRAPH_MODALITIES:
        return None
    return Reason(code="modality", measured=header.modality)


def _no_pixels(header: Header, _: GateLimits) -> Reason | None:
    if (header.rows and header.columns) or header.sop_class_uid not in RADIOGRAPH_SOP_CLASSES:
        return None
    return Reason(code="no_pixels")


def _body_part(header: Header, _: GateLimits) -> Reason | None:
    """Where codes and text contradict each other, both stand there, and neither may be another."""
    part = header.body_part
    if not part or all(says_chest(one) for one in part.split(" / ")):
        return None
    return Reason(code="body_part", measured=part)


def _view(header: Header, _: GateLimits) -> Reason | None:
    if not_frontal_view(header.view):
        return Reason(code="view", measured=header.view)
    for text in (header.body_part, header.description):
        named = not_frontal_word(text)
        if named and (says_decubitus(text) or not says_frontal(f"{text} {header.view}")):
            return Reason(code="view", measured=named)
    return None


def _patient_orientation(header: Header, _: GateLimits) -> Reason | None:
    """The rows of a lateral film run towards the front or the back (PS3.3 C.7.6.1.1.1)."""
    if header.patient_orientation[:1] in {"A", "P"}:
        return Reason(code="patient_orientation", measured=header.patient_orientation)
    return None


def _age(header: Header, limits: GateLimits) -> Reason | None:
    if header.age_years is None or header.age_years >= limits.minimum_age_years:
        return None
    return Reason(code="age", measured=round(header.age_years, 1), limit=limits.minimum_age_years)


def _for_processing(header: Header, limits: GateLimits) -> Reason | None:
    raw = header.sop_class_uid == DX_FOR_PROCESSING or (
        header.presentation_intent == "FOR PROCESSING"
    )
    return Reason(code="for_processing") if raw and not limits.allow_for_processing else None


def _photometric_interpretation(header: Header, _: GateLimits) -> Reason | None:
    if not header.rows or header.photometric_interpretation in {*GREYSCALE, ""}:
        return None
    return Reason(code="photometric_interpretation", measured=header.photometric_interpretation)


def _frames(header: Header, _: GateLimits) -> Reason | None:
    return None if header.frames == 1 else Reason(code="frames", measured=header.frames)


HeaderRule = Callable[[Header, GateLimits], Reason | None]
HEADER_RULES: tuple[HeaderRule, ...] = (
    _sop_class,
    _modality,
    _body_part,
    _view,
    _patient_orientation,
    _age,
    _for_processing,
    _no_pixels,
    _photometric_interpretation,
    _frames,
)


def _invalid_uids(header: Header) -> tuple[Reason, ...]:
    """UIDs that are none (PS3.5 9.1) name something all the same, and are kept whole."""
    uids = (header.study_uid, header.series_uid, header.sop_uid)
    wrong = [uid for uid in uids if uid and not VALID_UID.fullmatch(uid)]
    if not wrong:
        return ()
    longest = max(map(len, wrong))
    return (Reason(code="uid_invalid", measured=longest, limit=LONGEST_UID),)


def _missing_fields(header: Header) -> tuple[Reason, ...]:
    present = {
        "missing_sop_class": header.sop_class_uid,
        "missing_modality": header.modality,
        "missing_body_part": header.body_part,
        "missing_view": header.view or says_frontal(header.description),
        "missing_age": header.age_years is not None,
    }
    return tuple(Reason(code=code) for code, value in present.items() if not value)


def unknown_view(header: Header) -> tuple[Reason, ...]:
    """View Position is one of a few values; anything else says nothing that can be relied on."""
    if not header.view or header.view in FRONTAL_VIEWS:
        return ()
    return (Reason(code="view_unknown", measured=header.view),)
