"""`cxr-triage score` over an archive: shards that can be gone on with, from any machine."""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import typer
from rich.console import Console

from cxr_triage.batch.archive.folder import STATE, RunFolder, open_run
from cxr_triage.batch.archive.job import Job
from cxr_triage.batch.archive.layout import Layout, best_layout
from cxr_triage.batch.archive.local import LocalRun
from cxr_triage.batch.archive.plan import Plan, Shard, write_plan
from cxr_triage.batch.archive.scorer import Scorer
from cxr_triage.batch.archive.sources import entries, open_list
from cxr_triage.batch.archive.summary import summary_of, text
from cxr_triage.batch.archive.summary_page import page
from cxr_triage.batch.archive.tables import TableFormat
from cxr_triage.batch.files import write_whole
from cxr_triage.cli.exits import (
    INTERRUPTED,
    NOTHING_ASSESSED,
    OK,
    USAGE,
    ended_by_signals,
    exit_code,
)
from cxr_triage.cli.progress import ProgressKind, with_progress
from cxr_triage.language import Language, say
from cxr_triage.model.catalog import data_folder
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.settings import Settings
from cxr_triage.triage.loading import catalog_of

if TYPE_CHECKING:
    from cxr_triage.batch.archive.cluster import ClusterRun

READERS: Final = 2
"""Images that one process reads at a time: the next is ready when one is scored."""
SUMMARY_TEXT, SUMMARY_PAGE = "summary.txt", "summary.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveOptions:
    """What was asked for. part: (i, n), the i-th of n jobs. lists: files with names in them.
    dask: address of a scheduler; empty: this machine."""

    paths: list[Path]
    lists: list[str]
    job: Job
    formats: tuple[TableFormat, ...]
    resume: bool
    part: tuple[int, int]
    shard_files: int
    processes: int
    dry_run: bool = False
    progress: ProgressKind = "auto"
    quiet: bool = False
    dask: str = ""


@dataclass(slots=True)
class _Run:
    options: ArchiveOptions
    settings: Settings
    console: Console
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def language(self) -> Language:
        return self.options.job.language


def score_archive(options: ArchiveOptions, settings: Settings, console: Console) -> int:
    """The exit code. Raises TriageError."""
    run = _Run(options, settings, console)
    if options.dask:
        from cxr_triage.batch.archive.cluster import require_dask  # noqa: PLC0415 (an extra)

        require_dask()
    with _lists(options) as lists:
        found = entries(options.paths, lists, options.job.folder)
        if options.dry_run:
            with tempfile.TemporaryDirectory() as folder:
                return _only_say(run, write_plan(Path(folder), found, options.shard_files))
        plan = write_plan(options.job.folder / STATE, found, options.shard_files)
    if not plan.shards:
        typer.echo(say("command.no_files", run.language), err=True)
        return NOTHING_ASSESSED
    with ended_by_signals():
        return _scored(run, plan)


@contextmanager
def _lists(options: ArchiveOptions) -> Iterator[list[IO[bytes]]]:
    opened = [open_list(name, sys.stdin.buffer) for name in options.lists]
    try:
        yield opened
    finally:
        for one in opened:
            if one is not sys.stdin.buffer:
                one.close()


def _only_say(run: _Run, plan: Plan) -> int:
    state = run.options.job.folder / STATE
    done = sum(shard.files for shard in plan.shards if (state / f"{shard.key}.done").exists())
    typer.echo(
        say(
            "archive.dry_run",
            run.language,
            files=plan.files,
            shards=len(plan.shards),
            done=done,
            processes=run.options.processes,
        )
    )
    return OK


