"""What a run leaves in its folder: rows and heatmaps as they come, the report at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from cxr_triage.batch.files import keep_earlier, write_whole, writing
from cxr_triage.batch.inputs import below
from cxr_triage.batch.results import RESULTS_FILE, JsonRow, ResultsWriter, open_results
from cxr_triage.batch.run import FileResult, rank_results
from cxr_triage.language import Language
from cxr_triage.report.film.film import Film, film_of, leading_first
from cxr_triage.report.film.html import Unread, render
from cxr_triage.report.film.overlay import overlay
from cxr_triage.triage.pipeline import Pipeline

REPORT_FILE = "report.html"
HEATMAPS_FOLDER = "heatmaps"
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
        report: bool,
        base: Path | None,
        zone: ZoneInfo,
    ) -> None:
        self._folder = folder
        self._rows = rows
        self._pipeline = pipeline
        self._language = language
        self._heatmaps = heatmaps
        self._zone = zone
        self._gallery = Gallery(base) if folder is not None and report else None

    def add(self, result: FileResult, row: JsonRow) -> None:
        """Write what there is of one file. Raises OutputFailed."""
        if self._rows is None or self._folder is None:
            return
        self._rows.write(row)
        self._write_heatmaps(result, self._folder / HEATMAPS_FOLDER)
        if self._gallery is not None:
            self._gallery.add(result)

    def _write_heatmaps(self, result: FileResult, folder: Path) -> None:
        assessment, radiograph = result.assessment, result.radiograph
        if assessment is None or radiograph is None or assessment.crop is None:
            return
        for finding in leading_first(assessment)[: self._heatmaps]:
            with writing():
                folder.mkdir(exist_ok=True)
            picture = overlay(radiograph.pixels, assessment, finding, language=self._language)
            name = f"{assessment.digest[:32]}-{finding.label.replace(' ', '_')}.png"
            png = BytesIO()
            picture.save(png, "PNG", compress_level=1)
            write_whole(folder / name, png.getvalue())

    def finish(self) -> Written:
        """Write the report; says what was written and where. Raises OutputFailed."""
        if self._folder is None:
            return {}
        written: Written = {"results": self._folder / RESULTS_FILE}
        if self._gallery is not None:
            page = self._gallery.page(self._pipeline, self._language, self._zone)
            written["report"] = self._folder / REPORT_FILE
            with writing():
                keep_earlier(written["report"])
            write_whole(written["report"], page.encode())
        return written


class Gallery:
    """The films of a report, with pictures for the most urgent ones only.

    A report over thousands of films stays a file that a browser opens.
    """

    LIMIT = 200

    def __init__(self, base: Path | None) -> None:
        """`base`: the folder below which paths are shown."""
        self._base = base
        self._results: list[FileResult] = []
        self._films: dict[Path, Film] = {}

    def add(self, result: FileResult) -> None:
        """Keep the film's pictures until `LIMIT` more urgent ones have come."""
        self._results.append(result.without_pixels())
        if result.assessment is None or result.radiograph is None:
            return
        self._films[result.path] = film_of(
            below(self._base, result.path), result.assessment, result.radiograph.pixels
        )
        if len(self._films) > 2 * self.LIMIT:
            self._forget_the_least_urgent()

    def _forget_the_least_urgent(self) -> None:
        kept = (result for result in self._results if result.path in self._films)
        ranked = [result.path for study in rank_results(kept) for result in study.images]
        self._films = {path: self._films[path] for path in ranked[: self.LIMIT]}

    def page(self, pipeline: Pipeline, language: Language, zone: ZoneInfo) -> str:
        """The report as HTML. zone: of the place."""
        if len(self._films) > self.LIMIT:
            self._forget_the_least_urgent()
        studies = [
            [self._film(result) for result in study.images] for study in rank_results(self._results)
        ]
        policy = pipeline.policy
        return render(
            studies,
            [
                _unread(result, below(self._base, result.path), language)
                for result in self._results
                if result.assessment is None
            ],
            language=language,
            created_at=datetime.now(zone),
            model=pipeline.engine.card,
            policy=f"{policy.name} {policy.version}",
            steps=policy.next_steps,
        )

    def _film(self, result: FileResult) -> Film:
        if result.assessment is None:
            raise ValueError("a film has an assessment")
        without = film_of(below(self._base, result.path), result.assessment, None)
        return self._films.get(result.path, without)


def _unread(result: FileResult, path: str, language: Language) -> Unread:
    return Unread(
        path=path,
        outcome="skipped" if result.outcome == "skipped" else "failed",
        code="" if result.error is None else result.error.code,
        message="" if result.error is None else result.error.message(language),
    )


@contextmanager
def open_output(
    folder: Path | None,
    *,
    pipeline: Pipeline,
    language: Language,
    table: bool,
    heatmaps: int,
    report: bool,
    base: Path | None,
    zone: ZoneInfo,
) -> Iterator[RunOutput]:
    """The output of one run in `folder`, or one that keeps nothing. Raises OutputFailed.

    The report shows paths below `base`, and times of `zone`.
    """
    labels = [label.label for label in pipeline.engine.card.labels]
    if folder is None:
        yield RunOutput(
            None,
            None,
            pipeline=pipeline,
            language=language,
            heatmaps=0,
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
            report=report,
            base=base,
            zone=zone,
        )
