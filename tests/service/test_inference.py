"""Inference processes die alone, are replaced, and tell their parent nothing it must believe."""

import io
import json
import os
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from cxr_triage.api.platform.problems import headers_of, status_of
from cxr_triage.errors import (
    DecodingFailed,
    DecodingInterrupted,
    ModelError,
    NotAnImage,
    Overloaded,
    TriageError,
    UnreadableImage,
)
from cxr_triage.service.inference.jobs import Drawing
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.inference.turns import Claim
from cxr_triage.settings import Settings

from ..conftest import real_image

RG1 = real_image("RG1_UNCR")


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


@pytest.fixture(scope="module")
def pool():
    pool = InferencePool(Settings(workers=1))
    yield pool
    pool.close()


class Faulty:
    """A pool whose processes do what a file's content says (see faulty_process.py)."""

    def __init__(self, folder: Path, **settings) -> None:
        self._folder, self._numbers = folder, count()
        self.pool = InferencePool(Settings(**{"workers": 1} | settings), module="faulty_process")

    def do(self, fault: str, party: str = ""):
        file = self._folder / str(next(self._numbers))
        file.write_bytes(b"fault " + fault.encode())
        return self.pool.assess(file, claim=Claim(party=party))

    def pid(self) -> int:
        return int(self.do("pid").patient.id)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    pools = []

    def start(**settings) -> Faulty:
        pools.append(Faulty(tmp_path_factory.mktemp("jobs"), **settings))
        return pools[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        yield start
    for faulty in pools:
        faulty.pool.close()


@pytest.fixture(scope="module")
def workers(faulty) -> Faulty:
    return faulty(worker_timeout_s=3.0, worker_memory_mib=600)


def test_result_is_that_of_the_pipeline(pool, pipeline):
    ours, theirs = pool.assess(RG1), pipeline.assess(RG1.read_bytes())
    assert pool.running.fingerprint == pipeline.fingerprint
    assert ours.assessment.model == pipeline.engine.card
    assert ours.assessment.id == theirs.id
    assert ours.assessment.pixel_digest == theirs.pixel_digest
    for one, other in zip(ours.assessment.findings, theirs.findings, strict=True):
        assert (one.label, one.flagged) == (other.label, other.flagged)
        assert one.score == pytest.approx(other.score, abs=1e-5)
    assert ours.patient == pipeline.read(RG1.read_bytes()).patient
    assert ours.patient.name


def test_errors_of_an_image_come_back_as_they_are_and_keep_the_process(pool, tmp_path):
    before = pool.running
    for content, kind, code in [
        (b"hello", NotAnImage, "not_an_image"),
        (b"", UnreadableImage, "empty_file"),
        (RG1.read_bytes()[:100_000], UnreadableImage, "truncated_pixels"),
    ]:
        file = tmp_path / "file"
        file.write_bytes(content)
        with pytest.raises(kind) as error:
            pool.assess(file)
        assert error.value.code == code
    assert pool.running is before


@pytest.mark.parametrize(
    ("fault", "code", "again"),
    [
        ("crash", "crashed", False),
        ("spin", "timeout", True),
        ("hog", "memory", False),
        ("killed", "killed", True),
    ],
)
def test_a_process_that_misbehaves_is_an_error_of_its_job_and_is_replaced(
    workers, fault, code, again
):
    """What says nothing of the image may be tried again later."""
    first = workers.pid()
    with pytest.raises(DecodingFailed) as error:
        workers.do(fault)
    assert error.value.code == f"decoder_{code}"
    assert isinstance(error.value, DecodingInterrupted) is again
    assert (status_of(error.value), "Retry-After" in headers_of(error.value)) == (
        (503, True) if again else (422, False)
    )
    assert workers.pool.films.losses[code] > 0
    assert workers.pid() != first


def test_time_is_what_a_process_works_and_not_what_it_waits(faulty):
    """Other work on the machine makes a job wait; that is not its fault."""
    workers = faulty(worker_timeout_s=0.7)
    workers.do("slow")
    assert workers.do("waits").assessment.outcome == "assessed"


def test_a_process_that_sleeps_for_ever_ends_by_the_clock(faulty):
    workers = faulty(worker_timeout_s=0.5)
    with pytest.raises(DecodingInterrupted) as error:
        workers.do("hang")
    assert error.value.code == "decoder_timeout"


def test_one_huge_allocation_is_an_error_and_keeps_the_process(workers):
    first = workers.pid()
    with pytest.raises(DecodingFailed) as error:
        workers.do("grab")
    assert error.value.code == "decoder_memory"
    assert workers.pid() == first


def test_pictures_are_drawn_while_every_film_hangs(faulty):
    """Films and drawings have places of their own."""
    workers = faulty()
    assessment = workers.do("pid").assessment
    with ThreadPoolExecutor(4) as threads:
        hanging = [threads.submit(workers.do, "hang") for _ in range(4)]
        time.sleep(0.3)
        drawn = workers.pool.draw(RG1.read_bytes(), assessment, Drawing(kind="image"))
        workers.pool.close()
        assert all(isinstance(one.exception(), Overloaded) for one in hanging)
    assert drawn.startswith(b"\x89PNG")


def test_another_partys_film_is_read_while_those_of_one_take_every_place_they_can(faulty):
    workers = faulty(workers=2, queue=3)
    with ThreadPoolExecutor(9) as threads:
        hanging = [threads.submit(workers.do, "hang", "north") for _ in range(9)]
        time.sleep(0.3)
        assert workers.do("pid", "south").assessment.outcome == "assessed"
        workers.pool.close()
        codes = [one.exception().code for one in hanging]
    assert sorted(codes) == ["overloaded"] * 4 + ["stopping"] * 5


def test_a_job_whose_process_was_killed_from_outside_succeeds_in_another(workers):
    first = workers.pid()
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(workers.do, "slow")
        time.sleep(0.2)
        psutil.Process(first).kill()
        assert int(running.result().patient.id) != first


def test_a_process_that_was_killed_while_idle_is_replaced(workers):
    first = psutil.Process(workers.pid())
    first.kill()
    first.wait(5)
    assert workers.pid() != first.pid


def test_a_crash_that_does_not_repeat_is_not_seen(workers):
    assert workers.do("crash once").assessment.outcome == "assessed"


@pytest.mark.parametrize("fault", ["lie", "strange error"])
def test_an_answer_that_makes_no_sense_costs_the_process_its_life(workers, fault):
    first = workers.pid()
    with pytest.raises(DecodingFailed):
        workers.do(fault)
    assert workers.pid() != first


def test_what_native_code_prints_does_not_disturb_the_answer(workers, capfd):
    assert workers.do("chatter").assessment.outcome == "assessed"
    assert capfd.readouterr() == ("", "")


def test_a_bug_is_logged_with_its_place_but_without_what_it_says(workers, caplog):
    with pytest.raises(TriageError) as error:
        workers.do("bug")
    assert (error.value.code, error.value.values) == ("unexpected", {"kind": "ZeroDivisionError"})
    assert "ZeroDivisionError" in caplog.text
    assert "faulty_process.py" in caplog.text
    assert "NGUYEN^A" not in caplog.text


def test_more_jobs_than_the_queue_holds_are_turned_away_at_once(faulty):
    workers = faulty(queue=1)
    with ThreadPoolExecutor(4) as threads:
        started = time.monotonic()
        jobs = [threads.submit(workers.do, "slow") for _ in range(4)]
        errors = [job.exception() for job in jobs]
    turned_away = [error for error in errors if error is not None]
    assert len(turned_away) == 2
    assert all(isinstance(error, Overloaded) for error in turned_away)
    assert turned_away[0].values["retry_after_s"] > 0
    assert time.monotonic() - started < 5


def test_one_process_dies_and_the_other_goes_on(faulty):
    workers = faulty(workers=2)
    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(workers.do, ["slow", "crash"][n % 2]) for n in range(4)]
        failed = [isinstance(job.exception(), DecodingFailed) for job in jobs]
    assert failed == [False, True] * 2


