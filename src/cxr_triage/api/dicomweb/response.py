"""What a store transaction answers (DICOM PS3.18 10.5.3 and annex I): as JSON or as XML."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from cxr_triage.api.dicomweb.negotiation import weights_of
from cxr_triage.api.platform.problems import status_of
from cxr_triage.errors import NotAcceptable, TriageError
from cxr_triage.imaging.dicom.reference import SopReference
from cxr_triage.service.intake.statuses import COERCED, CONTESTED, failure_of, is_coerced
from cxr_triage.store.records import Kept

JSON_TYPE: Final = "application/dicom+json"
XML_TYPE: Final = "application/dicom+xml"
ACCEPTED: Final = {
    JSON_TYPE: ("", "*/*", "application/*", "application/json", JSON_TYPE),
    XML_TYPE: ("*/*", "application/*", XML_TYPE),
}
"""What a client may call each of the two."""

NATIVE: Final = "http://dicom.nema.org/PS3.19/models/NativeDICOM"

TEMPORARY: Final = {429, 503, 507}
"""Statuses of what has nothing to do with the instance: it can be sent again."""

ATTRIBUTES: Final = {
    "ReferencedSOPClassUID": ("00081150", "UI"),
    "ReferencedSOPInstanceUID": ("00081155", "UI"),
    "RetrieveURL": ("00081190", "UR"),
    "WarningReason": ("00081196", "US"),
    "FailureReason": ("00081197", "US"),
    "FailedSOPSequence": ("00081198", "SQ"),
    "ReferencedSOPSequence": ("00081199", "SQ"),
    "OtherFailuresSequence": ("0008119A", "SQ"),
}
KEYWORDS: Final = {tag: keyword for keyword, (tag, _) in ATTRIBUTES.items()}

Attributes = dict[str, dict[str, Any]]
"""A data set in the DICOM JSON model (PS3.18 annex F)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstance:
    """An instance that is kept. warning: a Warning Reason, 0 if there is none."""

    reference: SopReference
    warning: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedInstance:
    """An instance that is not kept; its reference may be empty."""

    reference: SopReference
    error: TriageError


InstanceOutcome = StoredInstance | FailedInstance


def stored_instance(kept: Kept) -> StoredInstance:
    """Of what the intake kept, or had already."""
    header = kept.stored.assessment.header
    return StoredInstance(
        reference=SopReference(sop_class_uid=header.sop_class_uid, sop_uid=header.sop_uid),
        warning=CONTESTED if kept.warnings else COERCED if is_coerced(kept) else 0,
    )


def overall_status(outcomes: Sequence[InstanceOutcome]) -> int:
    """PS3.18 table 10.5.3-1. Raises the error that kept everything from being stored, if it is
    a temporary one: the whole request can come again."""
    failures = [one for one in outcomes if isinstance(one, FailedInstance)]
    if len(failures) == len(outcomes):
        if all(status_of(one.error) in TEMPORARY for one in failures):
            raise failures[0].error
        return 409
    warned = any(isinstance(one, StoredInstance) and one.warning for one in outcomes)
    return 202 if failures or warned else 200


def response_body(outcomes: Sequence[InstanceOutcome], media_type: str) -> bytes:
    """The Store Instances Response Module."""
    attributes = _module(outcomes)
    if media_type == XML_TYPE:
        return _as_xml(attributes)
    return json.dumps(attributes, separators=(",", ":")).encode()


def response_type(accept: str) -> str:
    """Which of the two forms `accept` prefers; JSON if it does not mind.

    Raises NotAcceptable.
    """
    weights = weights_of(accept)
    wanted = {
        media_type: max(weights.get(name, 0.0) for name in names)
        for media_type, names in ACCEPTED.items()
    }
    best = max(wanted, key=lambda media_type: wanted[media_type])
    if not wanted[best]:
        raise NotAcceptable("answer_type")
    return best


def _module(outcomes: Sequence[InstanceOutcome]) -> Attributes:
    """Table I.1-1. Studies cannot be retrieved here, so Retrieve URL (type 2) is empty."""
    done = [_referenced(one) for one in outcomes if isinstance(one, StoredInstance)]
    failures = [one for one in outcomes if isinstance(one, FailedInstance)]
    named = [_reference(one.reference) | _reason(one) for one in failures if one.reference.sop_uid]
    nameless = [_reason(one) for one in failures if not one.reference.sop_uid]
    sequences = {
        "FailedSOPSequence": named,
        "ReferencedSOPSequence": done,
        "OtherFailuresSequence": nameless,
    }
    module = _attribute("RetrieveURL")
    for keyword, items in sequences.items():
        if items:
            module |= _attribute(keyword, *items)
    return module


def _referenced(one: StoredInstance) -> Attributes:
    warning = _attribute("WarningReason", one.warning) if one.warning else {}
    return _reference(one.reference) | _attribute("RetrieveURL") | warning


def _reason(one: FailedInstance) -> Attributes:
    return _attribute("FailureReason", failure_of(one.error))


def _reference(reference: SopReference) -> Attributes:
    """PS3.3 table 10-11."""
    return _attribute("ReferencedSOPClassUID", reference.sop_class_uid) | _attribute(
        "ReferencedSOPInstanceUID", reference.sop_uid
    )


def _attribute(keyword: str, *values: str | int | Attributes) -> Attributes:
    tag, vr = ATTRIBUTES[keyword]
    given = [value for value in values if value != ""]
    return {tag: {"vr": vr, "Value": given} if given else {"vr": vr}}


def _as_xml(attributes: Attributes) -> bytes:
    """The Native DICOM Model (PS3.19 A.1)."""
    root = Element("NativeDicomModel", {"xmlns": NATIVE, "xml:space": "preserve"})
    _add(root, attributes)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add(parent: Element, attributes: Attributes) -> None:
    for tag, attribute in attributes.items():
        vr = attribute["vr"]
        keyword = KEYWORDS[tag]
        element = SubElement(parent, "DicomAttribute", {"tag": tag, "vr": vr, "keyword": keyword})
        for number, value in enumerate(attribute.get("Value", ()), start=1):
            child = SubElement(element, "Item" if vr == "SQ" else "Value", {"number": str(number)})
            if vr == "SQ":
                _add(child, value)
            else:
                child.text = str(value)
