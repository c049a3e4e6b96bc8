"""`cxr-triage admin`, as somebody at the server uses it."""

import os
import subprocess
import sys

import pytest

from cxr_triage.service.accounts import AccountRules, Accounts
from cxr_triage.service.audit import Origin
from tests.store.builders import keep, store_in

PASSWORD = "ba con mèo đen 7"  # noqa: S105 - of accounts made by these tests


@pytest.fixture
def admin(tmp_path):
    """Run a command on a store of its own; what it says, and its exit code."""

    def run(*words, typed="", language="en"):
        environment = {
            **os.environ,
            "CXR_TRIAGE_STORE_DIR": str(tmp_path / "store"),
            "CXR_TRIAGE_LANGUAGE": language,
        }
        return subprocess.run(
            [sys.executable, "-m", "cxr_triage", "admin", *map(str, words)],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )

    return run


def test_accounts_made_here_come_in(admin, tmp_path):
    assert admin("create-station", "xa-an", "Trạm y tế xã An").returncode == 0
    made = admin("create-user", "lan", "--role", "radiologist", typed=f"{PASSWORD}\n")
    assert (made.returncode, made.stdout) == (0, "The account lan is there.\n")
    key = admin("create-key", "xa-an")
    assert key.stdout.startswith("cxr_")
    assert len(key.stdout.split()) == 1
    with store_in(tmp_path / "store") as store:
        accounts = Accounts(store, AccountRules())
        assert accounts.sign_in("lan", PASSWORD, origin=Origin())
        assert accounts.station_of_key(key.stdout.strip(), origin=Origin()).id == "xa-an"
    prefix = key.stdout[:12]
    assert prefix in admin("list-keys").stdout
    assert admin("revoke-key", prefix).returncode == 0
    assert "revoked" in admin("list-keys").stdout
    assert "Bác sĩ chẩn đoán hình ảnh" in admin("list-users", "--lang", "vi").stdout
    assert admin("disable-user", "lan").returncode == 0
    assert "disabled" in admin("list-users").stdout
    assert "Trạm y tế xã An" in admin("list-stations").stdout


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("create-user", "lan", "--role", "doctor"), PASSWORD, "no such role"),
        (("create-user", "lan", "--role", "clinician"), "short", "at least 10"),
        (("create-user", "lan", "--role", "clinician"), "", "at least 10"),
        (("create-key", "nowhere"), "", "no such station"),
        (("restore", "nothing-here"), "", "not a backup"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(admin, words, typed, said):
    run = admin(*words, typed=typed)
    assert run.returncode == 1
    assert said in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_no_command_takes_a_password_as_an_argument(admin):
    for command in ("create-user", "reset-password"):
        assert "--password" not in admin(command, "--help").stdout


def test_a_backup_made_here_is_restored_here(admin, tmp_path):
    with store_in(tmp_path / "store") as store:
        keep(store)
        assert "1 images" in admin("backup", tmp_path / "b.zip").stdout
        keep(store, 1)
    refused = admin("restore", tmp_path / "b.zip", language="vi")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert admin("restore", tmp_path / "b.zip", "--force").returncode == 0
    checked = admin("check")
    assert checked.returncode == 0
    assert "Checked 1 images" in checked.stdout
    assert "unfinished upload" in checked.stdout  # the second image's file: harmless


def test_a_damaged_image_is_found(admin, tmp_path):
    with store_in(tmp_path / "store") as store:
        digest = keep(store).stored.assessment.digest
        store._blobs.path(digest).write_bytes(b"x")
    checked = admin("check")
    assert checked.returncode == 3
    assert f"Damaged image: {digest}" in checked.stdout
