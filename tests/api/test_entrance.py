"""Before any route: by which name, by whom, with which headers, on how many connections."""

import asyncio
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from cxr_triage.api.platform.connections import SHARE, Connections
from cxr_triage.api.platform.cookies import BROWSER, SESSION
from cxr_triage.api.platform.hosts import OwnHosts, RememberPeer, host_in, own_names
from cxr_triage.settings import Settings

from .serving import PASSWORD, Served


def place_of(server: Served) -> tuple[str, int]:
    host, port = server.address.partition("://")[2].rsplit(":", 1)
    return host, int(port)


def asked(server: Served, request: bytes, timeout_s: float = 10) -> bytes:
    """Everything that comes back until the service closes."""
    with socket.create_connection(place_of(server), timeout=timeout_s) as connection:
        connection.sendall(request)
        return answer_on(connection)


def answer_on(connection: socket.socket) -> bytes:
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(
        tmp_path_factory.mktemp("named"),
        public_url="https://triage.hospital.lan/",
        hosts="old.hospital.lan, triage",
    )
    yield server
    server.stop()


# Names


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("127.0.0.1:8080", 200), ("localhost", 200), ("LOCALHOST.", 200),
        ("[::1]:8080", 200), ("triage.hospital.lan", 200), ("Triage.Hospital.LAN:443", 200),
        ("old.hospital.lan", 200), ("triage", 200), (socket.gethostname(), 200),
        ("evil.example", 400), ("triage.hospital.lan.evil.example", 400), ("192.0.2.9", 400),
        ("", 400), ("localhost@evil.example", 400), ("localhost/..", 400), ("[::1", 400),
        ("localhost:port", 400), ("a b", 400),
    ],
)  # fmt: skip
def test_it_answers_under_its_own_names_alone(server, host, status):
    request = f"GET /sign-in HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answer = asked(server, request.encode())
    assert int(answer.split()[1]) == status
    if status == 400:
        assert b"evil" not in answer


def test_who_watches_may_ask_under_any_name_whether_it_answers(server):
    for path, status in (
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 400),
        ("/v1/model", 400),
    ):
        request = f"GET {path} HTTP/1.1\r\nHost: pod-7\r\nConnection: close\r\n\r\n"
        assert int(asked(server, request.encode()).split()[1]) == status


def test_the_address_that_was_reached_is_a_name_of_its_own():
    assert host_in("[2001:db8::1]:80") == host_in("2001:DB8::1") == "2001:db8::1"
    names = own_names(Settings(public_url="https://a.example:8443/x", host="192.0.2.4"))
    assert {"a.example", "192.0.2.4", "localhost"} <= names


# Headers


