"""`cxr-triage admin verify-audit` and `export-audit`: is the trail whole, and its rows."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from cxr_triage.cli.admin.check import tell_comparison
from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language
from cxr_triage.cli.exits import SOME_FAILED
from cxr_triage.errors import QueryInvalid
from cxr_triage.language import Language, say, say_count
from cxr_triage.settings import default_language

if TYPE_CHECKING:
    from cxr_triage.store.audit.chain import ChainCheck, ChainHead

_HELP = default_language()

Expect = Annotated[str, typer.Option("--expect", help=say("help.audit_expect", _HELP))]
AnchorFile = Annotated[
    Path | None, typer.Option("--anchor", dir_okay=False, help=say("help.audit_anchor", _HELP))
]
Append = Annotated[bool, typer.Option("--append", help=say("help.audit_append", _HELP))]
DayOption = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help=say("help.audit_from", _HELP)),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help=say("help.audit_until", _HELP)),
]
FormatOption = Annotated[
    Literal["jsonl", "csv"], typer.Option("--format", help=say("help.audit_format", _HELP))
]


def verify_audit(
    expect: Expect = "", anchor: AnchorFile = None, append: Append = False, lang: Lang = None
) -> None:
    """Walk the audit trail's chain, and compare the studies with it; exit code 3 if a row is not as
    it was written."""
    from cxr_triage.store.audit.anchors import Anchor, add_anchor, adding_to, read_anchors  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    noted = _noted(expect)
    if append and anchor is None:
        raise QueryInvalid("anchor_file_needed")
    with adding_to(anchor) if append and anchor else nullcontext():
        anchors = read_anchors(anchor) if anchor else ()
        with opened_store(settings) as store:
            trail = store.check_trail(*noted, *(each.head for each in anchors))
        check = trail.chain
        _tell(check, language)
        if anchor:
            typer.echo(say_count("admin.anchors_hold", language, len(anchors)))
        if append and anchor:
            add_anchor(anchor, Anchor(at=datetime.now(UTC), head=check.head))
            typer.echo(say("admin.anchor_added", language))
    tell_comparison(trail, language)
    if not trail.sound:
        raise typer.Exit(SOME_FAILED)


def _noted(expect: str) -> tuple["ChainHead", ...]:
    """Raises QueryInvalid."""
    from cxr_triage.store.audit.chain import head_of  # noqa: PLC0415 - slow

    if not expect:
        return ()
    if (head := head_of(expect)) is None:
        raise QueryInvalid("audit_head_invalid")
    return (head,)


def _tell(check: "ChainCheck", language: Language) -> None:
    """Raises Exit if there is a fault."""
    if check.fault is not None:
        kind, number = check.fault.kind, check.fault.number
        typer.echo(say(f"admin.audit_{kind}", language, number=number))
        raise typer.Exit(SOME_FAILED)
    typer.echo(say_count("admin.audit_sound", language, check.rows))
    typer.echo(say("admin.audit_head", language, head=check.head))


def export_audit(
    since: DayOption = None, until: Until = None, form: FormatOption = "jsonl", lang: Lang = None
) -> None:
    """Write the audit trail to standard output, oldest row first; days, and the time that is added
    to each row, are the place's."""
    settings, _ = settings_and_language(lang)
    from cxr_triage.service.trail import lines  # noqa: PLC0415 - slow

    with opened_store(settings) as store:
        rows = store.audit_between(begin(since, settings.zone), begin(until, settings.zone))
        sys.stdout.writelines(lines(rows, form, settings.zone))


def begin(day: datetime | None, zone: ZoneInfo) -> datetime | None:
    """When that day begins at the place. Raises QueryInvalid."""
    from cxr_triage.service.review.worklist import THIS_AGE  # noqa: PLC0415 - slow

    if day is None:
        return None
    if day.year not in THIS_AGE:
        raise QueryInvalid("day_invalid")
    return day.replace(tzinfo=zone).astimezone(UTC)
