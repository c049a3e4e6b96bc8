"""From a file's bytes to an image that can be asked for its header and its pixels."""

from typing import Protocol

from cxr_triage.domain import Header, Patient, Radiograph, Reason
from cxr_triage.errors import NotAnImage, UnreadableImage
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.dicom.dataset import looks_like_dicom
from cxr_triage.imaging.dicom.image import DicomFile
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.picture.formats import check_not_unread, looks_like_picture
from cxr_triage.imaging.picture.image import PhotoFile

__all__ = ["ImageFile", "Limits", "open_image"]


class ImageFile(Protocol):
    """An opened file: its header is read, its pixels are not yet decoded."""

    header: Header
    patient: Patient
    warnings: tuple[Reason, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes."""
        ...

    def decode(self, decoder: Decoder) -> Radiograph:
        """The pixels, in ±1024. Raises ImageError."""
        ...


def open_image(data: bytes, limits: Limits, bits: int | None = None) -> ImageFile:
    """Recognise the content and read its header, whatever the file is called.

    DICOM is looked for first: its preamble may look like a TIFF. bits: that a picture's values
    have, as its sender says; None if nothing is said.
    Raises NotAnImage, UnreadableImage or ImageTooLarge.
    """
    if not data:
        raise UnreadableImage("empty_file")
    limits.check_file(len(data))
    if looks_like_dicom(data):
        return DicomFile(data, limits)
    if looks_like_picture(data):
        return PhotoFile(data, limits, bits)
    check_not_unread(data)
    raise NotAnImage("not_an_image")
