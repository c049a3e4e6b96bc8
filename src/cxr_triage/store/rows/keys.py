"""Names of rows: the same for the same thing, and telling nothing about a patient.

A UID or a file's hash could be matched with another system's, so rows are named by hashes
that take in the station too; they are 128 bits long.
"""

import hashlib
import json
import secrets
from typing import Final

from cxr_triage.domain import Patient

LONGEST: Final = 512
"""Characters of a column that identifies something elsewhere."""


def result_id(station_id: str, digest: str, fingerprint: str) -> str:
    """Of an assessment: one station's file, under one model and policy."""
    return _hashed("result", station_id, digest, fingerprint)


def study_id(station_id: str, study_uid: str) -> str:
    """Of a study."""
    return _hashed("study", station_id, study_uid)


def image_id(station_id: str, sop_uid: str) -> str:
    """Of an image."""
    return _hashed("image", station_id, sop_uid)


def key_of(value: str) -> str:
    """An identifier as columns hold it: whole, and what is too long for them shortened so that
    two that differ stay two."""
    if len(value) <= LONGEST:
        return value
    return f"{value[: LONGEST - 65]}#{hashlib.sha256(_bytes(value)).hexdigest()}"


def patient_key(patient: Patient) -> str:
    """Of a patient's row beside the others of a station."""
    who = (patient.id, patient.issuer, patient.name, patient.birth_date, patient.sex)
    return hashlib.sha256(_bytes(json.dumps(who))).hexdigest()


def made_uid(what: str, station_id: str, digest: str) -> str:
    """A UID for a picture that has none: in the arc of UUIDs (PS3.5, B.2)."""
    return f"2.25.{int(_hashed(what, station_id, digest), 16)}"


def new_id() -> str:
    """Of anything that is made once: 128 random bits."""
    return secrets.token_hex(16)


def _hashed(*parts: str) -> str:
    return hashlib.sha256(_bytes("\n".join(parts))).hexdigest()[:32]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
