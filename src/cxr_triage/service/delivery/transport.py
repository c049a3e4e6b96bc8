"""How objects get to a destination: what each protocol's part has to do."""

from collections.abc import Sequence
from typing import Protocol

from cxr_triage.report.dicom.common import DicomObject


class Transport(Protocol):
    """To one destination. Every method raises DeliveryFailed."""

    def echo(self) -> None:
        """Is somebody there who takes objects?"""

    def send(self, objects: Sequence[DicomObject]) -> None:
        """All of them, each answered with success."""

    def missing(self, objects: Sequence[DicomObject]) -> int:
        """How many of them the destination does not have when it is asked."""
