"""The `cxr-triage` command: sets up the commands and maps errors to exit codes."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from cxr_triage import __version__
from cxr_triage.cli.exits import FATAL, INTERRUPTED
from cxr_triage.cli.exits import USAGE as USAGE_CODE
from cxr_triage.errors import TriageError
from cxr_triage.language import LANGUAGES, Language, say
from cxr_triage.logs import log_to_file, log_unexpected
from cxr_triage.settings import default_language

UsageError: Final[type[Exception]] = typer.BadParameter.__bases__[0]
"""Of Click, which Typer brings along in some releases and needs in others."""
USAGE: Final = {
    "NoSuchOption": "command.usage_option",
    "MissingParameter": "command.usage_missing",
    "BadParameter": "command.usage_value",
    "BadOptionUsage": "command.usage_value",
    "BadArgumentUsage": "command.usage_other",
    "UsageError": "command.usage_other",
}
"""What to say of a command that was typed wrongly, by the name of Click's error."""


COMMANDS: Final = {
    "score": "score.command:score",
    "evaluate": "evaluation.command:evaluate",
    "calibrate": "decision.calibrate:calibrate",
    "gate": "gate.command:gate",
    "serve": "serve:serve",
    "listen": "listen:listen",
    "info": "info:info",
}
"""Where each is, in the order in which they are listed."""
GROUPS: Final = {
    "model": "model.command:create_model_app",
    "policy": "decision.policy:create_policy_app",
    "deliveries": "deliveries.command:create_deliveries_app",
    "admin": "admin.command:create_admin_app",
}
"""Commands below a word; made by what stands there."""


def create_app(language: Language, wanted: str | None = None) -> typer.Typer:
    """The commands, with their help in `language`. wanted: the one that is asked for; the others
    are not even imported then, which a start would wait for."""
    app = typer.Typer(
        help=say("help.app", language),
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_version_option)
    chosen = {wanted} if wanted in {*COMMANDS, *GROUPS} else {*COMMANDS, *GROUPS}
    for name in filter(chosen.__contains__, COMMANDS):
        app.command(name, help=say(f"help.{name}", language))(_found(COMMANDS[name]))
    for name in filter(chosen.__contains__, GROUPS):
        app.add_typer(_found(GROUPS[name])(language), name=name)
    return app


def _found(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"cxr_triage.cli.{module}"), name)
    return found


def language_asked(arguments: list[str]) -> Language | None:
    """What `--lang` says, wherever it stands: what is wrong is said in it before it is read."""
    for at, one in enumerate(arguments):
        name, equals, value = one.partition("=")
        if name == "--lang":
            said = value if equals else "".join(arguments[at + 1 : at + 2])
            return next((known for known in LANGUAGES if known == said), None)
    return None


def command_asked(arguments: list[str]) -> str | None:
    """The first word, if it is no option."""
    return arguments[0] if arguments and not arguments[0].startswith("-") else None


def _show_usage(error: Exception, language: Language) -> int:
    """Say what was typed wrongly, in the words of Click where that is English; the exit code."""
    key, context = USAGE.get(type(error).__name__), getattr(error, "ctx", None)
    if language == "en" or key is None:
        getattr(error, "show")()  # noqa: B009 (of Click's errors alone)
    else:
        command = context.command_path if context else "cxr-triage"
        typer.echo(say(key, language, name=_typed(error), command=command), err=True)
    return int(getattr(error, "exit_code", USAGE_CODE))


def _typed(error: Exception) -> str:
    """The option or argument that it is about, as it is typed."""
    parameter = getattr(error, "param", None)
    names = getattr(parameter, "opts", None) or [getattr(error, "option_name", "")]
    name = str(names[0])
    return (
        name
        if name.startswith("-")
        else (getattr(parameter, "metavar", "") or name.upper()).rstrip(".")
    )


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
    language = language_asked(sys.argv[1:]) or default_language()
    log_to_file(os.environ.get("CXR_TRIAGE_LOG_FILE", ""))
    try:
        sys.exit(create_app(language, command_asked(sys.argv[1:]))(standalone_mode=False))
    except UsageError as error:
        sys.exit(_show_usage(error, language))
    except TriageError as error:
        typer.echo(error.message(language), err=True)
        sys.exit(FATAL)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  the last resort: nobody sees a stack trace
        log_unexpected(error)
        typer.echo(say("command.unexpected", language, kind=type(error).__name__), err=True)
        sys.exit(FATAL)
