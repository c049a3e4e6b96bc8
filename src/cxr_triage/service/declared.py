"""What a sender says of a picture, which has no header of its own."""

import hashlib
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from cxr_triage.domain import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Empty where nothing was said. `age_years` and `view` are judged as a header's are.

    corrected: a person who looked says so: view and age count whatever the file says, a DICOM
    object's header too.
    """

    patient: Patient = field(default=Patient(), repr=False)
    accession: str = field(default="", repr=False)
    view: str = ""
    age_years: float | None = None
    corrected: bool = False

    @property
    def judged(self) -> bool:
        """Is anything said that the gate judges by?"""
        return self.corrected or bool(self.view) or self.age_years is not None

    def fingerprint(self, running: str) -> str:
        """Of a result under what is declared: another age may make another result.

        running: the pipeline's fingerprint.
        """
        if not self.judged:
            return running
        text = f"{running}\n{self.view}\n{self.age_years}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


DECLARED = TypeAdapter(Declared)

NOTHING_DECLARED = Declared()
