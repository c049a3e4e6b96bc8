"""`cxr-triage score`: files and folders in, a ranked table and a results folder out."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from cxr_triage.batch.archive.job import Job
from cxr_triage.batch.archive.parquet import require_parquet
from cxr_triage.batch.archive.sources import STDIN, is_archive
from cxr_triage.batch.archive.tables import TableFormat
from cxr_triage.batch.inputs import common_folder
from cxr_triage.batch.kept import KeptResults
from cxr_triage.batch.output import open_output
from cxr_triage.batch.run import run
from cxr_triage.cli.exits import USAGE, exit_code
from cxr_triage.cli.paths import check_paths, files_of
from cxr_triage.cli.progress import ProgressKind
from cxr_triage.cli.score.archive import ArchiveOptions, part_of, score_archive
from cxr_triage.cli.score.run import ScoreRun
from cxr_triage.imaging.configured import limits_of
from cxr_triage.language import Language, say
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.settings import default_language, read_settings
from cxr_triage.triage.loading import open_pipeline, workers_of

_HELP = default_language()
READERS: Final = 2
"""Images that one process reads at a time: the next is ready when one is scored."""


def score(
    paths: Annotated[
        list[Path] | None, typer.Argument(help=say("help.paths", _HELP), metavar="PATH...")
    ] = None,
    out: Annotated[Path | None, typer.Option(help=say("help.out", _HELP))] = None,
    model: Annotated[str | None, typer.Option(help=say("help.model", _HELP))] = None,
    policy: Annotated[Path | None, typer.Option(help=say("help.policy", _HELP))] = None,
    heatmaps: Annotated[int | None, typer.Option(min=0, help=say("help.heatmaps", _HELP))] = None,
    no_report: Annotated[
        bool, typer.Option("--no-report", help=say("help.no_report", _HELP))
    ] = False,
    lossless: Annotated[bool, typer.Option("--lossless", help=say("help.lossless", _HELP))] = False,
    bits: Annotated[int | None, typer.Option(min=8, max=16, help=say("help.bits", _HELP))] = None,
    assume_adult: Annotated[
        bool, typer.Option("--assume-adult", help=say("help.assume_adult", _HELP))
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=0, max=256, help=say("help.workers", _HELP))
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=0, max=1024, help=say("help.threads", _HELP))
    ] = None,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _HELP))] = None,
    csv: Annotated[bool, typer.Option("--csv", help=say("help.csv", _HELP))] = False,
    json: Annotated[bool, typer.Option("--json", help=say("help.json", _HELP))] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help=say("help.quiet", _HELP))] = False,
    progress: Annotated[ProgressKind, typer.Option(help=say("help.progress", _HELP))] = "auto",
    files_from: Annotated[
        list[str] | None, typer.Option(help=say("help.files_from", _HELP), metavar="FILE")
    ] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help=say("help.parquet", _HELP))] = False,
    resume: Annotated[bool, typer.Option("--resume", help=say("help.resume", _HELP))] = False,
    shard: Annotated[str, typer.Option(help=say("help.shard", _HELP), metavar="I/N")] = "",
    shard_files: Annotated[
        int, typer.Option(min=1, max=100_000, help=say("help.shard_files", _HELP))
    ] = 1000,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help=say("help.processes", _HELP))
    ] = None,
    embeddings: Annotated[
        bool, typer.Option("--embeddings", help=say("help.embeddings", _HELP))
    ] = False,
    maps: Annotated[bool, typer.Option("--maps", help=say("help.maps", _HELP))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("help.dry_run", _HELP))] = False,
) -> None:
    """Score radiographs and rank them by urgency."""
    settings = read_settings()
    language = lang or settings.language
    console = Console(stderr=True, markup=False, highlight=False)
    lists = [*(files_from or []), *(STDIN for path in paths or [] if str(path) == STDIN)]
    paths = [path for path in paths or [] if str(path) != STDIN]
    wants_archive = bool(lists or parquet or resume or shard or embeddings or maps or dry_run)
    if wants_archive or any(is_archive(path) for path in paths):
        if out is None:
            typer.echo(say("archive.needs_out", language), err=True)
            raise typer.Exit(USAGE)
        check_paths(paths, language)
        formats: list[TableFormat] = ["jsonl", "csv"] if csv else ["jsonl"]
        if parquet or embeddings or maps:
            require_parquet()
            formats.append("parquet")
        cpus = usable_cpus()
        per_process = threads or settings.threads or 1
        job = Job(
            out=str(out.absolute()),
            model=model,
            policy=str(policy) if policy else None,
            language=language,
            bits=bits,
            adult=assume_adult,
            embeddings=embeddings,
            maps=maps,
            heatmaps=heatmaps or 0,
            lossless=lossless,
            readers=workers or settings.workers or READERS,
            threads=per_process,
        )
        options = ArchiveOptions(
            paths=paths,
            lists=lists,
            job=job,
            formats=tuple(formats),
            resume=resume,
            part=part_of(shard, language),
            shard_files=shard_files,
            processes=processes or max(1, cpus // per_process),
            dry_run=dry_run,
            progress=progress,
            quiet=quiet,
        )
        raise typer.Exit(score_archive(options, settings, console))
    if csv and out is None:
        typer.echo(say("command.csv_needs_out", language), err=True)
        raise typer.Exit(USAGE)
    files = files_of(paths, language, leave_out=out)
    with ExitStack() as stack:
        pipeline = stack.enter_context(
            open_pipeline(settings, model=model, policy=policy, workers=workers, threads=threads)
        )
        output = stack.enter_context(
            open_output(
                out,
                pipeline=pipeline,
                language=language,
                table=csv,
                heatmaps=1 if heatmaps is None else heatmaps,
                lossless=lossless,
                report=not no_report,
                base=common_folder(files),
                zone=settings.zone,
            )
        )
        kept = stack.enter_context(KeptResults(pipeline.engine.card, out))
        session = ScoreRun(
            pipeline, output, kept, language=language, json=json, quiet=quiet, progress=progress
        )
        results = run(
            pipeline,
            files,
            workers=workers_of(settings, workers),
            limits=limits_of(settings),
            bits=bits,
            adult=assume_adult,
        )
        session.take(results, total=len(files), console=console)
        session.finish(console)
    raise typer.Exit(exit_code(session.outcomes))
