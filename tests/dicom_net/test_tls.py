"""TLS: callers show a certificate of the named authority; nothing crosses in the clear."""

import shutil
import socket
import ssl
import subprocess

import pytest

from ..api.films import film
from .serving import association, receiving, store

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="install openssl to make a certificate")


def certificate(folder, name):
    """A certificate of its own authority."""
    files = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return {name: certificate(folder, name) for name in ("ours", "modality", "stranger")}


@pytest.fixture(scope="module")
def there(files, tmp_path_factory):
    with receiving(
        tmp_path_factory.mktemp("encrypted"),
        dicom_tls_certificate=files["ours"][0],
        dicom_tls_key=files["ours"][1],
        dicom_tls_clients=files["modality"][0],
    ) as found:
        yield found


def client(files, name=None):
    context = ssl.create_default_context(cafile=files["ours"][0])
    context.check_hostname = False
    if name:
        context.load_cert_chain(*files[name])
    return context, None


def test_a_caller_with_a_known_certificate_sends(there, files):
    with association(there, tls_args=client(files, "modality")) as xray:
        assert store(xray, film(1)).Status == 0


@pytest.mark.parametrize("name", [None, "stranger"])
@pytest.mark.filterwarnings("ignore")
def test_one_without_comes_to_nothing(there, files, name):
    with association(there, tls_args=client(files, name)) as xray:
        assert not xray.is_established


def test_nothing_is_said_in_the_clear(there):
    with association(there) as xray:
        assert not xray.is_established


def test_a_handshake_that_never_comes_keeps_nobody_waiting(there, files):
    known = client(files, "modality")
    silent = socket.create_connection(("127.0.0.1", there.port))
    with silent, association(there, tls_args=known) as xray:
        assert xray.send_c_echo().Status == 0
