"""On a full disk no film is taken, but doctors come in, read and sign."""

import os
import subprocess

import pytest

from cxr_triage.store import room

from .films import film
from .serving import PASSWORD, Served, assessment, send

pytestmark = pytest.mark.sqlite
DISK_MIB = 110


@pytest.fixture
def served(tmp_path):
    """On a small disk."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", tmp_path]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may make a small disk")
    try:
        server = Served(tmp_path)
        yield server
        server.stop()
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def fill(folder) -> None:
    """Take every byte that is left."""
    with (folder / "of somebody else").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_a_full_disk_keeps_nobody_out(served):
    with served.client() as station:
        kept = assessment(send(station, film(1)))
        fill(served.folder)
        answer = send(station, film(2))
        assert (answer.status_code, answer.json()["code"]) == (507, "store_full")
        with served.person("radiologist") as doctor:
            reading = {"action": "sign", "version": 0, "verdicts": {}, "missed": [],
                       "overall": "agree", "note": "", "impression": "Bình thường."}  # fmt: skip
            signed = doctor.post(f"/v1/assessments/{kept['id']}/reviews", json=reading)
            assert (signed.status_code, bool(signed.json()["signed_at"])) == (201, True)
        with served.nobody() as somebody:
            for _ in range(3):
                signing_in = {"name": "clinician", "password": PASSWORD}
                assert somebody.post("/v1/session", json=signing_in).status_code == 200
        assert send(station, film(3)).status_code == 507
        (served.folder / "of somebody else").unlink()
        assert send(station, film(2)).status_code == 201
        assert (served.folder / room.NAME).stat().st_size == room.BYTES
    with served.store() as store:
        assert store.inspect().sound
