"""The `cxr-triage` command: sets up the commands and maps errors to exit codes."""

import os
import sys
from typing import Annotated

import typer

from cxr_triage import __version__
from cxr_triage.cli.admin.command import create_admin_app
from cxr_triage.cli.decision.calibrate import calibrate
from cxr_triage.cli.decision.policy import create_policy_app
from cxr_triage.cli.evaluation.command import evaluate
from cxr_triage.cli.exits import FATAL, INTERRUPTED
from cxr_triage.cli.gate.command import gate
from cxr_triage.cli.info import info
from cxr_triage.cli.model.command import create_model_app
from cxr_triage.cli.score.command import score
from cxr_triage.cli.serve import serve
from cxr_triage.errors import TriageError
from cxr_triage.language import Language, say
from cxr_triage.logs import log_to_file, log_unexpected
from cxr_triage.settings import default_language


def create_app(language: Language) -> typer.Typer:
    """The commands, with their help in `language`."""
    app = typer.Typer(
        help=say("help.app", language),
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_version_option)
    app.command("score", help=say("help.score", language))(score)
    app.command("evaluate", help=say("help.evaluate", language))(evaluate)
    app.command("calibrate", help=say("help.calibrate", language))(calibrate)
    app.command("gate", help=say("help.gate", language))(gate)
    app.command("serve", help=say("help.serve", language))(serve)
    app.command("info", help=say("help.info", language))(info)
    app.add_typer(create_model_app(language), name="model")
    app.add_typer(create_policy_app(language), name="policy")
    app.add_typer(create_admin_app(language), name="admin")
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cxr-triage {__version__}")
        raise typer.Exit


def _version_option(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Only carries `--version`; the help text is that of the application."""


def main() -> None:
    """Entry point. Exit codes: see `exits`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console or a C locale lacks Vietnamese
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    language = default_language()
    log_to_file(os.environ.get("CXR_TRIAGE_LOG_FILE", ""))
    try:
        create_app(language)()
    except TriageError as error:
        typer.echo(error.message(language), err=True)
        sys.exit(FATAL)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  the last resort: nobody sees a stack trace
        log_unexpected(error)
        typer.echo(say("command.unexpected", language, kind=type(error).__name__), err=True)
        sys.exit(FATAL)
