"""`cxr-triage gate`: what the gate sees in each image, for trying a new X-ray machine."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cxr_triage.batch.inputs import common_folder
from cxr_triage.batch.results import json_line
from cxr_triage.batch.run import read_ahead
from cxr_triage.cli.exits import INTERRUPTED, exit_code
from cxr_triage.cli.gate.table import Look, look_of, print_looks
from cxr_triage.cli.paths import files_of
from cxr_triage.cli.progress import with_progress
from cxr_triage.cli.score.run import terminal
from cxr_triage.imaging.configured import limits_of
from cxr_triage.language import Language, say
from cxr_triage.result.public import reason_fields, sight_fields
from cxr_triage.settings import default_language, read_settings
from cxr_triage.triage.loading import open_image_reader, workers_of
from cxr_triage.triage.policy import Policy, read_policy

_HELP = default_language()


def gate(
    paths: Annotated[list[Path], typer.Argument(help=say("help.paths", _HELP), metavar="PATH...")],
    policy: Annotated[Path | None, typer.Option(help=say("help.policy", _HELP))] = None,
    bits: Annotated[int | None, typer.Option(min=8, max=16, help=say("help.bits", _HELP))] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=256, help=say("help.workers", _HELP))
    ] = None,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _HELP))] = None,
    json: Annotated[bool, typer.Option("--json", help=say("help.json", _HELP))] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help=say("help.quiet", _HELP))] = False,
) -> None:
    """Show what the gate sees in each image; what the header refuses is looked at too."""
    settings = read_settings()
    language = lang or settings.language
    console = Console(stderr=True, markup=False, highlight=False)
    files = files_of(paths, language)
    rules = read_policy(policy or settings.policy)
    looks: list[Look] = []
    try:
        with open_image_reader(settings, rules=rules, workers=workers) as reader:
            read = read_ahead(
                partial(reader.inspect, bits=bits),
                files,
                workers=workers_of(settings, workers),
                limits=limits_of(settings),
            )
            for path, image in with_progress(
                read, total=len(files), console=console, language=language, quiet=quiet
            ):
                looks.append(look_of(path, image))
                if json:
                    typer.echo(json_line(_fields(looks[-1], language)), nl=False)
    except KeyboardInterrupt:
        console.print(say("command.interrupted", language, done=len(looks), total=len(files)))
        raise typer.Exit(INTERRUPTED) from None
    outcomes: Counter[str] = Counter(look.outcome for look in looks)
    if not (quiet or json):
        print_looks(looks, base=common_folder(files), console=terminal(), language=language)
        console.print(say("gate.outcomes", language, **_counts(outcomes)))
        console.print(say("gate.key", language, **_versions(rules)), soft_wrap=True)
    raise typer.Exit(exit_code(outcomes))


def _counts(outcomes: Counter[str]) -> dict[str, int]:
    return {name: outcomes[name] for name in ("assessed", "referred", "failed", "skipped")}


def _versions(rules: Policy) -> dict[str, str]:
    return {
        "policy": f"{rules.name} {rules.version}",
        "gate": f"{rules.sight.gate} {rules.sight.version}",
    }


def _fields(look: Look, language: Language) -> dict[str, Any]:
    verdict = look.eligibility
    error = look.error
    return {
        "path": str(look.path),
        "outcome": look.outcome,
        "verdict": None if verdict is None else verdict.status,
        "sight": None if look.sight is None else sight_fields(look.sight),
        "reasons": [reason_fields(one, language) for one in verdict.reasons] if verdict else [],
        "warnings": [reason_fields(one, language) for one in verdict.warnings] if verdict else [],
        "error": error and {"code": error.code, "message": error.message(language)},
    }
