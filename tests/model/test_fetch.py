"""Downloads: resumed, retried, checked; each kind of bad answer is one clear sentence."""

import hashlib
import shutil
import socket
import ssl
import subprocess
import time
from collections import namedtuple
from pathlib import Path

import pytest

from cxr_triage.domain import Download
from cxr_triage.errors import FetchFailed
from cxr_triage.language import LANGUAGES
from cxr_triage.model.provision import disk, fetch
from cxr_triage.model.provision.fetch import Patience, download, read_checked

from . import published
from .published import FILM, Handler, files, serving

QUICK = Patience(attempts=2, backoff_s=0.01, connect_s=1, read_s=0.5)


def wanted(*urls, name=FILM, **changes):
    described = published.described(name, **changes)
    return Download(**described | {"sources": tuple(urls)})


def content():
    return files()[FILM]


def html(handler):
    handler.send(200, b"<html>Sign in</html>", Content_Type="text/html; charset=utf-8")


def html_with_another_type(handler):
    page = b"\n<!DOCTYPE html>" + bytes(len(content()) - 16)
    handler.send(200, page, Content_Type="application/octet-stream")


def altered(handler):
    handler.send(200, content()[:-1] + b"?")


def shorter(handler):
    handler.send(200, content()[:-100])


def longer(handler):
    handler.send(200, content() + b"more")


def longer_without_length(handler):
    handler.send(200, content() * 2, Content_Length=None, Connection="close")
    handler.close_connection = True


def broken_off(handler):
    handler.send(200, content()[:1000], Content_Length=len(content()))
    handler.close_connection = True


def redirected_forever(handler):
    handler.send(302, Location=handler.path + "x")


def redirected_elsewhere(handler):
    handler.send(302, Location="file:///etc/passwd")


def silent(handler):
    time.sleep(1.2)
    handler.close_connection = True


def not_http(handler):
    handler.wfile.write(b"\0\1\2 nothing\n\n")
    handler.close_connection = True


BAD = [
    (html, "download_portal"),
    (html_with_another_type, "download_portal"),
    (altered, "download_altered"),
    (shorter, "download_wrong_size"),
    (longer, "download_wrong_size"),
    (longer_without_length, "download_wrong_size"),
    (broken_off, "download_truncated"),
    (redirected_forever, "download_redirects"),
    (redirected_elsewhere, "download_address"),
    (silent, "download_timeout"),
    (not_http, "download_truncated"),
    (lambda handler: handler.send(404), "download_not_found"),
    (lambda handler: handler.send(403), "download_refused"),
    (lambda handler: handler.send(503), "download_server_error"),
    (lambda handler: handler.send(416), "download_refused"),
]


def failed(folder, target, code):
    with pytest.raises(FetchFailed) as caught:
        download(target, folder, patience=QUICK)
    assert caught.value.code == code
    for language in LANGUAGES:
        sentence = caught.value.message(language)
        assert 20 < len(sentence) < 250
        assert "{" not in sentence
    assert not (folder / target.sha256).exists()


@pytest.mark.parametrize(("answer", "code"), BAD)
def test_bad_answer_is_one_clear_sentence_and_leaves_no_file(tmp_path, answer, code):
    with serving(answer) as server:
        failed(tmp_path, wanted(f"{server.url}/{FILM}"), code)


