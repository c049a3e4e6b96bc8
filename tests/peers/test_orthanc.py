"""An archive sends by STOW-RS: everything arrives once, whatever happens to us meanwhile."""

import time

import pytest

from ..api.films import ROOT, SIDE, film
from ..api.serving import Served
from .orthanc import Orthanc, needs_orthanc

pytestmark = [pytest.mark.peers, needs_orthanc]

STUDIES = 200
STUDIES_A_JOB = 20


@pytest.fixture
def server(tmp_path):
    server = Served(tmp_path / "store", workers=2)
    server.port = int(server.address.rpartition(":")[2])
    yield server
    server.stop()


@pytest.fixture
def archive(server, tmp_path):
    orthanc = Orthanc(tmp_path, server=server.address, key=server.keys["north"])
    yield orthanc
    orthanc.stop()


def worklist(server: Served) -> list[dict]:
    """Every row."""
    rows, cursor = [], None
    with server.client() as station:
        while True:
            query = {"limit": 200} | ({"cursor": cursor} if cursor else {})
            page = station.get("/v1/worklist", params=query).json()
            rows += page["studies"]
            cursor = page["next"]
            if not cursor:
                return rows


def kept(server: Served) -> int:
    return len(worklist(server))


def wait_for(server: Served, studies: int) -> None:
    for _ in range(600):
        if kept(server) >= studies:
            return
        time.sleep(0.1)
    pytest.fail(f"{kept(server)} studies arrived, not {studies}")


def sent_again(archive: Orthanc, jobs: dict[str, list[str]]) -> dict[str, list[str]]:
    """The jobs with a new one for each that failed, as an operator sends its studies again.

    Resubmitting a failed job would not do: Orthanc goes on behind the request that failed.
    """
    return {
        archive.stow(studies) if archive.job(name)["State"] == "Failure" else name: studies
        for name, studies in jobs.items()
    }


def all_sent(archive: Orthanc, jobs: dict[str, list[str]]) -> bool:
    """Has every job ended well, when it has ended?"""
    return {archive.ended(name)["State"] for name in jobs} == {"Success"}


def check_everything_is_there_once(server: Served) -> None:
    rows = worklist(server)
    assert sorted(row["study_uid"] for row in rows) == sorted(
        f"{ROOT}.1.{number}" for number in range(STUDIES)
    )
    assert {(row["images"], row["assessed"]) for row in rows} == {(1, 1)}
    with server.store() as store:
        found = store.inspect()
    assert (found.missing, found.damaged, found.database) == ((), (), ())


def test_every_study_arrives_once_though_the_service_is_killed_in_the_middle(server, archive):
    studies = [archive.receive(film(number)) for number in range(STUDIES)]
    parts = [studies[at : at + STUDIES_A_JOB] for at in range(0, STUDIES, STUDIES_A_JOB)]
    jobs = {archive.stow(part): part for part in parts}
    for share in (4, 2):
        wait_for(server, STUDIES // share)
        server.kill()
        time.sleep(0.5)
        server.start()
        before, jobs = jobs, sent_again(archive, jobs)
        assert jobs != before
    for _ in range(10):
        if all_sent(archive, jobs):
            break
        jobs = sent_again(archive, jobs)
    assert all_sent(archive, jobs)
    check_everything_is_there_once(server)

    again = archive.stow(studies)
    assert archive.ended(again)["State"] == "Success"
    check_everything_is_there_once(server)


def test_a_failure_is_one_for_the_archive_too(server, archive):
    whole = archive.receive(film(1))
    assert archive.ended(archive.stow([whole]))["State"] == "Success"
    cut_off = archive.receive(film(2, Rows=2 * SIDE))
    assert archive.ended(archive.stow([whole, cut_off]))["State"] == "Failure"
    assert kept(server) == 1
