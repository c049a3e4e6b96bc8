"""`cxr-triage admin`: accounts, stations and their keys, backups, and a look at the store.

For who sits at the server itself: the commands open the store and ask for no sign-in. What
only they need is imported when they run, so that `score` starts as fast as without them.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxr_triage.cli.admin.audit import export_audit, verify_audit
from cxr_triage.cli.admin.check import check
from cxr_triage.cli.admin.incidents import export_incidents
from cxr_triage.cli.admin.limits import set_quota, unlock
from cxr_triage.cli.admin.purge import purge
from cxr_triage.cli.admin.sessions import end_sessions, list_sessions
from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language
from cxr_triage.cli.exits import SOME_FAILED
from cxr_triage.cli.score.run import terminal
from cxr_triage.language import Language, say, say_count
from cxr_triage.settings import Settings, default_language

if TYPE_CHECKING:
    from cxr_triage.service.people.administration import Administration

_HELP = default_language()

UserName = Annotated[str, typer.Argument(help=say("help.user_name", _HELP), metavar="NAME")]
RoleOption = Annotated[str, typer.Option("--role", help=say("help.role", _HELP))]
OfStation = Annotated[str | None, typer.Option("--station", help=say("help.of_station", _HELP))]
FullName = Annotated[str, typer.Option("--full-name", help=say("help.full_name", _HELP))]
Speaks = Annotated[
    Language | None, typer.Option("--user-language", help=say("help.user_language", _HELP))
]
StationId = Annotated[str, typer.Argument(help=say("help.station_id", _HELP), metavar="STATION")]
StationName = Annotated[str, typer.Argument(help=say("help.station_name", _HELP))]
Days = Annotated[
    int | None, typer.Option("--days", min=1, max=3650, help=say("help.key_days", _HELP))
]
KeyScopeOption = Annotated[str, typer.Option("--scope", help=say("help.key_scope", _HELP))]
NewScope = Annotated[str, typer.Argument(help=say("help.key_scope", _HELP), metavar="SCOPE")]
Prefix = Annotated[str, typer.Argument(help=say("help.key_prefix", _HELP))]
Overlap = Annotated[
    int, typer.Option("--overlap-days", min=0, max=90, help=say("help.key_overlap", _HELP))
]
Backup = Annotated[Path, typer.Argument(help=say("help.backup_path", _HELP))]
Force = Annotated[bool, typer.Option("--force", help=say("help.restore_force", _HELP))]


def create_admin_app(language: Language) -> typer.Typer:
    """The commands below `admin`, with their help in `language`."""
    app = typer.Typer(
        help=say("help.admin_app", language), no_args_is_help=True, rich_markup_mode=None
    )
    commands: dict[str, Callable[..., None]] = {
        "create-user": create_user,
        "reset-password": reset_password,
        "disable-user": disable_user,
        "list-users": list_users,
        "create-station": create_station,
        "list-stations": list_stations,
        "create-key": create_key,
        "rotate-key": rotate_key,
        "set-key-scope": set_key_scope,
        "revoke-key": revoke_key,
        "list-keys": list_keys,
        "backup": backup,
        "restore": restore,
        "check": check,
        "verify-audit": verify_audit,
        "export-audit": export_audit,
        "export-incidents": export_incidents,
        "purge": purge,
        "list-sessions": list_sessions,
        "end-sessions": end_sessions,
        "set-quota": set_quota,
        "unlock": unlock,
    }
    for name, command in commands.items():
        key = f"help.admin_{name.replace('-', '_')}"
        app.command(name, help=say(key, language))(command)
    return app


def create_user(
    name: UserName,
    role: RoleOption,
    station: OfStation = None,
    full_name: FullName = "",
    user_language: Speaks = None,
    lang: Lang = None,
) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415
    from cxr_triage.service.people.administration import checked_role  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    wanted = checked_role(role)
    with _administration(settings) as admin:
        person = admin.create_person(
            name,
            _password(language),
            role=wanted,
            full_name=full_name,
            station_id=station,
            language=user_language or settings.language,
            by=SYSTEM,
        )
    typer.echo(say("admin.user_created", language, name=person.name))


def reset_password(name: UserName, lang: Lang = None) -> None:
    """Give somebody a new password; their sessions end."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with _administration(settings) as admin:
        person = admin.reset_password(name, _password(language), by=SYSTEM)
    typer.echo(say("admin.password_reset", language, name=person.name))


def disable_user(name: UserName, lang: Lang = None) -> None:
    """Let nobody sign in by that name any more."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with _administration(settings) as admin:
        person = admin.disable_person(name, by=SYSTEM)
    typer.echo(say("admin.user_disabled", language, name=person.name))


def create_station(station: StationId, name: StationName, lang: Lang = None) -> None:
    """Make a station."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with _administration(settings) as admin:
        made = admin.create_station(station, name, by=SYSTEM)
    typer.echo(say("admin.station_created", language, station=made.id))


