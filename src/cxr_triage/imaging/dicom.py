"""A DICOM file as an image: its header at once, its pixels when they are asked for."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import (
    F32,
    Header,
    Patient,
    Radiograph,
    Reason,
    Stored,
    read_only,
)
from cxr_triage.errors import UnreadableImage, UnsupportedImage
from cxr_triage.imaging.codestream import Codestream, read_codestream
from cxr_triage.imaging.dataset import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    DicomHeader,
    read_header,
)
from cxr_triage.imaging.elements import PIXEL_DATA, UNDEFINED, Head
from cxr_triage.imaging.frame import encapsulated_frame, native_frame
from cxr_triage.imaging.header import header_of, patient_of, pixel_height_over_width
from cxr_triage.imaging.job import DecodeJob
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.pixel_table import StoredValues, build_table
from cxr_triage.imaging.prepare import make_square
from cxr_triage.imaging.worker import Decoder
