"""What `evaluate` does with its options; imported only when it runs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from cxr_triage.batch.files import keep_earlier, write_whole, writing
from cxr_triage.batch.run import FileResult, run
from cxr_triage.cli.evaluation.table import print_evaluation
from cxr_triage.cli.progress import with_progress
from cxr_triage.domain import Reason
from cxr_triage.errors import EvaluationFailed, ModelError
from cxr_triage.evaluation.evaluation import Evaluation, as_json, notes_of
from cxr_triage.evaluation.films import Films, Joined, films_of, join
from cxr_triage.evaluation.measure import measure
from cxr_triage.evaluation.page import render
from cxr_triage.evaluation.pointing import BoxedFilm, Pointing, pointing
from cxr_triage.evaluation.priorities import confusion
from cxr_triage.evaluation.results import FilmOutcome, Results, read_results
from cxr_triage.evaluation.thresholds import Borrowed, read_thresholds
from cxr_triage.evaluation.truth import TrueFilm, read_truth
from cxr_triage.evaluation.whole_films import WholeFilms, measure_films
from cxr_triage.imaging.configured import limits_of
from cxr_triage.language import Language
from cxr_triage.model.card import read_card
from cxr_triage.model.catalog import SHIPPED_ONLY, find_model
from cxr_triage.model.gate_model import read_gate_card
from cxr_triage.settings import Settings
from cxr_triage.triage.gate import gate_version
from cxr_triage.triage.loading import load_decision, open_pipeline, workers_of
from cxr_triage.triage.pipeline import fingerprint_of
from cxr_triage.triage.policy import SHIPPED_POLICIES, Policy, read_policy

JSON_FILE = "evaluation.json"
PAGE_FILE = "evaluation.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of one call."""

    results: Path
    labels: Path
    out: Path
    splits: tuple[str, ...]
    thresholds_from: Path | None
    sensitivity: float
    prevalence: float | None
    images: Path | None
    no_maps: bool
    model: str | None
    policy: Path | None
    resamples: int
    seed: int
    language: Language
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The model and the policy that made the results: their fingerprint is the same."""

    model: str
    policy: Path
    rules: Policy


def run_evaluation(request: Request, settings: Settings, console: Console) -> None:
    """Measure, write `evaluation.json` and `evaluation.html`, print the table.

    Raises EvaluationFailed, MissingExtra, ModelError, PolicyInvalid, OutputFailed.
    """
    results = read_results(request.results)
    truth = read_truth(request.labels, request.splits)
    joined = join(results, truth)
    borrowed = (
        read_thresholds(request.thresholds_from, results.model["sha256"])
        if request.thresholds_from
        else None
    )
    setup = find_setup(results, request, settings)
    films = films_of(results, truth, joined)
    notes = notes_of(results, truth, joined, splits=request.splits, borrowed=borrowed)
    evaluation = Evaluation(
        created_at=datetime.now(settings.zone),
        results=results,
        splits=request.splits,
        films={**joined.counts}
        | ({} if "patient" in truth.missing else {"patients": films.patients}),
        wanted_sensitivity=_wanted(request, borrowed),
        resamples=request.resamples,
        seed=request.seed,
        borrowed=borrowed,
        pointing=_maps(joined, results, setup, request, settings, console),
        measurement=measure(
            films,
            wanted_sensitivity=_wanted(request, borrowed),
            borrowed=borrowed,
            resamples=request.resamples,
            seed=request.seed,
        ),
        policy=None if setup is None else f"{setup.rules.name} {setup.rules.version}",
        confusion=None if setup is None else confusion(joined.pairs, setup.rules),
        whole=_whole(joined, films, setup, request),
        notes=(*notes, *_left_out(request, setup)),
    )
    _write(evaluation, request)
    if not request.quiet:
        print_evaluation(evaluation, request.language, request.out / PAGE_FILE)


def _wanted(request: Request, borrowed: Borrowed | None) -> float:
    """Borrowed thresholds were chosen for a sensitivity of their own."""
    return request.sensitivity if borrowed is None else borrowed.sensitivity


def _whole(
    joined: Joined, films: Films, setup: Setup | None, request: Request
) -> WholeFilms | None:
    """Which findings are urgent, and how many films have one, the policy says."""
    rules = read_policy() if setup is None else setup.rules
    return measure_films(
        joined,
        films,
        rules,
        prevalence=request.prevalence or rules.decision.prevalence,
        resamples=request.resamples,
        seed=request.seed,
    )


def _left_out(request: Request, setup: Setup | None) -> list[Reason]:
    found = [Reason(code="no_maps")] if request.no_maps else []
    return found if setup else [*found, Reason(code="no_policy")]


def find_setup(results: Results, request: Request, settings: Settings) -> Setup | None:
    """The model and policy with the results' fingerprint; None if they are not here.

    Raises ModelError or PolicyInvalid if one was named that cannot be used.
    """
    named = request.model or settings.model
    model = named or results.model["name"]
    try:
        folder = find_model(model)
        card = read_card(folder)
    except ModelError:
        if named:
            raise
        return None
    policy = request.policy or settings.policy
    for candidate in [policy] if policy else [Path(name) for name in SHIPPED_POLICIES]:
        rules = read_policy(candidate)
        gate = gate_version(read_gate_card(SHIPPED_ONLY.gate(rules.sight.gate)))
        decision = load_decision(folder, card, rules, settings)
        if fingerprint_of(card, rules, gate, decision) == results.fingerprint:
            return Setup(model=model, policy=candidate, rules=rules)
    return None


def _maps(
    joined: Joined,
    results: Results,
    setup: Setup | None,
    request: Request,
    settings: Settings,
    console: Console,
) -> Pointing | None:
    """The pointing game on the films with boxes for what the model scores."""
    boxed = [pair for pair in joined.assessed if set(pair[1].boxes) & set(results.labels)]
    if request.no_maps or not boxed:
        return None
    if setup is None:
        raise EvaluationFailed("fingerprint_differs")
    films = list(_scored_again(boxed, setup, request, settings, console))
    if not films:
        raise EvaluationFailed("boxed_films_unread", count=len(boxed))
    return pointing(
        films,
        unread=len(boxed) - len(films),
        resamples=request.resamples,
        seed=request.seed,
    )


def _scored_again(
    boxed: Sequence[tuple[FilmOutcome, TrueFilm]],
    setup: Setup,
    request: Request,
    settings: Settings,
    console: Console,
) -> Iterator[BoxedFilm]:
    """The films that could be read and are those that were scored."""
    paths = [_path(row, request.images) for row, _ in boxed]
    with open_pipeline(
        settings, model=setup.model, policy=setup.policy, workers=None, threads=None
    ) as pipeline:
        found = with_progress(
            run(pipeline, paths, workers=workers_of(settings, None), limits=limits_of(settings)),
            total=len(paths),
            console=console,
            language=request.language,
            quiet=request.quiet,
        )
        for (row, film), result in zip(boxed, found, strict=True):
            again = _boxed_film(row, film, result)
            if again is not None:
                yield again


def _path(row: FilmOutcome, images: Path | None) -> Path:
    return row.path if images is None else images / row.path.name


def _boxed_film(row: FilmOutcome, film: TrueFilm, result: FileResult) -> BoxedFilm | None:
    assessment, radiograph = result.assessment, result.radiograph
    if assessment is None or radiograph is None or assessment.digest != row.digest:
        return None
    return BoxedFilm(
        assessment=assessment,
        shape=(radiograph.pixels.shape[0], radiograph.pixels.shape[1]),
        boxes=film.boxes,
        patient=film.patient or film.stem,
    )


def _write(evaluation: Evaluation, request: Request) -> None:
    """Earlier files of the same names are kept under a name with their time."""
    content = json.dumps(as_json(evaluation), ensure_ascii=False, indent=1)
    page = render(evaluation, request.language)
    with writing():
        request.out.mkdir(parents=True, exist_ok=True)
        for name, text in ((JSON_FILE, content + "\n"), (PAGE_FILE, page)):
            keep_earlier(request.out / name)
            write_whole(request.out / name, text.encode())
