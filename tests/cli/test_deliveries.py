"""`cxr-triage deliveries`: what waits, and what was given up, for who sits at the server."""

from datetime import UTC, datetime

import pytest

from cxr_triage.store.rows.deliveries import kind_of
from cxr_triage.store.rows.tasks import NewTask

from ..api.serving import store_of
from ..databases import migrated_in
from ..peers.orthanc import free_port
from .running import cxr_triage


@pytest.fixture
def at(tmp_path):
    """A store with a delivery, and the command on it."""
    file = tmp_path / "destinations.toml"
    file.write_text(f'[pacs]\nhost = "127.0.0.1"\nport = {free_port()}\ntimeout_s = 2\n')
    folder = tmp_path / "store"
    migrated_in(folder)
    arguments = {"study": "s" * 32, "image": "", "kind": "capture", "uid": "1.2"}
    with store_of(folder) as store:
        store.deliveries.put(
            [NewTask(kind=kind_of("pacs"), key="k", arguments=arguments)], at=datetime.now(UTC)
        )
        (task,) = store.deliveries.newest()

    def run(*command, lang="en"):
        return cxr_triage(
            "deliveries", *command, "--lang", lang,
            CXR_TRIAGE_STORE_DIR=str(folder), CXR_TRIAGE_DESTINATIONS=str(file),
        )  # fmt: skip

    run.task = task.id
    return run


@pytest.mark.parametrize(("lang", "said"), [("en", "Waiting"), ("vi", "Đang chờ")])
def test_what_waits_is_listed_and_can_be_dropped_and_tried_again(at, lang, said):
    listed = at("list", lang=lang)
    assert listed.returncode == 0, listed.stderr
    assert said in listed.stdout
    assert at.task[:8] in listed.stdout
    assert at("drop", at.task, lang=lang).returncode == 0
    assert at("retry", at.task, lang=lang).returncode == 0
    assert at("retry", "nothing", lang=lang).returncode != 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pynetdicom's
def test_a_destination_that_is_not_there_is_told(at):
    done = at("test", "pacs")
    assert done.returncode != 0
    assert "does not answer" in done.stderr
    assert "No such destination" in at("test", "another").stderr
