"""One table of findings: the label that models use and what people read for it.

The Vietnamese names have not yet been confirmed by a Vietnamese radiologist.
"""

from collections.abc import Set
from typing import Final

from cxr_triage.language import Language

LABELS: dict[str, dict[Language, str]] = {
    "Atelectasis": {"en": "Atelectasis", "vi": "Xẹp phổi"},
    "Consolidation": {"en": "Consolidation", "vi": "Đông đặc phổi"},
    "Infiltration": {"en": "Infiltration", "vi": "Thâm nhiễm phổi"},
    "Pneumothorax": {"en": "Pneumothorax", "vi": "Tràn khí màng phổi"},
    "Edema": {"en": "Pulmonary oedema", "vi": "Phù phổi"},
    "Emphysema": {"en": "Emphysema", "vi": "Khí phế thũng"},
    "Fibrosis": {"en": "Fibrosis", "vi": "Xơ phổi"},
    "Effusion": {"en": "Pleural effusion", "vi": "Tràn dịch màng phổi"},
    "Pneumonia": {"en": "Pneumonia", "vi": "Viêm phổi"},
    "Pleural_Thickening": {"en": "Pleural thickening", "vi": "Dày màng phổi"},
    "Cardiomegaly": {"en": "Enlarged heart", "vi": "Bóng tim to"},
    "Nodule": {"en": "Nodule", "vi": "Nốt phổi"},
    "Mass": {"en": "Mass", "vi": "Khối ở phổi"},
    "Hernia": {
        "en": "Hernia (hiatal or diaphragmatic)",
        "vi": "Thoát vị hoành (gồm thoát vị khe hoành)",
    },
    "Lung Lesion": {"en": "Focal lung lesion", "vi": "Tổn thương khu trú ở phổi (nốt, khối)"},
    "Fracture": {"en": "Fracture", "vi": "Gãy xương"},
    "Lung Opacity": {"en": "Lung opacity", "vi": "Đám mờ phổi"},
    "Enlarged Cardiomediastinum": {
        "en": "Enlarged cardiomediastinal contour",
        "vi": "Bóng tim – trung thất rộng",
    },
}

ANY_FINDING: Final = "Any Finding"
"""No disease: does the film show anything at all? A model may answer that by an output of its
own."""

NAMES: Final[dict[str, dict[Language, str]]] = LABELS | {
    ANY_FINDING: {"en": "Unusual film", "vi": "Phim khác thường"}
}
"""All that a model may have an output for."""


def finding_name(label: str, language: Language) -> str:
    """What people read for `label`. Raises KeyError if the table lacks it."""
    return NAMES[label][language]


def is_true(label: str, findings: Set[str]) -> bool:
    """Is what `label` says true of a film that shows `findings`?"""
    return bool(findings) if label == ANY_FINDING else label in findings
