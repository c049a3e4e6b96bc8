"""Secondary Capture (PS3.3 A.8.1): pictures that any viewer shows."""

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import JPEGBaseline8Bit

from cxr_triage.report.dicom.common import (
    DicomObject,
    Making,
    begun,
    coded,
    reference,
    replaced,
)
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.report.dicom.source import SECONDARY_CAPTURE, SourceFilm

QUALITY: Final = 88
MOST_BYTES: Final = 2_000_000
"""Of a page as it is sent."""


def capture(
    picture: Image.Image,
    identity: ObjectIdentity,
    film: SourceFilm,
    making: Making,
    *,
    number: int,
    what: str,
    compressed: bool,
) -> DicomObject:
    """A picture as an instance of its series. number: in the series. what: it shows, in words.
    compressed: as JPEG baseline, which loses something and says so; else whole."""
    ds = begun(identity, SECONDARY_CAPTURE, film, making)
    ds.Modality = "OT"
    ds.BodyPartExamined = "CHEST"
    ds.ConversionType = "WSD"
    ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = ds.ContentDate, ds.ContentTime
    ds.SecondaryCaptureDeviceManufacturer = ds.Manufacturer
    ds.InstanceNumber = number
    ds.PatientOrientation = ""
    ds.ImageType = ["DERIVED", "SECONDARY", "OTHER", "AI_TRIAGE"]
    ds.BurnedInAnnotation = "YES"
    ds.RecognizableVisualFeatures = "NO"
    ds.ImageComments = making.text(what)
    ds.DerivationDescription = making.text(
        f"{making.model.name} {making.model.version}: {what}", 1024
    )
    purpose = coded("121322", "DCM", "Source image for image processing operation")
    ds.SourceImageSequence = DicomSequence([reference(film.sop_class_uid, film.sop_uid, purpose)])
    before = replaced(making)
    if before is not None:
        ds.ReferencedInstanceSequence = before
    ds.SamplesPerPixel, ds.PlanarConfiguration = 3, 0
    ds.Rows, ds.Columns = picture.height, picture.width
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    if compressed:
        _put_jpeg(ds, picture)
    else:
        ds.PhotometricInterpretation = "RGB"
        ds.LossyImageCompression = "00"
        raw = np.asarray(picture.convert("RGB")).tobytes()
        ds.PixelData = raw + b"\0" * (len(raw) % 2)
        ds["PixelData"].VR = "OB"
    return DicomObject(
        identity=identity, sop_class_uid=SECONDARY_CAPTURE, study_uid=film.study_uid, dataset=ds
    )


def _put_jpeg(ds: Dataset, picture: Image.Image) -> None:
    """JPEG baseline: colour at half the resolution, which letters on black hardly show."""
    buffer = BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=QUALITY, subsampling=1, optimize=True)
    frame = buffer.getvalue()
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PhotometricInterpretation = "YBR_FULL_422"
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionRatio = round(3 * picture.width * picture.height / len(frame), 2)
    ds.LossyImageCompressionMethod = "ISO_10918_1"
    ds.PixelData = encapsulate([frame + b"\0" * (len(frame) % 2)])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
