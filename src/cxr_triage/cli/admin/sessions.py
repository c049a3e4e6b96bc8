"""`cxr-triage admin list-sessions` and `end-sessions`: who is signed in, and no longer."""

from typing import Annotated

import typer

from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language
from cxr_triage.cli.score.run import terminal
from cxr_triage.language import say, say_count
from cxr_triage.settings import default_language

_HELP = default_language()

UserName = Annotated[str, typer.Argument(help=say("help.user_name", _HELP), metavar="NAME")]
SessionId = Annotated[str, typer.Option("--session", help=say("help.session_id", _HELP))]


def list_sessions(name: UserName, lang: Lang = None) -> None:
    """Where somebody is signed in."""
    from cxr_triage.cli.admin.tables import sessions_table  # noqa: PLC0415 - slow
    from cxr_triage.service.people.accounts import AccountRules  # noqa: PLC0415
    from cxr_triage.service.people.sessions import Sessions  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        rules = AccountRules(idle_s=settings.session_idle_minutes * 60)
        found = Sessions(store, rules).of_name(name)
        terminal().print(sessions_table(found, language, settings.zone))


def end_sessions(name: UserName, session: SessionId = "", lang: Lang = None) -> None:
    """Sign somebody out everywhere, or where `--session` says."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415
    from cxr_triage.service.people.accounts import AccountRules  # noqa: PLC0415
    from cxr_triage.service.people.sessions import Sessions  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        ended = Sessions(store, AccountRules()).end_of_name(name, session or None, by=SYSTEM)
    typer.echo(say_count("admin.sessions_ended", language, ended))
