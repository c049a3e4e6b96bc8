"""A DICOM file as an image: its header at once, its pixels when they are asked for."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property

from cxr_triage.domain import Header, Patient, Radiograph, Reason, read_only
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.dicom.ages import age_contradiction
from cxr_triage.imaging.dicom.codes import unknown_regions
from cxr_triage.imaging.dicom.dataset import DataSet, read_header
from cxr_triage.imaging.dicom.derived import check_is_film
from cxr_triage.imaging.dicom.header import ages_that_contradict, header_of, patient_of
from cxr_triage.imaging.dicom.pixel_data import pixel_head, read_format, read_stored_frame
from cxr_triage.imaging.dicom.spacing import pixel_height_over_width
from cxr_triage.imaging.grey.stored import count_values, look_up, pixel_digest, table_indices
from cxr_triage.imaging.grey.table import build_table
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.prepare import make_square


class DicomFile:
    """An opened DICOM object; it may hold no picture at all."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Reads the header; no pixel is decoded.

        Raises NotAnImage (NotAFilm for what was made of films), UnreadableImage or ImageTooLarge.
        """
        self._data = data
        self._limits = limits
        self._file = read_header(data, limits)
        check_is_film(self._file.dataset)
        self.header: Header = header_of(self._file)
        self.patient: Patient = patient_of(self._file.dataset)
        dataset = self._file.dataset
        regions = (
            Reason(code="region_unknown", measured=str(code)) for code in unknown_regions(dataset)
        )
        self.warnings: tuple[Reason, ...] = (*regions, *_ages(dataset))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's bytes."""
        return hashlib.sha256(self._data).hexdigest()

    def decode(self, decoder: Decoder) -> Radiograph:
        """The pixels, in ±1024. `decoder` is asked only for compressed frames.

        Raises UnreadableImage, UnsupportedImage, ImageTooLarge or DecodingFailed.
        """
        warnings: list[Reason] = []
        dataset = self._file.dataset
        pixel_head(self._file)
        form = read_format(dataset, self._limits, warnings)
        shape = pixel_height_over_width(dataset, warnings)
        frame = read_stored_frame(self._file, form, decoder, warnings)
        stored, bits = frame.stored, frame.bits
        with ThreadPoolExecutor(1) as aside:  # hashing leaves the interpreter lock to us
            digests = aside.submit(lambda: (self.digest, pixel_digest(stored)))
            indices = table_indices(stored, bits)
            table = build_table(dataset, count_values(indices, bits, signed=form.signed))
            pixels = look_up(table.values, indices)
        square = make_square(pixels, shape)
        return Radiograph(
            stored=read_only(stored),
            table=table.values,
            table_first=table.first,
            pixels=pixels if square is None else read_only(square),
            header=self.header,
            patient=self.patient,
            pixel_policy=replace(table.policy, resampled_to_square=square is not None),
            digest=digests.result()[0],
            pixel_digest=digests.result()[1],
            warnings=(*self.warnings, *warnings, *table.warnings),
        )


def _ages(dataset: DataSet) -> tuple[Reason, ...]:
    ages = ages_that_contradict(dataset)
    return () if ages is None else (age_contradiction(*ages),)