def test_refused_connection(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failed(tmp_path, wanted(f"http://127.0.0.1:{port}/x"), "download_no_connection")


def test_unknown_host(tmp_path):
    failed(tmp_path, wanted("http://nowhere.invalid/x"), "download_no_connection")


def test_address_that_is_none(tmp_path):
    failed(tmp_path, wanted("ftp://127.0.0.1/x"), "download_address")


@pytest.fixture
def own_certificate(tmp_path):
    """A certificate that nobody else trusts, made by openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command: install openssl")
    names = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"),
            *("/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(names[0]), "-out", str(names[1])),
        ],
        check=True,
        capture_output=True,
    )
    return names


def test_untrusted_certificate_is_refused_until_it_is_named(tmp_path, monkeypatch, own_certificate):
    key, certificate = own_certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        target = wanted(f"{server.url.replace('http', 'https')}/{FILM}")
        failed(tmp_path / "a", target, "download_tls")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert download(target, tmp_path / "b", patience=QUICK).read_bytes() == content()


def test_certificates_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    failed(tmp_path, wanted("https://127.0.0.1/x"), "download_certificates")


def test_proxy_is_used(tmp_path, monkeypatch):
    def as_proxy(handler):
        assert handler.path == f"http://published.invalid/{FILM}"
        handler.send(200, content())

    with serving(as_proxy) as server:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        download(wanted(f"http://published.invalid/{FILM}"), tmp_path, patience=QUICK)


def test_proxy_that_is_no_address(tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "nonsense://x y")
    monkeypatch.setenv("all_proxy", "nonsense://x y")
    failed(tmp_path, wanted("http://127.0.0.1/x"), "download_proxy")


def test_full_disk_is_found_before_anything_is_fetched(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(1, 1, 1000)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: usage)
    with serving() as server:
        failed(tmp_path, wanted(f"{server.url}/{FILM}"), "disk_full")
        assert server.requests == []


@pytest.mark.parametrize(("number", "code"), [(28, "disk_full"), (5, "data_unwritable")])
def test_disk_that_fails_while_writing_is_said(number, code):
    with pytest.raises(FetchFailed) as caught, disk.writing():
        raise OSError(number, "failed")
    assert caught.value.code == code


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    failed(tmp_path / "file" / "folder", wanted("http://127.0.0.1/x"), "data_unwritable")


def test_next_source_is_tried_after_any_failure(tmp_path):
    told = []
    with serving(html) as bad, serving() as good:
        target = wanted(f"{bad.url}/{FILM}", f"{good.url}/{FILM}")
        file = download(target, tmp_path, patience=QUICK, notice=lambda code, _: told.append(code))
    assert file.read_bytes() == content()
    assert told == ["next_source"]


def test_connection_that_comes_and_goes_gets_there_in_the_end(tmp_path):
    """Each answer breaks off after 100 kB more: progress is made, so attempts start anew."""

    def in_pieces(handler):
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        rest = content()[start:]
        where = f"bytes {start}-{len(content()) - 1}/{len(content())}"
        handler.send(
            206 if start else 200, rest[:700_000], Content_Length=len(rest), Content_Range=where
        )
        handler.close_connection = True

    with serving(in_pieces) as server:
        file = download(wanted(f"{server.url}/{FILM}"), tmp_path, patience=QUICK)
        assert len(server.requests) > QUICK.attempts
    assert file.read_bytes() == content()


@pytest.mark.parametrize("share", [0, 1, 1000, 0.5, -1])
def test_part_is_resumed(tmp_path, share):
    size = share if isinstance(share, int) else int(len(content()) * share)
    size = size if size >= 0 else len(content()) + size
    target = wanted()
    (tmp_path / f"{target.sha256}.part").write_bytes(content()[:size])
    with serving() as server:
        target = wanted(f"{server.url}/{FILM}")
        assert download(target, tmp_path, patience=QUICK).read_bytes() == content()
        assert server.requests == [(f"/{FILM}", f"bytes={size}-" if size else None)]


@pytest.mark.parametrize("part", [b"\0" * 1000, b"\0" * 20_000_000, b"other"])
def test_spoilt_part_is_replaced(tmp_path, part):
    with serving() as server:
        target = wanted(f"{server.url}/{FILM}")
        (tmp_path / f"{target.sha256}.part").write_bytes(part)
        assert download(target, tmp_path, patience=QUICK).read_bytes() == content()


def test_whole_part_needs_no_request(tmp_path):
    target = wanted("http://127.0.0.1:9/x")
    (tmp_path / f"{target.sha256}.part").write_bytes(content())
    assert download(target, tmp_path, patience=QUICK).read_bytes() == content()


def test_server_without_ranges_sends_all_again(tmp_path):
    with serving(lambda handler: handler.send(200, content())) as server:
        target = wanted(f"{server.url}/{FILM}")
        (tmp_path / f"{target.sha256}.part").write_bytes(content()[:5000])
        assert download(target, tmp_path, patience=QUICK).read_bytes() == content()


def test_spoilt_finished_file_is_fetched_again(tmp_path):
    with serving() as server:
        target = wanted(f"{server.url}/{FILM}")
        (tmp_path / target.sha256).write_bytes(b"spoilt")
        assert download(target, tmp_path, patience=QUICK).read_bytes() == content()


def test_redirect_to_the_file_is_followed(tmp_path):
    def elsewhere(handler):
        if handler.path == "/old":
            handler.send(302, Location=f"/{FILM}")
        else:
            Handler.well(handler)

    with serving(elsewhere) as server:
        target = wanted(f"{server.url}/old")
        assert download(target, tmp_path, patience=QUICK).read_bytes() == content()


def test_progress_ends_at_the_size(tmp_path):
    seen = []
    with serving() as server:
        target = wanted(f"{server.url}/{FILM}")
        download(target, tmp_path, patience=QUICK, progress=lambda *now: seen.append(now))
    assert seen[-1] == (len(content()), len(content()))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_file_of_unknown_size_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "MAX_BYTES", 1_000_000)
    with serving() as server:
        failed(tmp_path, wanted(f"{server.url}/{FILM}", bytes=None), "download_wrong_size")


def test_local_file_is_checked_before_it_is_given(tmp_path):
    file = tmp_path / "x"
    with pytest.raises(FetchFailed) as caught:
        read_checked(file, wanted())
    assert caught.value.code == "file_missing"
    for other in (b"", content()[:-1], content() + b"x", bytes(len(content()))):
        file.write_bytes(other)
        with pytest.raises(FetchFailed) as caught:
            read_checked(file, wanted())
        assert caught.value.code == "file_not_wanted"
    file.write_bytes(content())
    assert hashlib.sha256(read_checked(file, wanted())).hexdigest() == wanted().sha256


def test_sentences_hold_no_path(tmp_path):
    with pytest.raises(FetchFailed) as caught:
        read_checked(tmp_path / "name-of-a-person", wanted())
    assert "person" not in str(caught.value)
    assert str(Path(tmp_path)) not in str(caught.value)