def _scored(run: _Run, plan: Plan) -> int:
    options = run.options
    first = Scorer(options.job)
    folder: RunFolder | None = None
    try:
        resume = options.resume or options.part != (1, 1)
        folder = open_run(
            options.job.folder, options.job, plan, first.facts(), options.formats, resume=resume
        )
        shards = [one for one in plan.shards if one.number % options.part[1] == options.part[0] - 1]
        _watched(run, folder, shards, first)
    except KeyboardInterrupt:
        done = sum(run.outcomes.values())
        run.console.print(say("command.interrupted", run.language, done=done, total=plan.files))
        return INTERRUPTED
    finally:
        first.close()
    return _finished(run, folder)


def _watched(run: _Run, folder: RunFolder, shards: list[Shard], first: Scorer) -> None:
    """Score the shards, and show how far it is."""
    options = run.options
    if folder.job != options.job or options.dask:  # there are rows of before to be found
        first.close()
    with _work(options, folder, shards, first) as work:
        total = sum(shard.files for shard in shards)
        outcomes = with_progress(
            work.outcomes(),
            total=total,
            console=run.console,
            language=run.language,
            quiet=options.quiet,
            kind=options.progress,
        )
        for outcome in outcomes:
            run.outcomes[outcome] += 1


def _work(
    options: ArchiveOptions, folder: RunFolder, shards: list[Shard], first: Scorer
) -> "LocalRun | ClusterRun":
    if options.dask:
        from cxr_triage.batch.archive.cluster import ClusterRun  # noqa: PLC0415 (an extra)

        return ClusterRun(folder, shards, options.dask)
    number = max(1, min(options.processes, len(shards)))
    known = folder.job == options.job
    scorers = [first if known else Scorer(folder.job)]
    return LocalRun(folder, shards, scorers + [Scorer(folder.job) for _ in range(number - 1)])


def _finished(run: _Run, folder: RunFolder) -> int:
    """Join the tables and sum up, if this was the last part; what is still to be done otherwise."""
    missing = [shard for shard in folder.plan.shards if folder.done(shard) is None]
    if missing:
        typer.echo(say("archive.others", run.language, shards=len(missing)), err=True)
        return OK
    joined = folder.join()
    folder.tidy()
    found = summary_of(folder)
    said = text(found, run.language, folder.facts.model["proof"])
    out = folder.out
    write_whole(out / SUMMARY_TEXT, said.encode())
    now = datetime.now(run.settings.zone)
    write_whole(out / SUMMARY_PAGE, page(found, folder, run.language, now).encode())
    if not run.options.quiet:
        typer.echo(said)
        for path in (*joined.values(), out / SUMMARY_PAGE):
            run.console.print(say("command.results_at", run.language, path=path), soft_wrap=True)
    return exit_code(found.outcomes)


def formats_of(*, csv: bool, parquet: bool) -> tuple[TableFormat, ...]:
    """Which tables. Raises MissingExtra where one cannot be made."""
    formats: list[TableFormat] = ["jsonl", "csv"] if csv else ["jsonl"]
    if parquet:
        from cxr_triage.batch.archive.parquet import require_parquet  # noqa: PLC0415 (an extra)

        require_parquet()
        formats.append("parquet")
    return tuple(formats)


def layout_of(
    settings: Settings, model: str | None, processes: int | None, threads: int | None, *, auto: bool
) -> Layout:
    """What was asked for; else, with `auto`, what is fastest here; else a thread each."""
    cpus, threads = usable_cpus(), threads or settings.threads or None
    if auto and processes is None and threads is None:
        folder = catalog_of(settings).find(model or settings.model)
        return best_layout(folder, data_folder(settings.data_dir), cpus)
    return Layout(processes=processes or max(1, cpus // (threads or 1)), threads=threads or 1)


def part_of(text: str, language: Language) -> tuple[int, int]:
    """`i/n` as (i, n), from 1; (1, 1) of nothing. Exits with USAGE if it is none."""
    if not text:
        return 1, 1
    i, _, n = text.partition("/")
    if not (i.isdigit() and n.isdigit() and 1 <= int(i) <= int(n)):
        typer.echo(say("archive.no_part", language, text=text), err=True)
        raise typer.Exit(USAGE)
    return int(i), int(n)
