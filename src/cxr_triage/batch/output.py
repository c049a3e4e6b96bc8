"""What a run leaves in its folder: rows and heatmaps as they come, the report at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from cxr_triage.batch.files import keep_earlier, write_parts, write_whole, writing
from cxr_triage.batch.inputs import below
from cxr_triage.batch.kept import KeptResults
from cxr_triage.batch.results import RESULTS_FILE, JsonRow, ResultsWriter, open_results
from cxr_triage.batch.run import FileResult
from cxr_triage.domain import Assessment, Patient
from cxr_triage.language import Language
from cxr_triage.report.film.film import Film, film_of, jpeg, leading_first, png
from cxr_triage.report.film.html import StudyFilms, Unread, render
from cxr_triage.report.film.overlay import overlays
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.rank import rank_studies, standing_of

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
        self._gallery = Gallery(base) if folder is not None and report else None

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


class Gallery:
    """The films of a report, with pictures for the most urgent ones only.

    A report over thousands of films stays a file that a browser opens.
    """

    LIMIT = 200

    def __init__(self, base: Path | None) -> None:
        """`base`: the folder below which paths are shown."""
        self._base = base
        self._pictured: dict[Path, _Pictured] = {}

    def add(self, result: FileResult) -> None:
        """Keep the film's pictures until `LIMIT` more urgent ones have come."""
        if result.assessment is None or result.radiograph is None:
            return
        film = film_of(below(self._base, result.path), result.assessment, result.radiograph.pixels)
        self._pictured[result.path] = _Pictured(path=result.path, film=film, patient=result.patient)
        if len(self._pictured) > 2 * self.LIMIT:
            self._forget_the_least_urgent()

    def _forget_the_least_urgent(self) -> None:
        ranked = rank_studies(
            self._pictured.values(),
            lambda one: standing_of(one.film.assessment),
            patient_of=lambda one: one.patient,
        )
        most_urgent = [one for study in ranked for one in study.images][: self.LIMIT]
        self._pictured = {one.path: one for one in most_urgent}

    def page(
        self, pipeline: Pipeline, language: Language, zone: ZoneInfo, kept: KeptResults
    ) -> Iterator[str]:
        """The report as HTML, piece by piece. zone: of the place."""
        if len(self._pictured) > self.LIMIT:
            self._forget_the_least_urgent()
        policy = pipeline.policy
        return render(
            _Studies(kept, self._film),
            [_unread(one, below(self._base, one.path), language) for one in kept.unread],
            language=language,
            created_at=datetime.now(zone),
            model=pipeline.engine.card,
            policy=f"{policy.name} {policy.version}",
            steps=policy.next_steps,
        )

    def _film(self, path: Path, read: Callable[[], Assessment]) -> Film:
        if path in self._pictured:
            return self._pictured[path].film
        return film_of(below(self._base, path), read(), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pictured:
    """A film with its pictures. patient: for telling studies apart, and for nothing else."""

    path: Path
    film: Film
    patient: Patient = field(repr=False)


class _Studies:
    """The studies of a report, each read from the disk when its turn comes."""

    def __init__(
        self, kept: KeptResults, film: Callable[[Path, Callable[[], Assessment]], Film]
    ) -> None:
        self._kept = kept
        self._film = film
        self._ranked = kept.ranked()

    def __len__(self) -> int:
        return len(self._ranked)

    def __iter__(self) -> Iterator[StudyFilms]:
        for study in self._ranked:
            yield [self._film(one.path, partial(self._kept.read, one)) for one in study.images]


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
