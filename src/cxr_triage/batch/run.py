"""Scores many files: reading runs in threads ahead of the model; every file has a result."""

import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

from cxr_triage.domain import Assessment, Outcome, Patient, Radiograph
from cxr_triage.errors import NotAFilm, NotAnImage, TriageError, UnreadableImage
from cxr_triage.imaging.limits import Limits
from cxr_triage.logs import log_unexpected
from cxr_triage.triage.image_reader import GatedImage
from cxr_triage.triage.pipeline import Pipeline

ReadT = TypeVar("ReadT")

IMAGE_SUFFIXES = {
    ".dcm", ".dicom", ".dic", ".ima", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp",
    ".gif", ".jp2", ".j2k", ".jpx", ".heic", ".heif", ".avif", ".jxl",
}  # fmt: skip
"""A file that is named as an image and is none has failed; any other is skipped."""
NO_PICTURE = {"not_an_image", "dicom_directory"}
"""What is skipped; a picture of a kind that is not read here has failed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileResult:
    """What became of one file: an assessment, or the error that stopped it. patient: for telling
    studies apart, and for nothing else."""

    path: Path
    assessment: Assessment | None = None
    patient: Patient = field(default=Patient(), repr=False)
    radiograph: Radiograph | None = field(default=None, repr=False)
    error: TriageError | None = None

    @property
    def outcome(self) -> Outcome:
        if self.assessment is not None:
            return self.assessment.outcome
        return outcome_of_error(self.path, self.error)


def outcome_of_error(path: Path, error: TriageError | None) -> Literal["failed", "skipped"]:
    """Failed, or skipped if the file is no image and is not named as one, or was made of films."""
    if isinstance(error, NotAFilm):
        return "skipped"
    named_as_image = path.suffix.lower() in IMAGE_SUFFIXES
    no_picture = isinstance(error, NotAnImage) and error.code in NO_PICTURE
    return "skipped" if no_picture and not named_as_image else "failed"


def run(
    pipeline: Pipeline,
    files: Sequence[Path],
    *,
    workers: int,
    limits: Limits,
    bits: int | None = None,
    adult: bool = False,
) -> Iterator[FileResult]:
    """Results in the order of `files`. At most twice `workers` images are held at a time.

    bits: that the values of pictures have, where somebody says so. adult: see `Pipeline.read`.
    Raises ModelError if the model fails: that concerns every file.
    """
    read = partial(pipeline.read, bits=bits, adult=adult)
    for path, image in read_ahead(read, files, workers=workers, limits=limits):
        if isinstance(image, TriageError):
            yield FileResult(path=path, error=image)
        else:
            assessment = pipeline.score([image])[0]
            yield FileResult(
                path=path,
                assessment=assessment,
                patient=image.patient,
                radiograph=image.radiograph,
            )


def read_ahead(
    read: Callable[[bytes], GatedImage], files: Sequence[Path], *, workers: int, limits: Limits
) -> Iterator[tuple[Path, GatedImage | TriageError]]:
    """What `read` makes of each file, or the error that stopped it, in the order of `files`.

    At most twice `workers` images are held at a time.
    """

    def read_file(path: Path) -> GatedImage:
        return read(file_content(path, limits))

    remaining = iter(files)
    with ThreadPoolExecutor(workers, thread_name_prefix="read") as pool:
        ahead: deque[tuple[Path, Future[GatedImage]]] = deque()
        try:
            while True:
                for path in islice(remaining, 2 * workers - len(ahead)):
                    ahead.append((path, pool.submit(read_file, path)))
                if not ahead:
                    return
                path, image = ahead.popleft()
                found = read_result(image)
                yield path, found
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def file_content(path: Path, limits: Limits) -> bytes:
    """The bytes of a regular file. Raises UnreadableImage or ImageTooLarge."""
    try:
        limits.check_file(_checked_size(path))
        return path.read_bytes()
    except OSError as problem:
        raise UnreadableImage("file_unreadable", problem=_strerror(problem)) from None


def _checked_size(path: Path) -> int:
    """Of a regular file; whatever else has that name is never opened: a pipe could wait for ever.

    Raises UnreadableImage, or OSError where nothing can be found out.
    """
    if path.is_symlink() and not path.exists():
        raise UnreadableImage("link_broken")
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise UnreadableImage("folder_unlisted", problem=_why_unlisted(path))
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableImage("not_regular_file")
    return found.st_size


def _why_unlisted(folder: Path) -> str:
    try:
        next(folder.iterdir(), None)
    except OSError as problem:
        return _strerror(problem)
    return "?"


def read_result(image: "Future[ReadT]") -> "ReadT | TriageError":
    """What was read, or the error that stopped it; what nobody expected is logged."""
    error = image.exception()
    if error is None:
        return image.result()
    if isinstance(error, TriageError):
        return error
    if not isinstance(error, Exception):
        raise error
    log_unexpected(error)
    return TriageError("unexpected", kind=type(error).__name__)


def _strerror(problem: OSError) -> str:
    """The system's words for it, without the path."""
    return problem.strerror or type(problem).__name__
