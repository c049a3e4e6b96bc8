"""Codes of findings, and of what no standard has a code for: one table.

SCT and DCM as the DICOM standard lists them (PS3.16) or, marked *, as other published profiles do;
what neither has bears our own designator and its label as the value.
"""

from dataclasses import dataclass
from typing import Final

PRIVATE: Final = "99CXRTRIAGE"
"""Declared in every object that uses it (Coding Scheme Identification Sequence)."""

Code = tuple[str, str, str]
"""Value, designator, meaning (64 characters at most)."""

LUNG: Final[Code] = ("39607008", "SCT", "Lung")
PLEURA: Final[Code] = ("3120008", "SCT", "Pleura")
HEART: Final[Code] = ("80891009", "SCT", "Heart")
MEDIASTINUM: Final[Code] = ("72410000", "SCT", "Mediastinum")
DIAPHRAGM: Final[Code] = ("5798000", "SCT", "Diaphragm")
BONE: Final[Code] = ("112053", "DCM", "Osseous")
CHEST: Final[Code] = ("43799004", "SCT", "Chest cavity")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCode:
    """What a label is called in an object, and where it lies."""

    finding: Code
    site: Code
    standard: bool = True
    """Is it in the standard's own context groups (pydicom's dictionary)?"""


FINDING_CODES: Final[dict[str, FindingCode]] = {
    "Atelectasis": FindingCode(
        finding=("46621007", "SCT", "Atelectasis"), site=LUNG, standard=False
    ),
    "Consolidation": FindingCode(
        finding=("95436008", "SCT", "Lung consolidation"), site=LUNG, standard=False
    ),
    "Infiltration": FindingCode(finding=("112121", "DCM", "Infiltrate"), site=LUNG),
    "Pneumothorax": FindingCode(finding=("36118008", "SCT", "Pneumothorax"), site=PLEURA),
    "Edema": FindingCode(finding=("19242006", "SCT", "Pulmonary edema"), site=LUNG),
    "Emphysema": FindingCode(
        finding=("87433001", "SCT", "Pulmonary emphysema"), site=LUNG, standard=False
    ),
    "Fibrosis": FindingCode(finding=("112674009", "SCT", "Fibrosis"), site=LUNG),
    "Effusion": FindingCode(finding=("60046008", "SCT", "Pleural effusion"), site=PLEURA),
    "Pneumonia": FindingCode(finding=("233604007", "SCT", "Pneumonia"), site=LUNG, standard=False),
    "Pleural_Thickening": FindingCode(
        finding=("Pleural_Thickening", PRIVATE, "Pleural thickening"), site=PLEURA, standard=False
    ),
    "Cardiomegaly": FindingCode(
        finding=("8186001", "SCT", "Cardiomegaly"), site=HEART, standard=False
    ),
    "Nodule": FindingCode(finding=("27925004", "SCT", "Nodule"), site=LUNG),
    "Mass": FindingCode(finding=("4147007", "SCT", "Mass"), site=LUNG),
    "Hernia": FindingCode(
        finding=("39839004", "SCT", "Diaphragmatic hernia"), site=DIAPHRAGM, standard=False
    ),
    "Lung Lesion": FindingCode(finding=("52988006", "SCT", "Lesion"), site=LUNG),
    "Fracture": FindingCode(
        finding=("125605004", "SCT", "Fracture of bone"), site=BONE, standard=False
    ),
    "Lung Opacity": FindingCode(finding=("112001", "DCM", "Opacity"), site=LUNG),
    "Enlarged Cardiomediastinum": FindingCode(
        finding=("EnlargedMediastinum", PRIVATE, "Enlarged cardiomediastinal contour"),
        site=MEDIASTINUM,
        standard=False,
    ),
    "Any Finding": FindingCode(
        finding=("AnyFinding", PRIVATE, "Unusual film"), site=CHEST, standard=False
    ),
}

PRIORITY: Final[Code] = ("260870009", "SCT", "Priority (attribute)")
PRIORITIES: Final[dict[str, Code]] = {
    name: (f"Priority.{name}", PRIVATE, f"AI triage priority: {name.replace('_', ' ')}")
    for name in ("critical", "urgent", "not_assessed", "routine", "none")
}
NORMALITY: Final[Code] = ("121402", "DCM", "Normality")
ABNORMAL: Final[Code] = ("263654008", "SCT", "Abnormal")
UNDETERMINED: Final[Code] = ("371934000", "SCT", "Normality Undetermined")
"""Of nothing flagged too: that is no statement that a film is normal."""
SUMMARY: Final[Code] = ("111017", "DCM", "CAD Processing and Findings Summary")
WITH_FINDINGS: Final[Code] = ("111242", "DCM", "All algorithms succeeded; with findings")
WITHOUT_FINDINGS: Final[Code] = ("111241", "DCM", "All algorithms succeeded; without findings")
NONE_SUCCEEDED: Final[Code] = ("111245", "DCM", "No algorithms succeeded; without findings")
THRESHOLD: Final[Code] = ("111071", "DCM", "CAD Operating Point")
READING: Final[Code] = ("Reading", PRIVATE, "Doctor's reading of the finding")
VERDICTS: Final[dict[str, Code]] = {
    "agree": ("52101004", "SCT", "Present"),
    "disagree": ("272519000", "SCT", "Absent"),
    "unsure": ("373068000", "SCT", "Undetermined"),
}
EXPLANATION: Final[Code] = ("130401", "DCM", "Visual explanation")


def score_code(label: str, name: str) -> Code:
    """What viewers show beside the number: they show no finding's code."""
    return (f"Score.{label.replace(' ', '')}"[:16], PRIVATE, f"{name}: score"[:64])


def rarity_code(label: str, name: str) -> Code:
    """Share of films without findings that show some finding at least this unusual."""
    return (f"Rare.{label.replace(' ', '')}"[:16], PRIVATE, f"{name}: rarity"[:64])
