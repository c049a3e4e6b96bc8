"""Signing in at a provider, opened by the settings."""

import hmac
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cxr_triage.errors import SettingsInvalid
from cxr_triage.service.people.accounts import Accounts
from cxr_triage.service.sso.membership import SsoAccounts, memberships_of
from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store

if TYPE_CHECKING:
    from cxr_triage.service.sso.oidc import Provider

BACK = "/sign-in/oidc/back"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SingleSignOn:
    """label: of the button; empty: our own words. seal: signs what a browser keeps meanwhile;
    every instance has the same."""

    provider: "Provider"
    accounts: SsoAccounts
    label: str
    seal: bytes = field(repr=False)


@contextmanager
def open_single_sign_on(
    settings: Settings, store: Store, accounts: Accounts
) -> Iterator[SingleSignOn | None]:
    """None without a provider. Raises SettingsInvalid or MissingExtra."""
    if not settings.oidc_issuer:
        yield None
        return
    from cxr_triage.service.sso.oidc import OidcRules, Provider, is_encrypted  # noqa: PLC0415 - an extra

    for name in ("oidc_issuer", "public_url"):
        if not is_encrypted(getattr(settings, name)):
            raise _invalid(name, "not an https address")
    secret = settings.oidc_client_secret.get_secret_value()
    for name, value in (
        ("oidc_client_id", settings.oidc_client_id),
        ("oidc_client_secret", secret),
    ):
        if not value:
            raise _invalid(name, "missing")
    rules = OidcRules(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret,
        scopes=settings.oidc_scopes,
        groups_claim=settings.oidc_groups_claim,
        back=settings.public_url.rstrip("/") + BACK,
    )
    memberships = memberships_of(settings.oidc_groups)
    with closing(Provider(rules)) as provider:
        yield SingleSignOn(
            provider=provider,
            accounts=SsoAccounts(store, accounts, memberships, language=settings.language),
            label=settings.oidc_label,
            seal=hmac.digest(secret.encode(), b"cxr-triage sign-in on its way", "sha256"),
        )


def _invalid(name: str, problem: str) -> SettingsInvalid:
    variable = f"CXR_TRIAGE_{name.upper()}"
    return SettingsInvalid("settings_invalid", name=variable, problem=problem)
