"""What a sender says of a picture, which has no header of its own."""

import hashlib
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from cxr_triage.domain import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Empty where nothing was said. `age_years` and `view` are judged as a header's are.

    bits: that the values of a picture of 16 bits have.
    adult: whoever it shows is 15 years old or older, where the age is not known. older_age: what
    else was said of the age, and contradicts it.
    corrected: a person who looked says so: view and age count whatever the file says, a DICOM
    object's header too. anyway: and wants it read although it was refused for its looks.
    """

    patient: Patient = field(default=Patient(), repr=False)
    accession: str = field(default="", repr=False)
    view: str = ""
    age_years: float | None = None
    bits: int | None = None
    adult: bool = False
    older_age: float | None = None
    corrected: bool = False
    anyway: bool = False

    @property
    def judged(self) -> bool:
        """Is anything said that the gate judges by?"""
        ages = self.age_years is not None or self.adult
        said = bool(self.view) or ages or self.bits is not None
        return self.corrected or self.anyway or said

    def fingerprint(self, running: str) -> str:
        """Of a result under what is declared: another age may make another result.

        running: the pipeline's fingerprint.
        """
        if not self.judged:
            return running
        text = f"{running}\n{self.view}\n{self.age_years}"
        if self.bits is not None:
            text += f"\n{self.bits}"
        if self.anyway:
            text += "\nanyway"
        if self.adult:
            text += "\nadult"
        if self.older_age is not None:
            text += f"\nolder {self.older_age}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


DECLARED = TypeAdapter(Declared)

NOTHING_DECLARED = Declared()
