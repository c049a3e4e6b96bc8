"""The pipeline for programs and notebooks: a file in, its assessment or a film to look at out."""

import os
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from cxr_triage.batch.run import file_content
from cxr_triage.domain import F32, Assessment, ModelCard, NextSteps, read_only
from cxr_triage.imaging.configured import limits_of
from cxr_triage.imaging.heatmap import evidence_map
from cxr_triage.language import Language
from cxr_triage.report.film.film import film_of
from cxr_triage.report.film.notebook import cell
from cxr_triage.settings import Settings, read_settings
from cxr_triage.triage import loading


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssessedFilm:
    """An assessment and the image that it is of; a notebook shows both.

    picture: f32 [H, W] in ±1024, bright = dense, square pixels, read-only, as the film was sent;
    None where the header alone refused it and nothing was decoded. steps: what the policy says is
    to be done next.
    """

    assessment: Assessment
    picture: F32 | None = field(repr=False)
    language: Language
    steps: NextSteps = field(default_factory=dict, repr=False)

    def heatmap(self, label: str) -> F32:
        """Evidence for a finding, f32 [H, W] in log-odds over its threshold, read-only.

        NaN outside the square that the model saw. Raises KeyError if there is no such finding: a
        film that was refused has none.
        """
        findings = {finding.label: finding for finding in self.assessment.findings}
        evidence, crop = findings[label].evidence, self.assessment.crop
        if self.picture is None or crop is None:
            raise KeyError(label)
        rows, columns = self.picture.shape
        return read_only(evidence_map(evidence, crop, (rows, columns)))

    def _repr_html_(self) -> str:
        """Film, map of the leading finding and findings; no script, no name or number."""
        film = film_of("", self.assessment, self.picture, heatmaps=1)
        return cell(film, language=self.language, steps=self.steps)


class FilmPipeline:
    """Assesses files with one loaded model. Safe to call from several threads.

    It holds decoding processes: use it with `with`, or `close` it. It cannot go to another
    process; `assess_file` can.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        model: str | None,
        policy: Path | None,
        workers: int | None,
        threads: int | None,
        language: Language,
    ) -> None:
        """For the arguments and errors see `open_pipeline`."""
        self._held = ExitStack()
        self._pipeline = self._held.enter_context(
            loading.open_pipeline(
                settings, model=model, policy=policy, workers=workers, threads=threads
            )
        )
        self._limits = limits_of(settings)
        self._language = language

    @property
    def model(self) -> ModelCard:
        """What runs: labels, thresholds, limits, intended use."""
        return self._pipeline.engine.card

    def assess(self, data: bytes) -> Assessment:
        """The assessment of one file's bytes. Raises ImageError or ModelError."""
        return self._pipeline.assess(data)

    def assess_file(self, path: str | os.PathLike[str]) -> Assessment:
        """The assessment of one file. Raises ImageError or ModelError."""
        return self.assess(file_content(Path(path), self._limits))

    def film(self, path: str | os.PathLike[str]) -> AssessedFilm:
        """The assessment of one file and its image. Raises ImageError or ModelError."""
        image = self._pipeline.read(file_content(Path(path), self._limits))
        return AssessedFilm(
            assessment=self._pipeline.score([image])[0],
            picture=None if image.radiograph is None else image.radiograph.pixels,
            language=self._language,
            steps=self._pipeline.policy.next_steps,
        )

    def close(self) -> None:
        """End the decoding processes; compressed files fail from now on."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a pipeline stays in its process: map cxr_triage.assess_file instead")


def open_pipeline(
    settings: Settings | None = None,
    *,
    model: str | None = None,
    policy: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    threads: int | None = None,
    language: Language | None = None,
) -> FilmPipeline:
    """A pipeline; what is not given is as `settings` say, and those as the environment says.

    model, policy: a name, or a folder or file. workers: decoding processes at most; threads: of
    the model; 0: as many as CPUs. language: of what a notebook shows.

    Raises SettingsInvalid, ModelError or PolicyInvalid.
    """
    settings = settings or read_settings()
    return FilmPipeline(
        settings,
        model=model,
        policy=None if policy is None else Path(policy),
        workers=workers,
        threads=threads,
        language=language or settings.language,
    )


def assess_file(
    path: str | os.PathLike[str],
    *,
    settings: Settings | None = None,
    model: str | None = None,
    policy: str | os.PathLike[str] | None = None,
) -> Assessment:
    """The assessment of one file by a pipeline of this process, for maps over processes.

    A process opens a pipeline when it first needs it and keeps one for each set of options; its
    model runs in one thread unless the settings say in how many.

    Raises ImageError; SettingsInvalid, ModelError or PolicyInvalid where none can be opened.
    """
    return _pipeline_here(settings, model, policy).assess_file(path)


_opened: dict[tuple[object, ...], Future[FilmPipeline]] = {}
"""By process, for a child that was forked must not touch its parent's: it lacks the threads."""


def _pipeline_here(
    settings: Settings | None, model: str | None, policy: str | os.PathLike[str] | None
) -> FilmPipeline:
    """Opened by the first thread that asks; the others wait for it."""
    key, opening = (os.getpid(), settings, model, policy), Future[FilmPipeline]()
    opened = _opened.setdefault(key, opening)
    if opened is opening:
        try:
            known = settings or read_settings()
            threads = known.threads or 1
            opening.set_result(open_pipeline(known, model=model, policy=policy, threads=threads))
        except BaseException as error:
            del _opened[key]
            opening.set_exception(error)
            raise
    return opened.result()
