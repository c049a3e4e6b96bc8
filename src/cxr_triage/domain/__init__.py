"""The types that the rooms hand to each other: frozen, no I/O, arrays read-only."""

from cxr_triage.domain.arrays import F32, Array, Stored, Weights, read_only
from cxr_triage.domain.image import (
    PREPROCESSING_VERSION,
    Correction,
    CropBox,
    Eligibility,
    Header,
    PixelPolicy,
    Prepared,
    Radiograph,
    Reason,
    Sight,
)
from cxr_triage.domain.model import Download, ModelCard, ModelLabel, Reference
from cxr_triage.domain.patient import Patient, contradict, folded, names_differ, persons
from cxr_triage.domain.result import (
    CORRECTED,
    PRIORITIES,
    RESEARCH,
    Assessment,
    Finding,
    Level,
    Outcome,
    Priority,
    PriorityReason,
)

__all__ = [
    "CORRECTED",
    "F32",
    "PREPROCESSING_VERSION",
    "PRIORITIES",
    "RESEARCH",
    "Array",
    "Assessment",
    "Correction",
    "CropBox",
    "Download",
    "Eligibility",
    "Finding",
    "Header",
    "Level",
    "ModelCard",
    "ModelLabel",
    "Outcome",
    "Patient",
    "PixelPolicy",
    "Prepared",
    "Priority",
    "PriorityReason",
    "Radiograph",
    "Reason",
    "Reference",
    "Sight",
    "Stored",
    "Weights",
    "contradict",
    "folded",
    "names_differ",
    "persons",
    "read_only",
]  # fmt: skip