def test_closing_leaves_no_process_and_ends_what_runs(faulty):
    before = children()
    workers = faulty(workers=2)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(workers.do, "hang")
        time.sleep(0.3)
        workers.pool.close()
        assert isinstance(running.exception(), Overloaded)
    with pytest.raises(Overloaded):
        workers.do("pid")
    assert children() <= before


def test_a_model_that_cannot_be_loaded_is_said_at_the_start():
    with pytest.raises(ModelError) as error:
        InferencePool(Settings(workers=1, model="no such model"))
    assert error.value.code == "model_unknown"


def test_pictures_heatmaps_and_reports_are_drawn(pool):
    data, assessment = RG1.read_bytes(), pool.assess(RG1).assessment
    label = assessment.findings[0].label

    def picture(kind: str, **options) -> Image.Image:
        return Image.open(io.BytesIO(pool.draw(data, assessment, Drawing(kind=kind, **options))))

    plain = picture("image", longest=500)
    assert max(plain.size) == 500
    narrow = picture("image", longest=500, window=(3000.0, 50.0))
    assert np.mean(np.isin(np.asarray(narrow), (0, 255))) > 0.8
    assert picture("heatmap", label=label).size[0] > 560
    only = picture("layer", label=label, longest=500)
    assert only.size == plain.size
    assert 0 < np.mean(np.asarray(only.convert("RGBA"))[..., 3] > 0) < 1
    small = pool.draw(data, assessment, Drawing(kind="heatmap", label=label, lossless=False))
    assert Image.open(io.BytesIO(small)).format == "JPEG"
    page = pool.draw(data, assessment, Drawing(kind="report", language="vi")).decode()
    assert 'lang="vi"' in page


def test_the_window_of_the_header_gives_the_picture_of_the_header(pool):
    """RG1 has a linear window over its stored values."""
    data, assessment = RG1.read_bytes(), pool.assess(RG1).assessment
    window = assessment.pixel_policy.window
    assert window is not None
    pictures = [
        np.asarray(Image.open(io.BytesIO(pool.draw(data, assessment, drawing))), np.int16)
        for drawing in (Drawing(kind="image"), Drawing(kind="image", window=window))
    ]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_a_pixel_file_holds_the_stored_values_and_their_table(pool, pipeline):
    data, assessment = RG1.read_bytes(), pool.assess(RG1).assessment
    film = pipeline.read(data).radiograph
    file = pool.draw(data, assessment, Drawing(kind="pixels"))
    assert file[:8] == b"CXRPIX01"
    (length,) = struct.unpack("<I", file[8:12])
    head, body = json.loads(file[12 : 12 + length]), file[12 + length :]
    assert (12 + length) % 8 == 0
    stored = np.frombuffer(body, f"<{head['type'][0]}2", head["rows"] * head["columns"])
    table = np.frombuffer(body, "<f4", head["table_length"], head["table_offset"])
    assert np.array_equal(stored.reshape(head["rows"], head["columns"]), film.stored)
    shown = table[stored.astype(int) - head["table_first"]].reshape(film.pixels.shape)
    assert np.array_equal(shown, film.pixels)
    assert head["crop"]["side"] == assessment.crop.side
