"""`cxr-triage admin verify-audit` and `export-audit`: is the trail whole, and its rows."""

import csv
import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from cxr_triage.cli.admin_store import Lang, opened_store, settings_and_language
from cxr_triage.cli.exits import SOME_FAILED
from cxr_triage.errors import QueryInvalid
from cxr_triage.language import say, say_count
from cxr_triage.settings import default_language

_HELP = default_language()

Expect = Annotated[str, typer.Option("--expect", help=say("help.audit_expect", _HELP))]
Day = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help=say("help.audit_from", _HELP)),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help=say("help.audit_until", _HELP)),
]
Format = Annotated[
    Literal["jsonl", "csv"], typer.Option("--format", help=say("help.audit_format", _HELP))
]


def verify_audit(expect: Expect = "", lang: Lang = None) -> None:
    """Walk the audit trail's chain; exit code 3 if a row is not as it was written."""
    from cxr_triage.store.chain import head_of  # noqa: PLC0415 - slow

    settings, language = settings_and_language(lang)
    noted = head_of(expect) if expect else None
    if expect and noted is None:
        raise QueryInvalid("audit_head_invalid")
    with opened_store(settings) as store:
        verdict = store.verify_audit(noted)
    if verdict.fault is not None:
        kind, number = verdict.fault.kind, verdict.fault.number
        typer.echo(say(f"admin.audit_{kind}", language, number=number))
        raise typer.Exit(SOME_FAILED)
    typer.echo(say_count("admin.audit_sound", language, verdict.rows))
    typer.echo(say("admin.audit_head", language, head=verdict.head))


def export_audit(
    since: Day = None, until: Until = None, form: Format = "jsonl", lang: Lang = None
) -> None:
    """Write the audit trail to standard output, oldest row first."""
    settings, _ = settings_and_language(lang)
    write: _JsonLines | _Csv = _JsonLines() if form == "jsonl" else _Csv()
    with opened_store(settings) as store:
        for row in store.audit_between(_utc(since), _utc(until)):
            write.row(row)


class _JsonLines:
    def row(self, row: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(row) + "\n")


class _Csv:
    """With a head line; cells that a spreadsheet would calculate are quoted as text."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._begun = False

    def row(self, row: dict[str, Any]) -> None:
        if not self._begun:
            self._writer.writerow(row)
            self._begun = True
        self._writer.writerow(map(_cell, row.values()))


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _utc(day: datetime | None) -> datetime | None:
    """Midnight of that day as this machine's clock has it."""
    return None if day is None else day.astimezone(UTC)
