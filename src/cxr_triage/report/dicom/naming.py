"""Which object it is: the same for the same content, however often it is made.

A retry makes the same object; whatever changed (the patient, the result, the reading) makes
another, which names the one that it replaces.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.language import Language

ObjectKind = Literal["capture", "pdf", "sr"]
OBJECT_KINDS: Final[tuple[ObjectKind, ...]] = ("capture", "pdf", "sr")

SERIES_NUMBERS: Final[dict[str, int]] = {
    "capture": 9701,
    "pdf": 9702,
    "sr": 9703,
    "rejection": 9704,
}
"""A band of their own, behind whatever a modality numbers."""

DIGITS: Final = 10**23


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectIdentity:
    """source: our own id of the film (for a PDF: of the study). patient: version of whom it shows.
    fingerprint: of the result. reading: version of what doctors said; empty where the kind does not
    tell it."""

    source: str
    patient: str
    fingerprint: str
    kind: str
    language: Language
    reading: str = ""
    part: str = field(default="")

    @property
    def series_uid(self) -> str:
        """One series an object, so that a viewer that opens the last of a series opens it."""
        return made_uid("series", self)

    @property
    def sop_uid(self) -> str:
        return made_uid("instance", self)

    def of_part(self, part: str) -> "ObjectIdentity":
        """Of a page that is one of several."""
        return replace(self, part=part)


def made_uid(what: str, identity: ObjectIdentity) -> str:
    """Under our root, at most 64 characters."""
    parts = [
        what, identity.source, identity.patient, identity.fingerprint, identity.kind,
        identity.language, identity.reading, identity.part if what != "series" else "",
    ]  # fmt: skip
    return uid_of(json.dumps(parts))


def uid_of(text: str) -> str:
    """Of anything that is named by that text."""
    number = int(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), 16) % DIGITS
    return f"{OWN_ROOT}.{number}"
