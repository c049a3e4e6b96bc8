"""What docs/deployment.md says of pg_dump: first the dump, then the files, while films come in."""

import shutil
import subprocess
from threading import Event, Thread

import pytest

from tests.databases import programs, url_of
from tests.store.builders import keep, store_in

pytestmark = pytest.mark.postgresql


def run(program: str, *arguments: str) -> None:
    subprocess.run([programs() / program, *arguments], check=True, stdin=subprocess.DEVNULL)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def films(store):
    """They come in all the time; how many came."""
    stop, kept = Event(), []

    def load() -> None:
        while not stop.is_set():
            keep(store, len(kept))
            kept.append(None)

    thread = Thread(target=load)
    thread.start()
    yield kept
    stop.set()
    thread.join()


def test_a_dump_and_the_files_copied_after_it_are_the_store_of_one_moment(store, films, tmp_path):
    while len(films) < 5:
        pass
    before = len(films)
    dump, copied, back = tmp_path / "triage.dump", tmp_path / "copied", tmp_path / "back"
    run("pg_dump", "--format=custom", f"--file={dump}", url_of(tmp_path))
    shutil.copytree(tmp_path / "blobs", copied, ignore=shutil.ignore_patterns("incoming"))
    shutil.copytree(copied, back / "blobs")
    run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url_of(back)}", str(dump))
    with store_in(back) as restored:
        found = restored.inspect()
        assert found.sound
        assert found.images >= before
        verdict = restored.check_trail().chain
        assert (verdict.fault, verdict.rows) == (None, found.images)
        assert keep(restored, 10**6).created
    assert store.check_trail(verdict.head).sound