def create_key(
    station: StationId, scope: KeyScopeOption = "send", days: Days = None, lang: Lang = None
) -> None:
    """Make a station's API key and show it, once; the key alone goes to standard output."""
    from cxr_triage.cli.admin.tables import day_in  # noqa: PLC0415
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415
    from cxr_triage.service.people.administration import checked_scope  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    wanted = checked_scope(scope)
    with _administration(settings) as admin:
        key, record = admin.create_key(station, scope=wanted, days=days, by=SYSTEM)
    until = day_in(settings.zone, record.expires_at)
    typer.echo(say("admin.key_created", language, prefix=record.prefix, until=until), err=True)
    typer.echo(key)


def rotate_key(prefix: Prefix, overlap: Overlap = 7, days: Days = None, lang: Lang = None) -> None:
    """Make a station's next key and show it, once; the old one counts a few days more."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with _administration(settings) as admin:
        key, record = admin.rotate_key(prefix, overlap_days=overlap, days=days, by=SYSTEM)
    said = {"prefix": record.prefix, "old": prefix}
    typer.echo(say_count("admin.key_rotated", language, overlap, **said), err=True)
    typer.echo(key)


def set_key_scope(prefix: Prefix, scope: NewScope, lang: Lang = None) -> None:
    """Say what a key is for from now on."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415
    from cxr_triage.service.people.administration import checked_scope  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    wanted = checked_scope(scope)
    with _administration(settings) as admin:
        key = admin.set_key_scope(prefix, wanted, by=SYSTEM)
    means = say(f"key_scope.{key.scope}", language)
    typer.echo(say("admin.key_scope_set", language, prefix=key.prefix, scope=means))


def revoke_key(prefix: Prefix, lang: Lang = None) -> None:
    """Let a key count no more."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with _administration(settings) as admin:
        key = admin.revoke_key(prefix, by=SYSTEM)
    typer.echo(say("admin.key_revoked", language, prefix=key.prefix))


def list_users(lang: Lang = None) -> None:
    """Everybody who has an account."""
    from cxr_triage.cli.admin.tables import users_table  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        terminal().print(users_table(store.accounts.people(), language))


def list_stations(lang: Lang = None) -> None:
    """Every station."""
    from cxr_triage.cli.admin.tables import stations_table  # noqa: PLC0415
    from cxr_triage.service.intake.quotas import quotas_of  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        today = quotas_of(store, settings).today()
        terminal().print(stations_table(store.accounts.stations(), today, language, settings.zone))


def list_keys(lang: Lang = None) -> None:
    """Every key by its prefix, also those that no longer count."""
    from cxr_triage.cli.admin.tables import keys_table  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        terminal().print(keys_table(store.accounts.keys(), language, settings.zone))


def backup(target: Backup, lang: Lang = None) -> None:
    """Write the store of this moment to a new folder or .zip, while the service runs."""
    from cxr_triage.service.audit import SYSTEM, Action, entry  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        summary = store.back_up(target)
        store.record(entry(Action.BACKUP_MADE, SYSTEM))
    typer.echo(say("admin.backup_made", language, images=summary.images, path=target))
    _say_damaged(summary.damaged, language)


def restore(source: Backup, force: Force = False, lang: Lang = None) -> None:
    """Bring a backup back, while the service does not run."""
    from cxr_triage.service.audit import SYSTEM, Action, entry  # noqa: PLC0415
    from cxr_triage.service.paths import restore_into  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    summary = restore_into(settings, source, force=force)
    with opened_store(settings) as store:
        store.record(entry(Action.BACKUP_RESTORED, SYSTEM))
    typer.echo(say("admin.backup_restored", language, images=summary.images))
    _say_damaged(summary.damaged, language)


def _say_damaged(damaged: tuple[str, ...], language: Language) -> None:
    for digest in damaged:
        typer.echo(say("admin.check_damaged", language, item=digest), err=True)
    if damaged:
        raise typer.Exit(SOME_FAILED)


@contextmanager
def _administration(settings: Settings) -> "Iterator[Administration]":
    from cxr_triage.service.people.accounts import AccountRules  # noqa: PLC0415
    from cxr_triage.service.people.administration import Administration  # noqa: PLC0415

    with opened_store(settings) as store:
        yield Administration(store, AccountRules(key_days=settings.key_days))


def _password(language: Language) -> str:
    """Asked for twice on a terminal; else the first line of standard input. Never an
    argument, which every process of the machine could read."""
    if sys.stdin.isatty():
        return str(
            typer.prompt(say("admin.password", language), hide_input=True, confirmation_prompt=True)
        )
    return sys.stdin.readline().rstrip("\r\n")
