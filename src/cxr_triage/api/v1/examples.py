"""What the documentation shows; the tests send the requests and check the answers' shape."""

from typing import Any

from pydantic.config import JsonDict

SIGN_IN: JsonDict = {"name": "radiologist", "password": "correct horse battery staple"}
PASSWORD: JsonDict = {"old": "correct horse battery staple", "new": "four other words together"}
NEW_KEY: JsonDict = {"scope": "send", "days": 365}
KEY_SCOPE: JsonDict = {"scope": "send"}

REVIEW: JsonDict = {
    "action": "save",
    "version": 0,
    "verdicts": {"Nodule": "agree"},
    "missed": [],
    "overall": "agree",
    "agrees": False,
    "priority": "urgent",
    "others": ["Old clips in the right axilla"],
    "note": "",
    "impression": "Several nodules in both lungs.",
}
INCIDENT: JsonDict = {"kind": "not_refused", "label": ""}
PHRASE: JsonDict = {"name": "clear", "text": "No acute finding.", "mine": True, "language": "en"}
CLAIM: JsonDict = {"take_over": True}
OPINION: JsonDict = {"opinion": "abnormal", "asked": False}
WITHDRAW: JsonDict = {"version": 3, "reason": "Signed under the film of another patient."}

SEARCH: JsonDict = {
    "text": "nguyen van hung",
    "findings": ["Pneumothorax"],
    "states": ["new", "opened"],
    "from": "2026-11-24T00:00:00+07:00",
}
CORRECTION: JsonDict = {
    "version": 0,
    "reason": "The slip says Hoà, born in 1971.",
    "patient_name": "Lê^Thị Hoà",
    "birth_date": "1971-02-03",
    "age_years": 55,
    "films": [{"assessment": "41369be86fd47e69e6fde7a8f7c61678", "view": "AP", "marker": ""}],
}
MOVE: JsonDict = {"version": 0, "reason": "Another patient's film.", "study": None}
HIDE: JsonDict = {"version": 0, "reason": "A test exposure without a patient."}
MERGE: JsonDict = {
    "version": 0,
    "reason": "The same patient, registered twice.",
    "other": "41c81c9d2fb1714e389b8f8a007907f7",
}
PART: JsonDict = {"version": 0, "reason": "Two patients after all."}
SETTLE: JsonDict = {
    "version": 0,
    "reason": "The device gives every film one number.",
    "settled": True,
}

FORM = {
    "patient_id": "KB-2026-0417",
    "patient_name": "Lê Thị Hoa",
    "birth_date": "1971-02-03",
    "sex": "F",
    "view": "PA",
    "accession": "2026-11-0042",
}

FINDING: dict[str, Any] = {
    "label": "Pneumothorax",
    "name": "Pneumothorax",
    "probability": 0.081204,
    "score": 0.531457,
    "threshold": 0.5,
    "likely_threshold": None,
    "flagged": True,
    "level": "possible",
    "position": 0.961,
    "rarity": 0.071,
    "trust": "not_measured",
    "may": "urgent",
    "heatmap": "/v1/assessments/41369be86fd47e69e6fde7a8f7c61678/heatmaps/Pneumothorax.png",
}

ASSESSMENT: dict[str, Any] = {
    "id": "41369be86fd47e69e6fde7a8f7c61678",
    "study_id": "41c81c9d2fb1714e389b8f8a007907f7",
    "station_id": "north",
    "received_at": "2026-11-24T11:26:57.311278Z",
    "created_at": "2026-11-24T11:26:57.286874Z",
    "is_current": True,
    "outcome": "assessed",
    "priority": "urgent",
    "next_step": "A doctor reads this film today, before the others.",
    "priority_reason": "Pneumothorax: such a finding, or a more unusual one, is seen on 7 of 100 "
    "films without findings",
    "decision": {
        "rarity": 0.071,
        "band": 1,
        "cuts": {"routine": 0.298475, "urgent": 0.102397},
        "films": "NIH ChestX-ray14",
        "population": "well",
        "number": 459,
        "optimistic": False,
        "missed": 0.408602,
        "missed_films": "NIH ChestX-ray14",
    },
    "early_reading": False,
    "findings": [FINDING],
    "reasons": [],
    "warnings": [],
    "model": {
        "name": "nih-baseline",
        "version": "0.4.0",
        "sha256": "91595a29602e4de9fd847bc9e212531835512d5e5e87dcbe8c5b1c9315f6a6e0",
        "proof": "demonstration",
    },
    "fingerprint": "5d0c6fbc3ad94f1c6d8c1bfa0c22cf3c",
    "digest": "3b4d5c2e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a",
    "crop": {"top": 57, "left": 0, "side": 1841},
    "pixels": "stored values as they are; window, linear; inverted.",
    "sight": {
        "chest": 0.999,
        "turn": [0.999, 0.0, 0.001, 0.0],
        "inverted": 0.0,
        "mirrored": 0.004,
        "field": [0.99, 0.01, 0.0],
    },
    "study_uid": "1.2.826.0.1.3680043.10.1488.1.1",
    "series_uid": "1.2.826.0.1.3680043.10.1488.2.1",
    "sop_uid": "1.2.826.0.1.3680043.10.1488.3.1",
    "accession": "2026-11-0042",
    "view": "PA",
    "age_years": 55.0,
    "sex": "F",
    "acquired_at": "2026-11-24T11:20:00",
    "timings_ms": {"read": 21.4, "gate": 1.2, "prepare": 14.9, "infer": 61.3, "rank": 0.4},
    "intended_use": "For prioritisation only, not for diagnosis",
    "links": {
        "self": "/v1/assessments/41369be86fd47e69e6fde7a8f7c61678",
        "image": "/v1/assessments/41369be86fd47e69e6fde7a8f7c61678/image.png",
        "pixels": "/v1/assessments/41369be86fd47e69e6fde7a8f7c61678/pixels",
        "report": "/v1/assessments/41369be86fd47e69e6fde7a8f7c61678/report.html",
        "study": "/v1/studies/41c81c9d2fb1714e389b8f8a007907f7",
    },
}

PROBLEM: dict[str, Any] = {
    "type": "urn:cxr-triage:error:not_an_image",
    "title": "Not a kind that is read here",
    "status": 415,
    "detail": (
        "Not an image: neither DICOM nor a picture that is read here (PNG, JPEG, TIFF, WebP, "
        "JPEG 2000, BMP, GIF)."
    ),
    "code": "not_an_image",
    "request_id": "0c4d8c8d9d0f4bb0a9bb0a54f8a3f6ce",
}

KEPT: dict[str, Any] = {
    "file": 1, "status": 201, "assessment": ASSESSMENT, "warnings": [], "problem": None,
}  # fmt: skip
REFUSED: dict[str, Any] = {
    "file": 2, "status": 415, "assessment": None, "warnings": [], "problem": PROBLEM,
}  # fmt: skip

IMAGES = {"images": [KEPT]}
SOME_IMAGES = {"images": [KEPT, REFUSED]}
SAME_IMAGES = {"images": [KEPT | {"status": 200}]}
