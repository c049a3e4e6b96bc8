"""Names of rows: the same for the same thing, and telling nothing about a patient.

A UID or a file's hash could be matched with another system's, so rows are named by hashes
that take in the station too; they are 128 bits long.
"""

import hashlib
import secrets


def result_id(station_id: str, digest: str, fingerprint: str) -> str:
    """Of an assessment: one station's file, under one model and policy."""
    return _hashed("result", station_id, digest, fingerprint)


def study_id(station_id: str, study_uid: str) -> str:
    """Of a study."""
    return _hashed("study", station_id, study_uid)


def image_id(station_id: str, sop_uid: str) -> str:
    """Of an image."""
    return _hashed("image", station_id, sop_uid)


def made_uid(what: str, station_id: str, digest: str) -> str:
    """A UID for a picture that has none: in the arc of UUIDs (PS3.5, B.2)."""
    return f"2.25.{int(_hashed(what, station_id, digest), 16)}"


def new_id() -> str:
    """Of anything that is made once: 128 random bits."""
    return secrets.token_hex(16)


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
