"""A sign-in at a provider that is on its way."""

import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSignIn:
    """What must come back, and what its token must hold."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def begin() -> PendingSignIn:
    """Fresh secrets."""
    return PendingSignIn(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
    )
