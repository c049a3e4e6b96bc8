"""What `calibrate` does with its options; imported only when it runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from cxr_triage.batch.files import keep_earlier, write_whole, writing
from cxr_triage.batch.run import run
from cxr_triage.calibration.page import render
from cxr_triage.calibration.site import ScoredFilm, films_of_results, labelled, unlabelled
from cxr_triage.cli.paths import files_of
from cxr_triage.cli.progress import with_progress
from cxr_triage.domain import PREPROCESSING_VERSION, TIERS, ModelCard
from cxr_triage.evaluation.results import RESULTS_FILE, read_results
from cxr_triage.evaluation.truth import read_truth
from cxr_triage.imaging.configured import limits_of
from cxr_triage.language import Language, say
from cxr_triage.model.card import POSITIONS_FILE, read_card
from cxr_triage.service.paths import open_service_store
from cxr_triage.settings import Settings
from cxr_triage.triage.decision import ENOUGH_WELL, decide
from cxr_triage.triage.loading import catalog_of, open_pipeline, workers_of
from cxr_triage.triage.policy import read_policy
from cxr_triage.triage.positions import Positions, find_positions

PAGE_FILE = "calibration.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of one call. paths: none for the service's store."""

    paths: tuple[Path, ...]
    labels: Path | None
    splits: tuple[str, str]
    films: int
    name: str
    out: Path
    model: str | None
    policy: Path | None
    language: Language
    quiet: bool


def run_calibration(request: Request, settings: Settings, console: Console) -> None:
    """Write `positions.json` and `calibration.html`, and say what they change.

    Raises EvaluationFailed, MissingExtra, ModelError, PolicyInvalid, OutputFailed, StoreError.
    """
    settings = settings.model_copy(update={"positions": None})
    folder = catalog_of(settings).find(request.model or settings.model)
    card = read_card(folder)
    rules = read_policy(request.policy or settings.policy)
    positions = _positions(request, list(_films(request, card, settings, console)), card)
    reference = find_positions(folder, card)
    decision = decide(card, rules, positions, reference)
    before = decide(card, rules, reference)
    page = render(positions, reference, decision, rules, request.language, before)
    with writing():
        request.out.mkdir(parents=True, exist_ok=True)
        for name, content in ((POSITIONS_FILE, positions.as_json()), (PAGE_FILE, page.encode())):
            keep_earlier(request.out / name)
            write_whole(request.out / name, content)
    if request.quiet:
        return
    well = int(positions.fit_films.well.sum())
    typer.echo(
        say(
            f"calibrate.films.{positions.population}",
            request.language,
            films=well,
            source=positions.source,
        )
    )
    for tier in reversed(TIERS):
        moved = tier in decision.by_site or reference is None
        typer.echo(
            say(
                "calibrate.moved" if moved else "calibrate.kept",
                request.language,
                tier=say(f"priority.{tier}", request.language),
                needed=ENOUGH_WELL[tier],
            )
        )
    typer.echo(say("calibrate.written", request.language, path=request.out / PAGE_FILE), err=True)
    typer.echo(
        say("calibrate.use", request.language, path=(request.out / POSITIONS_FILE).resolve()),
        err=True,
    )


def _positions(request: Request, films: list[ScoredFilm], card: ModelCard) -> Positions:
    if request.labels is None:
        return unlabelled(films, card, number=request.films, source=request.name)
    split, measured = request.splits
    return labelled(
        films,
        read_truth(request.labels, [split] if split else []),
        read_truth(request.labels, [measured]) if measured else None,
        card,
        source=request.name,
        splits=request.splits,
    )


def _films(
    request: Request, card: ModelCard, settings: Settings, console: Console
) -> Iterator[ScoredFilm]:
    """From the service's store, from results that `score` wrote, or from files, scored now."""
    if not request.paths:
        yield from _of_store(request, settings, card)
    elif len(request.paths) == 1 and _are_results(request.paths[0]):
        yield from films_of_results(read_results(request.paths[0]), card)
    else:
        yield from _of_files(request, settings, console)


def _are_results(path: Path) -> bool:
    return path.suffix == ".jsonl" or (path / RESULTS_FILE).is_file()


def _of_store(request: Request, settings: Settings, card: ModelCard) -> Iterator[ScoredFilm]:
    """Results of another model or preprocessing are left out, and counted."""
    others = 0
    with open_service_store(settings) as store:
        for found in store.scored_films():
            prepared = found.document.preprocessing
            if (found.model_sha256, prepared) == (card.sha256, PREPROCESSING_VERSION):
                yield ScoredFilm(
                    stem=found.file_name or found.document.header.sop_uid,
                    person=found.person,
                    findings=found.document.findings,
                )
            else:
                others += 1
    if others:
        typer.echo(say("calibrate.others", request.language, films=others), err=True)


def _of_files(request: Request, settings: Settings, console: Console) -> Iterator[ScoredFilm]:
    files = files_of(list(request.paths), request.language)
    with open_pipeline(
        settings, model=request.model, policy=request.policy, workers=None, threads=None
    ) as pipeline:
        results = run(
            pipeline, files, workers=workers_of(settings, None), limits=limits_of(settings)
        )
        for result in with_progress(
            results,
            total=len(files),
            console=console,
            language=request.language,
            quiet=request.quiet,
        ):
            if result.assessment is not None and result.assessment.findings:
                header = result.assessment.header
                yield ScoredFilm(
                    stem=str(result.path),
                    person=result.patient.id or header.study_uid,
                    findings=result.assessment.findings,
                )
