"""`cxr-triage serve`: insecure ways to run it are refused in one sentence; the rest works."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import httpx
import pytest

from cxr_triage.api.health import answers
from cxr_triage.api.platform.access import preferred
from cxr_triage.api.platform.server import check_address
from cxr_triage.errors import SettingsInvalid
from cxr_triage.settings import Settings

from .films import film
from .serving import DICOM, Served, assessment, make_accounts, send

EVERYWHERE = "0.0.0.0"  # noqa: S104 (no test listens there)


def serve(*options: str, **settings: object) -> subprocess.CompletedProcess:
    names = {f"CXR_TRIAGE_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "cxr_triage", "serve", *options],
        env=os.environ | names,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"host": EVERYWHERE}, "listening_openly"), ({"host": "::"}, "listening_openly"),
        ({"host": "192.0.2.1"}, "listening_openly"), ({"host": "station"}, "listening_openly"),
        ({"host": EVERYWHERE, "demo": True, "tls_certificate": "x"}, "demo_openly"),
        ({"host": "127.0.0.1"}, ""), ({"host": "::1"}, ""), ({"host": "localhost"}, ""),
        ({"host": EVERYWHERE, "tls_certificate": "x"}, ""),
        ({"host": EVERYWHERE, "trusted_proxies": "192.0.2.7"}, ""),
    ],
)  # fmt: skip
def test_passwords_never_cross_a_network_in_the_clear(settings, code):
    if not code:
        check_address(Settings(**settings))
        return
    with pytest.raises(SettingsInvalid) as error:
        check_address(Settings(**settings))
    assert error.value.code == code


def test_it_does_not_start_without_an_administrator(tmp_path):
    done = serve("--port", "0", store_dir=tmp_path, workers=1, language="vi")
    assert done.returncode == 1
    assert "Chưa có quản trị viên" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = serve("--port", str(taken.getsockname()[1]), store_dir=tmp_path)
    assert done.returncode == 1
    assert "cannot listen on port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_is_not_there_is_one_sentence(tmp_path):
    done = serve("--port", "0", store_dir=tmp_path, model="nothing")
    assert done.returncode == 1
    assert "There is no model" in done.stderr


def _demo(folder, seen):
    """The demonstration as it is started by hand; `seen(client, lines)` once it is ready. lines:
    what it printed until then."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cxr_triage", "serve", "--demo", "--port", "0"],
        env=os.environ | {"CXR_TRIAGE_STORE_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    try:
        lines = []
        while not lines or "Key of a station" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended"
        address = re.search(r"http://\S+", lines[0])[0]
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
            return seen(client, "".join(lines))
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_the_demo_fills_the_worklist_and_then_shows_accounts_that_work(tmp_path):
    def seen(client, printed):
        passwords = dict(re.findall(r"^  (\w+) +(\S+)$", printed, re.MULTILINE))
        name = {"name": "radiologist", "password": passwords["radiologist"]}
        assert client.post("/v1/session", json=name).status_code == 200
        return client.get("/v1/worklist").json()["studies"], passwords

    rows, passwords = _demo(tmp_path, seen)
    assert len(rows) == 18
    assert sum(row["assessed"] for row in rows) == 17
    assert [row["priority"] for row in rows].count("not_assessed") == 1
    assert [row["state"] for row in rows].count("signed") == 1
    assert len({row["station_id"] for row in rows}) == 2
    assert all(row["patient"]["id"].startswith("DEMO-") for row in rows)
    again = _demo(tmp_path, seen)
    assert again[1] == passwords
    assert len(again[0]) == 18
    assert "demo" in serve("--demo", "--host", EVERYWHERE, store_dir=tmp_path).stderr


def test_the_demo_touches_no_store_with_other_accounts(tmp_path):
    make_accounts(tmp_path)
    done = serve("--demo", "--port", "0", store_dir=tmp_path, workers=1)
    assert done.returncode == 1
    assert "store of its own" in done.stderr


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A server behind a proxy on this machine; the last test of it ends it."""
    server = Served(tmp_path_factory.mktemp("proxied"), trusted_proxies="127.0.0.1")
    yield server
    server.stop()


def test_two_services_do_not_share_a_store(proxied):
    done = serve("--port", "0", store_dir=proxied.folder, workers=1)
    assert done.returncode == 1
    assert "running on this store" in done.stderr


def test_a_trusted_proxy_says_where_requests_come_from(proxied):
    with proxied.client() as client:
        client.headers["X-Forwarded-For"] = "203.0.113.9"
        assessment(send(client, film(2)))
    with proxied.store() as store:
        rows = store.audit_trail(before=None, limit=50)
    assert "203.0.113.9" in {row.entry.address for row in rows}


def test_an_upload_that_runs_is_finished_before_the_service_ends(proxied):
    data = film(1)

    def slowly():
        yield data[:1000]
        proxied.process.terminate()
        time.sleep(0.5)
        yield data[1000:]

    with proxied.client() as client:
        answer = client.post("/v1/images", content=slowly(), headers=DICOM)
    assert answer.status_code == 201
    proxied.stop()
    with proxied.store() as store:
        found = store.find_result(
            hashlib.sha256(data).hexdigest(),
            assessment(answer)["fingerprint"],
            station_id="north",
        )
    assert found.assessment.id == assessment(answer)["id"]


def test_with_tls_the_cookie_is_for_encrypted_connections_alone(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("install openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
         certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = Served(
        tmp_path / "store", verify=str(certificate), tls_certificate=certificate, tls_key=key
    )
    try:
        assert server.address.startswith("https://")
        with server.person("radiologist") as person:
            answer = person.get("/v1/session")
            assert "max-age" in answer.headers["strict-transport-security"]
            assert len(person.cookies.jar) == 2
            assert all(cookie.secure for cookie in person.cookies.jar)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"), ("vi", "vi"), ("vi-VN,vi;q=0.9,en;q=0.8", "vi"), ("en-GB,vi;q=0.9", "en"),
        ("fr,de", "en"), ("fr;q=1,vi;q=0.1", "vi"), ("vi;q=nonsense", "en"), ("*", "en"),
        ("VI", "vi"), ("vi;q=0", "en"), (";;;,,,=", "en"),
    ],
)  # fmt: skip
def test_the_language_is_what_the_client_prefers(accept, language):
    assert preferred(accept, "en") == language


def test_a_container_can_ask_whether_the_service_answers(served):
    port = int(served.address.rpartition(":")[2])
    assert answers(Settings(host=EVERYWHERE, port=port))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    assert not answers(Settings(port=port))
