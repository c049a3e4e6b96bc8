"""What is accepted of callers: which SOP classes, in which transfer syntaxes, and no others."""

from typing import Final

from cxr_triage.imaging.dicom.pixel_data import CODECS, NATIVE
from cxr_triage.triage.header_rules import RADIOGRAPH_SOP_CLASSES

VERIFICATION: Final = "1.2.840.10008.1.1"
IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"

STORAGE: Final = tuple(sorted(RADIOGRAPH_SOP_CLASSES))
"""What a radiograph can come as: others are refused by their presentation context."""

TRANSFER_SYNTAXES: Final = (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    *sorted(NATIVE - {"", EXPLICIT_LITTLE, IMPLICIT_LITTLE}),
    *CODECS,
)
"""Every one that is read; of those that a caller offers it chooses itself by what it sends."""
