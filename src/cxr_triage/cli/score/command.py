"""`cxr-triage score`: files and folders in, a ranked table and a results folder out."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cxr_triage.batch.inputs import STDIN, common_folder, is_archive
from cxr_triage.batch.kept import KeptResults
from cxr_triage.batch.output import open_output
from cxr_triage.batch.run import run
from cxr_triage.cli.exits import USAGE, ended_by_signals, exit_code
from cxr_triage.cli.paths import check_paths, files_of
from cxr_triage.cli.progress import ProgressKind
from cxr_triage.cli.score.run import ScoreRun
from cxr_triage.errors import MissingExtra
from cxr_triage.imaging.configured import limits_of
from cxr_triage.language import Language, say
from cxr_triage.settings import Settings, default_language, read_settings
from cxr_triage.triage.loading import open_pipeline, workers_of
from cxr_triage.triage.pipeline import Pipeline

if TYPE_CHECKING:
    from cxr_triage.batch.dicom_objects import DicomObjects

_HELP = default_language()


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
    dicom_out: Annotated[
        Path | None, typer.Option("--dicom-out", help=say("help.dicom_out", _HELP))
    ] = None,
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
        int | None, typer.Option(min=1, max=256, help=say("help.score_processes", _HELP))
    ] = None,
    dask: Annotated[str, typer.Option(help=say("help.dask", _HELP), metavar="ADDRESS")] = "",
    auto: Annotated[bool, typer.Option("--auto", help=say("help.auto", _HELP))] = False,
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
    asked = (lists, dask, parquet, resume, shard, embeddings, maps, dry_run, auto, processes)
    if any(asked) or any(map(is_archive, paths)):
        from cxr_triage.batch.archive.job import Job  # noqa: PLC0415 (nobody else waits for it)
        from cxr_triage.cli.score import archive  # noqa: PLC0415 (as above)

        if out is None:
            typer.echo(say("archive.needs_out", language), err=True)
            raise typer.Exit(USAGE)
        check_paths(paths, language)
        layout = archive.layout_of(settings, model, processes, threads, auto=auto)
        options = archive.ArchiveOptions(
            paths=paths,
            lists=lists,
            job=Job(
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
                readers=workers or settings.workers or archive.READERS,
                threads=layout.threads,
            ),
            formats=archive.formats_of(csv=csv, parquet=parquet or embeddings or maps),
            resume=resume,
            part=archive.part_of(shard, language),
            shard_files=shard_files,
            processes=layout.processes,
            dry_run=dry_run,
            progress=progress,
            quiet=quiet,
            dask=dask,
        )
        raise typer.Exit(archive.score_archive(options, settings, console))
    if not paths:
        typer.echo(say("archive.no_paths", language), err=True)
        raise typer.Exit(USAGE)
    if csv and out is None:
        typer.echo(say("command.csv_needs_out", language), err=True)
        raise typer.Exit(USAGE)
    files = files_of(paths, language, leave_out=out)
    with ExitStack() as stack:
        stack.enter_context(ended_by_signals())
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
            pipeline,
            output,
            kept,
            language=language,
            json=json,
            quiet=quiet,
            progress=progress,
            objects=_dicom_objects(dicom_out, pipeline, settings, language),
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


def _dicom_objects(
    folder: Path | None, pipeline: Pipeline, settings: Settings, language: Language
) -> "DicomObjects | None":
    """Raises MissingExtra or OutputFailed."""
    if folder is None:
        return None
    try:
        from cxr_triage.batch.dicom_objects import DicomObjects  # noqa: PLC0415 (slow to import)
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "reportlab", extra="server") from None
    return DicomObjects(folder, pipeline, language=language, zone=settings.zone)
