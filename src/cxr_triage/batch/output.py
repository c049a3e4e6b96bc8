"""What a run leaves in its folder: rows and heatmaps as they come, the report at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from cxr_triage.batch.files import keep_earlier, write_parts, write_whole, writing
from cxr_triage.batch.kept import KeptResults
from cxr_triage.batch.results import RESULTS_FILE, JsonRow, ResultsWriter, open_results
from cxr_triage.batch.run import FileResult
from cxr_triage.language import Language
from cxr_triage.report.film.film import jpeg, leading_first, png
from cxr_triage.report.film.overlay import overlays
from cxr_triage.triage.pipeline import Pipeline

if TYPE_CHECKING:
    from cxr_triage.batch.gallery import Gallery

REPORT_FILE = "report.html"
HEATMAPS_FOLDER = "heatmaps"
HEATMAP_LONGEST = 896
"""Pixels of the longer side: as much as a screen shows, in a tenth of the bytes of a PNG."""
MAX_SIDE = 1 << 16
"""Of no film: where originals are asked for, none is made smaller."""
Written = dict[Literal["results", "report"], Path]


class RunOutput:
    """Takes each result once, in order; `finish` writes the report. Without a folder it
    keeps nothing."""

    def __init__(
        self,
        folder: Path | None,
        rows: ResultsWriter | None,
        *,
        pipeline: Pipeline,
        language: Language,
        heatmaps: int,
        lossless: bool,
        report: bool,
        base: Path | None,
        zone: ZoneInfo,
    ) -> None:
        self._folder = folder
        self._rows = rows
        self._pipeline = pipeline
        self._language = language
        self._heatmaps = heatmaps
        self._lossless = lossless
        self._zone = zone
        self._gallery = _gallery(base) if folder is not None and report else None

    def add(self, result: FileResult, row: JsonRow) -> None:
        """Write what there is of one file. Raises OutputFailed."""
        if self._rows is None or self._folder is None:
            return
        self._rows.write(row)
        draw_heatmaps(
            result,
            self._folder,
            number=self._heatmaps,
            lossless=self._lossless,
            language=self._language,
        )
        if self._gallery is not None:
            self._gallery.add(result)

    def finish(self, kept: KeptResults) -> Written:
        """Write the report; says what was written and where. Raises OutputFailed."""
        if self._folder is None:
            return {}
        written: Written = {"results": self._folder / RESULTS_FILE}
        if self._gallery is not None:
            page = self._gallery.page(self._pipeline, self._language, self._zone, kept)
            written["report"] = self._folder / REPORT_FILE
            with writing():
                keep_earlier(written["report"])
            write_parts(written["report"], (part.encode() for part in page))
        return written


def draw_heatmaps(
    result: FileResult, folder: Path, *, number: int, lossless: bool, language: Language
) -> None:
    """Write the pictures of the leading findings below `folder`. Raises OutputFailed."""
    assessment, radiograph = result.assessment, result.radiograph
    if not number or assessment is None or radiograph is None or assessment.crop is None:
        return
    leading = leading_first(assessment)[:number]
    if leading:
        with writing():
            (folder / HEATMAPS_FOLDER).mkdir(exist_ok=True)
    longest, kind = (MAX_SIDE, "png") if lossless else (HEATMAP_LONGEST, "jpg")
    pictures = overlays(radiograph.pixels, assessment, leading, language=language, longest=longest)
    for finding, picture in zip(leading, pictures, strict=True):
        name = f"{assessment.digest[:32]}-{finding.label.replace(' ', '_')}.{kind}"
        write_whole(folder / HEATMAPS_FOLDER / name, png(picture) if lossless else jpeg(picture))


def _gallery(base: Path | None) -> "Gallery":
    from cxr_triage.batch.gallery import Gallery  # noqa: PLC0415 (templates take long to import)

    return Gallery(base)


@contextmanager
def open_output(
    folder: Path | None,
    *,
    pipeline: Pipeline,
    language: Language,
    table: bool,
    heatmaps: int,
    report: bool,
    lossless: bool = False,
    base: Path | None,
    zone: ZoneInfo,
) -> Iterator[RunOutput]:
    """The output of one run in `folder`, or one that keeps nothing. Raises OutputFailed.

    The report shows paths below `base`, and times of `zone`. lossless: heatmaps are PNG of the
    film's own size.
    """
    labels = [label.label for label in pipeline.engine.card.labels]
    if folder is None:
        yield RunOutput(
            None,
            None,
            pipeline=pipeline,
            language=language,
            heatmaps=0,
            lossless=lossless,
            report=False,
            base=base,
            zone=zone,
        )
        return
    with open_results(folder, table=table, labels=labels) as rows:
        yield RunOutput(
            folder,
            rows,
            pipeline=pipeline,
            language=language,
            heatmaps=heatmaps,
            lossless=lossless,
            report=report,
            base=base,
            zone=zone,
        )
