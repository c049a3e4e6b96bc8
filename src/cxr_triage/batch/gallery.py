"""The report of a run: a page with the films of every study, the most urgent ones with pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from cxr_triage.batch.inputs import below
from cxr_triage.batch.kept import KeptResults
from cxr_triage.batch.run import FileResult
from cxr_triage.domain import Assessment, Patient
from cxr_triage.language import Language
from cxr_triage.report.film.film import Film, film_of
from cxr_triage.report.film.html import StudyFilms, Unread, render
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.rank import rank_studies, standing_of


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
