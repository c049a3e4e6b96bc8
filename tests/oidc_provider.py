"""A small OpenID provider on this machine: discovery, codes with PKCE, signed tokens, keys.

It lets everybody in as `person`; tests say what is wrong with its tokens.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT_ID = "cxr-triage"
CLIENT_SECRET = "of the tests alone, and long enough for HMAC"  # noqa: S105

Signed = Callable[["Provider", dict], str]


class Provider:
    """signed: makes the token of some claims. refuses: it lets nobody in. broken: it answers
    500. tokens: all that it gave out."""

    def __init__(self) -> None:
        self.person: dict = {}
        self.signed: Signed = Provider.well_signed
        self.changed: Callable[[dict], None] = lambda claims: None
        self.refuses = self.broken = False
        self.tokens: list[str] = []
        self.codes: dict[str, dict] = {}
        self.key = new_key()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.get(self)

            def do_POST(self):
                provider.post(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realm"

    def get(self, request) -> None:
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.broken:
            answer(request, {}, 500)
        elif parts.path == "/realm/.well-known/openid-configuration":
            places = {
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "jwks_uri": "keys",
            }
            found = {name: f"{self.issuer}/{path}" for name, path in places.items()}
            answer(request, {"issuer": self.issuer, **found})
        elif parts.path == "/realm/keys":
            answer(request, KeySet([self.key]).as_dict(private=False))
        elif parts.path == "/realm/authorize":
            self.authorize(request, query)
        else:
            answer(request, {}, 404)

    def authorize(self, request, query) -> None:
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"error": "access_denied"} if self.refuses else {"code": code}
        back |= {"state": query["state"], "iss": self.issuer}
        request.send_response(302)
        request.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
        request.end_headers()

    def post(self, request) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = sha256(form.get("code_verifier", "").encode()).digest()
        if (
            request.headers["Authorization"] != f"Basic {pair}"
            or asked is None
            or asked["redirect_uri"] != form["redirect_uri"]
            or asked["code_challenge"] != unpadded(challenge)
        ):
            answer(request, {"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "exp": now + 300, "iat": now}
        claims |= {"nonce": asked["nonce"], **self.person}
        self.changed(claims)
        token = self.signed(self, claims)
        self.tokens.append(token)
        answer(request, {"access_token": "a", "token_type": "Bearer", "id_token": token})

    def well_signed(self, claims: dict) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        yield self
        self._server.shutdown()
        self._server.server_close()


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


def by_another_key(provider: Provider, claims: dict) -> str:
    """Under the provider's key's name."""
    return jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, new_key())


def by_the_shared_secret(_: Provider, claims: dict) -> str:
    key = OctKey.import_key(CLIENT_SECRET)
    return jwt.encode({"alg": "HS256"}, claims, key)


def by_nobody(_: Provider, claims: dict) -> str:
    header = unpadded(b'{"alg":"none"}')
    return f"{header}.{unpadded(json.dumps(claims).encode())}."


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def answer(request, value: dict, status: int = 200) -> None:
    body = json.dumps(value).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
