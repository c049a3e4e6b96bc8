"""`cxr-triage admin set-quota` and `unlock`: what is limited, and lifting it."""

from typing import Annotated

import typer

from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language
from cxr_triage.errors import AccountInvalid
from cxr_triage.language import say
from cxr_triage.settings import default_language

_HELP = default_language()

StationId = Annotated[str, typer.Argument(help=say("help.station_id", _HELP), metavar="STATION")]
Images = Annotated[
    int | None, typer.Option("--images", min=0, help=say("help.quota_images", _HELP))
]
Mib = Annotated[int | None, typer.Option("--mib", min=0, help=say("help.quota_mib", _HELP))]
UserName = Annotated[str, typer.Argument(help=say("help.user_name", _HELP), metavar="[NAME]")]
AddressOption = Annotated[str, typer.Option("--address", help=say("help.unlock_address", _HELP))]


def set_quota(
    station: StationId, images: Images = None, mib: Mib = None, lang: Lang = None
) -> None:
    """What a station may send in a day; what is not given is as the setting has it."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415 - slow
    from cxr_triage.service.intake.quotas import quotas_of  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        quotas = quotas_of(store, settings)
        quotas.set(station, images=images, mib=mib, by=SYSTEM)
        now = quotas.today()[station]
    limits = {"images": now.images or "∞", "mib": now.mib or "∞"}
    typer.echo(say("admin.quota_set", language, station=station, **limits))


def unlock(name: UserName = "", address: AddressOption = "", lang: Lang = None) -> None:
    """Let somebody, or an address, sign in again after too many failures."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415
    from cxr_triage.service.people import lockout  # noqa: PLC0415 - slow

    settings, language = settings_and_language(lang)
    if bool(name) == bool(address):
        raise AccountInvalid("unlock_what")
    with opened_store(settings) as store:
        if name:
            name = lockout.unlock(store, name, by=SYSTEM).name
        else:
            lockout.unlock_address(store, address, by=SYSTEM)
    typer.echo(say("admin.unlocked", language, who=name or address))
