"""The files that a command was given, or a sentence and an exit code where there are none."""

import os
from pathlib import Path

import typer

from cxr_triage.batch.inputs import find_files
from cxr_triage.cli.exits import NOTHING_ASSESSED, USAGE
from cxr_triage.language import Language, say


def files_of(paths: list[Path], language: Language, *, leave_out: Path | None = None) -> list[Path]:
    """At least one file. Exits with USAGE if nothing has that name.

    A link to nothing has one: its row says so.
    """
    check_paths(paths, language)
    files = find_files(paths, leave_out=leave_out)
    if not files:
        typer.echo(say("command.no_files", language), err=True)
        raise typer.Exit(NOTHING_ASSESSED)
    return files


def check_paths(paths: list[Path], language: Language) -> None:
    """Exits with USAGE if nothing has one of these names."""
    for path in paths:
        if not os.path.lexists(path):
            typer.echo(say("command.no_such_path", language, path=path), err=True)
            raise typer.Exit(USAGE)
