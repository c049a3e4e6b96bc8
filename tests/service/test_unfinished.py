"""A film that cannot be finished may come again, but not for ever: then a doctor must read it."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from cxr_triage.errors import DecodingInterrupted
from cxr_triage.language import LANGUAGES, say
from cxr_triage.service.audit import Origin
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.intake.attempts import MOST_ATTEMPTS, REMEMBERED, Attempts
from cxr_triage.service.intake.intake import Intake
from cxr_triage.service.intake.quotas import QuotaRules, Quotas
from cxr_triage.service.intake.spool import Spool
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.corrections import Corrections, WantedValues
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE
from tests.api.films import film
from tests.store.builders import store_in

DOCTOR = Principal(
    kind="person", id="p", name="Lan", role="radiologist", station_id=None, language="vi"
)


def ending_in(fault: bytes, number: int) -> bytes:
    """A whole film whose last pixels are what `faulty_process` obeys."""
    end = b"fault " + fault
    return film(number)[: -len(end)] + end


@pytest.fixture(scope="module")
def pool():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        settings = Settings(workers=1, worker_timeout_s=2.0)
        with closing(InferencePool(settings, module="faulty_process")) as pool:
            yield pool


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def send(store, pool, tmp_path):
    intake = Intake(store, pool, Metrics(), Quotas(store, QuotaRules()))
    spool = Spool(tmp_path / "spool", max_file_bytes=2**24)

    def send(data: bytes):
        with spool.open() as incoming:
            incoming.write(data)
            return intake.take(incoming.finish(), DOCTOR, origin=Origin())

    return send


@pytest.mark.parametrize(
    ("fault", "code"), [(b"killed", "decoder_killed"), (b"spin", "decoder_timeout")]
)
def test_a_film_that_fails_for_want_of_time_is_kept_for_a_doctor_at_last(send, fault, code):
    data = ending_in(fault, 1)
    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(DecodingInterrupted) as error:
            send(data)
        assert (error.value.code, error.value.values["retry_after_s"]) == (code, 30)
    kept = send(data)
    found = kept.stored.assessment
    assert (kept.created, found.outcome, found.priority) == (True, "referred", "not_assessed")
    assert [reason.code for reason in found.eligibility.reasons] == [code]
    assert len({say(f"reason.{code}", language) for language in LANGUAGES}) == len(LANGUAGES)
    again = send(data)
    assert (again.created, again.stored.assessment.id) == (False, found.id)


def test_what_a_doctor_puts_right_of_it_does_not_try_it_again(send, store, pool):
    data = ending_in(b"killed", 2)
    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(DecodingInterrupted):
            send(data)
    stored, losses = send(data).stored, pool.films.losses["killed"]
    detail = store.study(stored.study_id, EVERYWHERE)
    corrected = Corrections(store=store, pool=pool).correct(
        DOCTOR, stored.study_id, WantedValues(study={"age_years": 7.0}),
        version=detail.row.version, reason="typed wrongly", origin=Origin(),
    )  # fmt: skip
    reasons = corrected.images[0].assessment.eligibility.reasons
    assert {"age", "decoder_killed"} & {reason.code for reason in reasons}
    assert pool.films.losses["killed"] == losses


def test_attempts_are_counted_by_film_and_forgotten_once_it_is_kept():
    attempts = Attempts()
    assert [attempts.failed("a") for _ in range(MOST_ATTEMPTS)] == [False, False, True]
    assert not attempts.failed("b")
    attempts.ended("a")
    assert not attempts.failed("a")


def test_no_more_films_are_remembered_than_there_is_room_for():
    attempts = Attempts()
    for number in range(REMEMBERED + 5):
        attempts.failed(str(number))
    assert len(attempts._counts) == REMEMBERED
