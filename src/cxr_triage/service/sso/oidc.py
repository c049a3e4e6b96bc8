"""A hospital's own sign-in by OpenID Connect: who it says somebody is. The one module that
knows Authlib.

Authorization code with PKCE, state and nonce; the ID token's signature, issuer, audience and
times are checked. No token outlives `finish`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import structlog

from cxr_triage.errors import MissingExtra, NotAuthenticated, ProviderUnavailable
from cxr_triage.service.sso.state import PendingSignIn

try:
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge
    from authlib.oidc.core import CodeIDToken
    from authlib.oidc.discovery import get_well_known_url
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet
except ImportError:
    raise MissingExtra("authlib", extra="oidc") from None

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
"""Signatures that only the provider can make: none, and those of a shared secret, are not."""

TIMEOUT_S: Final = 10.0
AT_ONCE: Final = 4
PATIENCE_S: Final = 2.0
PAUSE_S: Final = 10.0
"""A provider that hangs must not hold up the service: so many requests to it at once, so long
for a turn, and nobody asks again so soon after it did not answer."""

KNOWN_S: Final = 3600.0
"""How long the provider's description counts before it is fetched again."""

LEEWAY_S: Final = 60
MOST_BYTES: Final = 1 << 20
LONGEST: Final = 120

_log = structlog.get_logger("cxr_triage.oidc")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcRules:
    """What the provider and this service know of each other. back: where it sends people."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    groups_claim: str
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcIdentity:
    """Who the provider says that somebody is. subject: never given to another person."""

    issuer: str
    subject: str = field(repr=False)
    name: str
    full_name: str
    groups: tuple[str, ...]


class Provider:
    """Safe to call from several threads."""

    def __init__(self, rules: OidcRules, *, clock: Callable[[], float] = time.time) -> None:
        self._rules = rules
        self._clock = clock
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)
        self._lock = BoundedSemaphore(1)
        self._turns = BoundedSemaphore(AT_ONCE)
        self._silent_at = -PAUSE_S
        self._described: dict[str, Any] = {}
        self._described_at = 0.0
        self._keys: KeySet | None = None

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def address(self, pending: PendingSignIn) -> str:
        """Where somebody signs in. Raises ProviderUnavailable."""
        address: str = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            client_id=self._rules.client_id,
            response_type="code",
            redirect_uri=self._rules.back,
            scope=self._rules.scopes,
            state=pending.state,
            nonce=pending.nonce,
            code_challenge=create_s256_code_challenge(pending.verifier),
            code_challenge_method="S256",
        )
        return address

    def finish(self, pending: PendingSignIn, *, code: str, issuer: str = "") -> OidcIdentity:
        """Who came back with that code. issuer: as the answer names it (RFC 9207), if it does.

        Raises NotAuthenticated `oidc_refused` or ProviderUnavailable.
        """
        if issuer and issuer != self._rules.issuer:
            raise _refused("issuer")
        return self._identity(self._claims(self._id_token(pending, code), pending))

    def _id_token(self, pending: PendingSignIn, code: str) -> str:
        rules = self._rules
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": rules.back,
            "code_verifier": pending.verifier,
        }
        ways = self._description().get("token_endpoint_auth_methods_supported")
        basic = not isinstance(ways, list) or "client_secret_basic" in ways
        if not basic:
            form |= {"client_id": rules.client_id, "client_secret": rules.client_secret}
        auth = httpx.BasicAuth(rules.client_id, rules.client_secret) if basic else None
        answer = self._asked("POST", self._endpoint("token_endpoint"), data=form, auth=auth)
        if answer.status_code != httpx.codes.OK:
            raise _refused("code")
        token = _object(answer).get("id_token")
        if not isinstance(token, str):
            raise _refused("no_token")
        return token

    def _claims(self, token: str, pending: PendingSignIn) -> Mapping[str, Any]:
        rules = self._rules
        try:
            decoded = self._verified(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": rules.issuer},
                    "aud": {"essential": True, "value": rules.client_id},
                    "exp": {"essential": True},
                    "sub": {"essential": True},
                },
                {"nonce": pending.nonce, "client_id": rules.client_id},
            )
            claims.validate(now=int(self._clock()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            raise _refused(type(fault).__name__) from None
        return dict(decoded.claims)

    def _verified(self, token: str) -> jwt.Token:
        """Under the provider's keys, which are fetched again if they may have changed."""
        known = self._keys
        if known is not None:
            try:
                return jwt.decode(token, known, algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                pass
        answer = self._asked("GET", self._endpoint("jwks_uri"))
        try:
            self._keys = KeySet.import_key_set(_object(answer))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError):
            raise ProviderUnavailable("oidc_unreachable") from None
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS)

    def _identity(self, claims: Mapping[str, Any]) -> OidcIdentity:
        subject, given = claims.get("sub"), claims.get(self._rules.groups_claim, [])
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise _refused("subject")
        groups = [given] if isinstance(given, str) else given
        name = _text(claims, "preferred_username", "email") or "person"
        return OidcIdentity(
            issuer=self._rules.issuer,
            subject=subject,
            name=name,
            full_name=_text(claims, "name") or name,
            groups=tuple(one for one in groups if isinstance(one, str))
            if isinstance(groups, list)
            else (),
        )

    def _endpoint(self, name: str) -> str:
        """Raises ProviderUnavailable unless the provider has it, encrypted."""
        address = self._description().get(name)
        if not isinstance(address, str) or not is_encrypted(address):
            raise ProviderUnavailable("oidc_unreachable")
        return address

    def _description(self) -> dict[str, Any]:
        with _turn(self._lock):
            if not self._described or self._clock() - self._described_at > KNOWN_S:
                address = get_well_known_url(self._rules.issuer, external=True)
                found = _object(self._asked("GET", address))
                if found.get("issuer") != self._rules.issuer:
                    _log.error("provider describes itself as another")
                    raise ProviderUnavailable("oidc_unreachable")
                self._described, self._described_at = found, self._clock()
            return self._described

    def _asked(self, method: str, address: str, **values: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        if self._clock() - self._silent_at < PAUSE_S:
            raise ProviderUnavailable("oidc_unreachable")
        try:
            with _turn(self._turns):
                answer = self._client.request(
                    method, address, headers={"Accept": "application/json"}, **values
                )
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            self._silent_at = self._clock()
            _log.error("provider unreachable", kind=type(fault).__name__)
            raise ProviderUnavailable("oidc_unreachable") from None
        if answer.is_server_error or len(answer.content) > MOST_BYTES:
            _log.error("provider in trouble", status=answer.status_code)
            raise ProviderUnavailable("oidc_unreachable")
        return answer


@contextmanager
def _turn(turns: BoundedSemaphore) -> Iterator[None]:
    """Raises ProviderUnavailable if it does not come soon."""
    if not turns.acquire(timeout=PATIENCE_S):
        raise ProviderUnavailable("oidc_unreachable")
    try:
        yield
    finally:
        turns.release()


def is_encrypted(address: str) -> bool:
    """HTTPS, or this machine itself."""
    try:
        parts = urlsplit(address)
        here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (here and parts.scheme == "http"))


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if answer.status_code != httpx.codes.OK or not isinstance(found, dict):
        raise ProviderUnavailable("oidc_unreachable")
    return found


def _text(claims: Mapping[str, Any], *names: str) -> str:
    """The first that is there, on one line."""
    for name in names:
        value = claims.get(name)
        if isinstance(value, str) and value.strip():
            line = "".join(one for one in " ".join(value.split()) if one.isprintable())
            return line[:LONGEST].strip()
    return ""


def _refused(why: str) -> NotAuthenticated:
    """why: for the log alone; what is wrong is nothing that a person can mend."""
    _log.warning("sign-in elsewhere refused", why=why)
    return NotAuthenticated("oidc_refused")
