"""`cxr-triage serve`: the service over HTTP, on this machine alone unless told otherwise."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cxr_triage.cli.exits import FATAL
from cxr_triage.errors import SettingsInvalid
from cxr_triage.language import Language, say
from cxr_triage.settings import Settings, default_language, read_settings

if TYPE_CHECKING:
    from cxr_triage.service.demo import DemoAccounts
    from cxr_triage.store.repository import Store

_HELP = default_language()


def serve(
    host: Annotated[str | None, typer.Option(help=say("help.host", _HELP))] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help=say("help.port", _HELP))
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=256, help=say("help.processes", _HELP))
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help=say("help.demo", _HELP))] = False,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _HELP))] = None,
) -> None:
    """Serve until interrupted; requests that run then are finished."""
    from cxr_triage.api.platform.logs import log_to  # noqa: PLC0415 (score starts without all this)
    from cxr_triage.api.platform.server import address_of, check_address, listen, server_for  # noqa: PLC0415
    from cxr_triage.api.platform.services import open_services  # noqa: PLC0415
    from cxr_triage.dicom_net.opening import delivering, receiving  # noqa: PLC0415
    from cxr_triage.imaging.decoding.confinement import hide_from_children  # noqa: PLC0415
    from cxr_triage.service.inference.allocator import keep_freed_memory  # noqa: PLC0415
    from cxr_triage.web.app import create_app  # noqa: PLC0415

    keep_freed_memory()
    hide_from_children()
    given = {"host": host, "port": port, "workers": workers, "language": lang, "demo": demo or None}
    settings = read_settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    check_address(settings)
    log_to(sys.stderr)
    with (
        listen(settings) as socket,
        open_services(settings) as services,
        receiving(settings, services) as listener,
        delivering(settings, services),
    ):
        accounts = _demo_accounts(services.store, settings) if settings.demo else None
        _check_administrator(services.store)
        address = address_of(socket, settings)
        typer.echo(say("serve.address", settings.language, address=address))
        if listener is not None:
            echo_listening(settings, listener.port)
        if accounts is not None:
            _start_demo(accounts, address, settings.language)
        server = server_for(create_app(settings, services), settings)
        server.run(sockets=[socket])
    if not server.started:
        raise typer.Exit(FATAL)


def echo_listening(settings: Settings, port: int) -> None:
    """Where X-ray machines send to."""
    title, host = settings.dicom_ae_title, settings.dicom_host
    typer.echo(say("listen.address", settings.language, title=title, host=host, port=port))


def _check_administrator(store: "Store") -> None:
    people = store.accounts.people()
    if not any(one.role == "administrator" and one.disabled_at is None for one in people):
        raise SettingsInvalid("no_administrator")


def _demo_accounts(store: "Store", settings: Settings) -> "DemoAccounts":
    from cxr_triage.service.demo import prepare_demo  # noqa: PLC0415
    from cxr_triage.service.paths import store_folder  # noqa: PLC0415
    from cxr_triage.service.people.accounts import AccountRules  # noqa: PLC0415
    from cxr_triage.service.people.administration import Administration  # noqa: PLC0415

    admin = Administration(store, AccountRules(key_days=settings.key_days))
    return prepare_demo(store, admin, settings.language, store_folder(settings))


def _start_demo(accounts: "DemoAccounts", address: str, language: Language) -> None:
    """Send the demo films as stations would, then show where to sign in and who may."""
    from cxr_triage.cli.demo.sending import send_films  # noqa: PLC0415
    from cxr_triage.service.demo import STATION  # noqa: PLC0415

    def show() -> None:
        lines = [f"  {name:<14} {password}" for name, password in accounts.passwords.items()]
        block = say(
            "serve.demo_ready", language, address=address, accounts="\n".join(lines),
            key=accounts.keys[STATION],
        )  # fmt: skip
        typer.echo(f"\n{block}\n")

    typer.echo(say("serve.demo_sending", language))
    send_films(address, accounts, language, show)
