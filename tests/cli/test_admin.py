"""`cxr-triage admin`, as somebody at the server uses it."""

import pytest

from cxr_triage.errors import BackupFailed
from cxr_triage.service.audit import Origin
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.people.accounts import AccountRules, Accounts
from cxr_triage.service.tasks.runner import TaskRunner
from cxr_triage.settings import Settings
from tests.cli.conftest import use_store
from tests.cli.running import cxr_triage, in_own_process
from tests.store.builders import keep, store_in

PASSWORD = "ba con mèo đen 7"  # noqa: S105 - of accounts made by these tests


def test_accounts_made_here_come_in(admin, store_folder):
    assert admin("create-station", "xa-an", "Trạm y tế xã An").exit_code == 0
    made = admin("create-user", "lan", "--role", "radiologist", typed=f"{PASSWORD}\n")
    assert (made.exit_code, made.stdout) == (0, "The account lan is there.\n")
    key = admin("create-key", "xa-an").stdout.split()[0]
    with store_in(store_folder) as store:
        accounts = Accounts(store, AccountRules())
        assert accounts.sign_in("lan", PASSWORD, origin=Origin())
        assert accounts.station_of_key(key, origin=Origin()).id == "xa-an"
    prefix = key[:12]
    assert prefix in admin("list-keys").stdout
    assert admin("revoke-key", prefix).exit_code == 0
    assert "revoked" in admin("list-keys").stdout
    assert "Bác sĩ chẩn đoán hình ảnh" in admin("list-users", "--lang", "vi").stdout
    assert admin("disable-user", "lan").exit_code == 0
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
def test_what_cannot_be_done_is_one_sentence(tmp_path, words, typed, said):
    run = cxr_triage("admin", *words, typed=typed, **settings_of(tmp_path))
    assert run.returncode == 1
    assert said in run.stderr
    assert len(run.stderr.splitlines()) == 1


def settings_of(folder):
    """A store of a file."""
    return {"CXR_TRIAGE_STORE_DIR": str(folder / "store"), "CXR_TRIAGE_LANGUAGE": "en"}


def test_a_key_alone_is_on_standard_output(tmp_path):
    settings = settings_of(tmp_path)
    in_own_process("admin", "create-station", "xa-an", "Xã An", **settings)
    made = in_own_process("admin", "create-key", "xa-an", **settings)
    assert made.stdout.startswith("cxr_")
    assert len(made.stdout.split()) == 1


@pytest.mark.sqlite
def test_no_command_takes_a_password_as_an_argument(admin):
    for command in ("create-user", "reset-password"):
        shown = admin(command, "--help").stdout
        assert "--lang" in shown
        assert "--password" not in shown


def test_a_backup_made_here_is_restored_into_a_new_store(admin, store_folder, monkeypatch):
    with store_in(store_folder) as store:
        keep(store)
        assert "1 images" in admin("backup", store_folder / "b.zip").stdout
        keep(store, 1)
    refused = admin("restore", store_folder / "b.zip").exception
    assert isinstance(refused, BackupFailed)
    use_store(monkeypatch, store_folder / "new")
    assert admin("restore", store_folder / "b.zip").exit_code == 0
    checked = admin("check")
    assert checked.exit_code == 0
    assert "Checked 1 images" in checked.stdout
    assert admin("verify-audit").exit_code == 0


@pytest.mark.sqlite
def test_a_backup_made_here_is_restored_here_when_told(admin, store_folder):
    with store_in(store_folder) as store:
        keep(store)
        admin("backup", store_folder / "b.zip")
        keep(store, 1)
    assert "--force" in admin("restore", store_folder / "b.zip").exception.message("vi")
    assert admin("restore", store_folder / "b.zip", "--force").exit_code == 0
    checked = admin("check")
    assert checked.exit_code == 0
    assert "Checked 1 images" in checked.stdout
    assert "unfinished upload" in checked.stdout  # the second image's file: harmless


def test_a_damaged_image_is_found(admin, store_folder):
    with store_in(store_folder) as store:
        digest = keep(store).stored.assessment.digest
        store._blobs.path(digest).write_bytes(b"x")
    checked = admin("check")
    assert checked.exit_code == 3
    assert f"Damaged image: {digest}" in checked.stdout


def check_at_night(store) -> None:
    assert TaskRunner(store, Settings(), Metrics()).do_next()


def test_what_the_nightly_check_found_is_told_again(admin, store_folder):
    assert admin("check", "--last").exit_code == 3
    with store_in(store_folder) as store:
        keep(store)
        check_at_night(store)
    last = admin("check", "--last")
    assert last.exit_code == 0
    assert "Nightly check of 20" in last.stdout
    assert last.stdout.endswith("Checked 1 images.\nNothing is missing.\n")


def test_a_damaged_image_that_the_nightly_check_found_is_named(admin, store_folder, monkeypatch):
    monkeypatch.setattr("cxr_triage.service.tasks.store_check.MOST_NAMED", 1)
    with store_in(store_folder) as store:
        for number in range(3):
            digest = keep(store, number).stored.assessment.digest
            store._blobs.path(digest).write_bytes(b"x")
        check_at_night(store)
    last = admin("check", "--last", "--lang", "en")
    assert last.exit_code == 3
    assert last.stdout.count("Damaged image") == 1
    assert "and 2 more" in last.stdout