def test_a_length_that_is_said_twice_is_refused_and_ends_the_connection(server):
    request = (
        b"POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    answer = asked(server, request)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"two_lengths" in answer
    assert answer.count(b"HTTP/1.1") == 1, "what follows is no second request"


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize("field", [b"X: " + b"a" * 40_000, b"X: a\r\n" * 9_000 + b"Y: b"])
def test_headers_of_more_than_32_kib_are_431(server, field, in_pieces):
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + field + b"\r\n\r\n"
    with socket.create_connection(place_of(server), timeout=10) as connection:
        step = 10_000 if in_pieces else len(request)
        for at in range(0, len(request), step):
            try:
                connection.sendall(request[at : at + step])
            except OSError:
                break
            time.sleep(0.05 if in_pieces else 0)
        answer = answer_on(connection)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"headers_too_large" in answer
    assert b"connection: close" in answer.lower()


def test_headers_of_less_than_32_kib_are_read(server):
    request = (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " + b"a" * 30_000
    )
    assert asked(server, request + b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_headers_are_given_five_seconds(server):
    started = time.monotonic()
    with socket.create_connection(place_of(server), timeout=15) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\n")
        for _ in range(3):
            time.sleep(1)
            slow.sendall(b"X: a\r\n")
        assert answer_on(slow) == b""
    assert 4 < time.monotonic() - started < 9


# Connections


@pytest.fixture
def half_open(server):
    """Opens connections that ask for nothing, from an address of this machine."""
    with ExitStack() as stack:

        def open_them(address: str, number: int) -> list[socket.socket]:
            return [
                stack.enter_context(
                    socket.create_connection(place_of(server), 5, source_address=(address, 0))
                )
                for _ in range(number)
            ]

        yield open_them


def test_half_open_connections_keep_nobody_out(server, half_open):
    for other in range(2, 7):
        half_open(f"127.0.0.{other}", 150)
    with server.client() as station:
        assert station.get("/v1/model").status_code == 200
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(
        place_of(server), 5, source_address=("127.0.0.2", 0)
    ) as connection:
        connection.sendall(request)
        assert answer_on(connection).startswith(b"HTTP/1.1 200 "), "its own oldest gave way"


class Held:
    """A connection as `Connections` sees it."""

    def __init__(self, sender: str, *, busy: bool = False) -> None:
        self.sender, self.busy, self.closed = sender, busy, False

    def give_way(self) -> None:
        self.closed = True


def test_a_senders_oldest_that_asks_nothing_gives_way_to_its_next():
    places = Connections(lambda _: True, most=10, share=3)
    held = [Held("a", busy=True), Held("a"), Held("a")]
    assert all(places.admit(one) for one in held)
    assert places.admit(Held("a"))
    assert [one.closed for one in held] == [False, True, False]
    assert places.admit(Held("b"))


def test_who_has_its_share_and_is_served_is_told_to_come_again():
    places = Connections(lambda _: True, most=10, share=2)
    held = [Held("a", busy=True), Held("a", busy=True)]
    assert all(places.admit(one) for one in held)
    assert not places.admit(Held("a"))
    assert not any(one.closed for one in held)
    places.leave(held[0])
    places.leave(held[0])
    assert places.admit(Held("a"))


def test_where_all_places_are_taken_who_holds_most_gives_way():
    places = Connections(lambda sender: sender != "proxy", most=4, share=2)
    held = [Held("proxy"), Held("proxy"), Held("proxy"), Held("b")]
    assert all(places.admit(one) for one in held)
    assert places.admit(Held("c"))
    assert [one.closed for one in held] == [True, False, False, False]


def test_a_share_is_a_part_of_the_places():
    assert SHARE * 4 <= 512


# Proxies, cookies, metrics


@contextmanager
def running(folder, **settings):
    server = Served(folder, **settings)
    try:
        yield server
    finally:
        server.stop()


def status_for(peer: str, path: str, **settings: object) -> int:
    """What somebody gets who connects from `peer`; 200: it is passed on."""
    statuses = []

    async def passed_on(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200})

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive():
        raise AssertionError("nothing is read")

    scope = {
        "type": "http", "path": path, "headers": [(b"host", b"localhost")],
        "client": (peer, 40_000), "server": ("10.0.0.1", 8080),
        "state": {"language": "en", "request_id": "r"},
    }  # fmt: skip
    within = OwnHosts(passed_on, settings=Settings(**settings))
    proxied = ProxyHeadersMiddleware(within, "192.0.2.0/24")

    def run() -> None:
        asyncio.run(RememberPeer(proxied)(scope, receive, send))

    with ThreadPoolExecutor(1) as thread:  # this one may have a loop: a browser's
        thread.submit(run).result()
    return statuses[0]


@pytest.mark.parametrize(
    ("peer", "path", "status"),
    [
        ("192.0.2.7", "/sign-in", 200), ("127.0.0.1", "/sign-in", 200), ("::1", "/sign-in", 200),
        ("192.0.2.8", "/sign-in", 403), ("10.0.0.3", "/v1/session", 403), ("", "/sign-in", 403),
        ("10.0.0.3", "/healthz", 200), ("10.0.0.3", "/metrics", 403),
    ],
)  # fmt: skip
def test_only_the_proxy_may_come_in_the_clear(peer, path, status):
    assert status_for(peer, path, trusted_proxies="192.0.2.7") == status
    with_token = status_for(peer, path, trusted_proxies="192.0.2.7", metrics_token="t")  # noqa: S106
    assert with_token == (200 if path == "/metrics" else status)
    assert status_for(peer, path, trusted_proxies="192.0.2.7", tls_certificate="x") == 200
    assert status_for(peer, path) == 200


@pytest.mark.parametrize("wrong", ["*", "proxy.lan", "10.0.0.2;10.0.0.3", "10.0.0.5/24"])
def test_whom_to_trust_is_said_by_address(wrong):
    with pytest.raises(ValueError, match="addresses or networks"):
        Settings(trusted_proxies=wrong)


def test_metrics_without_a_token_are_not_for_a_proxy_on_this_machine(tmp_path):
    with running(tmp_path, trusted_proxies="127.0.0.1") as server, server.nobody() as proxy:
        answer = proxy.get("/metrics")
        assert (answer.status_code, answer.json()["code"]) == (403, "metrics_local")
        forged = proxy.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        assert forged.status_code == 403


def test_behind_tls_cookies_are_for_this_host_alone(tmp_path):
    """A proxy that encrypts and one that is on this machine: as browsers see it."""
    with running(tmp_path, trusted_proxies="127.0.0.1") as server, server.nobody() as browser:
        answer = browser.post("/v1/session", json={"name": "nurse", "password": PASSWORD})
        cookies = answer.headers.get_list("set-cookie")
        assert {cookie.partition("=")[0] for cookie in cookies} == {
            f"__Host-{SESSION}", f"__Host-{BROWSER}",
        }  # fmt: skip
        for cookie in cookies:
            said = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"secure", "httponly", "path=/", "samesite=strict"} <= said
            assert not any(part.startswith("domain") for part in said)
        value = cookies[0].partition("=")[2].partition(";")[0]
        names = {f"__Host-{SESSION}": 200, SESSION: 401}
        for name, status in names.items():
            seen = browser.get("/v1/session", headers={"Cookie": f"{name}={value}"})
            assert seen.status_code == status
        document = browser.get("/v1/openapi.json").json()
        assert document["components"]["securitySchemes"]["session"]["name"] == f"__Host-{SESSION}"


def test_without_tls_cookies_work_on_localhost(server):
    with server.person("nurse") as person:
        assert set(person.cookies) == {SESSION, BROWSER}
        assert person.get("/v1/session").status_code == 200


def test_a_tls_handshake_is_given_no_longer_than_headers(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
         certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1"],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("install openssl to make a certificate")
    options = {"verify": str(certificate), "tls_certificate": certificate, "tls_key": key}
    context = ssl.create_default_context(cafile=certificate)
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with running(tmp_path / "store", **options) as server:
        started = time.monotonic()
        with (
            socket.create_connection(place_of(server), timeout=20) as silent,
            suppress(ConnectionError),
        ):
            assert silent.recv(1) == b""
        assert 3 < time.monotonic() - started < 12
        with (
            socket.create_connection(place_of(server), timeout=20) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as encrypted,
        ):
            encrypted.sendall(request)
            assert encrypted.recv(12) == b"HTTP/1.1 200"
