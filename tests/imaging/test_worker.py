"""Decoding processes die alone, are replaced, and leave nothing behind."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from cxr_triage.errors import DecodingFailed, DecodingInterrupted, UnreadableImage
from cxr_triage.imaging.decoding.job import DecodeJob
from cxr_triage.imaging.decoding.pool import DecoderPool

from .films import chest, jpeg2000

MIB = 1 << 20


def job(codec: str, data: bytes = b"", rows: int = 1, columns: int = 4) -> DecodeJob:
    return DecodeJob(codec=codec, data=data, rows=rows, columns=columns)


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


@pytest.fixture
def faulty(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)

    def pool(**options) -> DecoderPool:
        return DecoderPool(**({"timeout_s": 10.0} | options), module="faulty_worker")

    return pool


def pid_of(pool: DecoderPool) -> int:
    return int.from_bytes(pool.decode(job("pid")).tobytes(), "little")


def test_no_process_runs_before_it_is_needed():
    before = children()
    with DecoderPool():
        assert children() == before


def test_a_real_frame_is_decoded_in_another_process():
    frame = jpeg2000(chest(12), 12)
    with DecoderPool() as pool:
        array = pool.decode(job("jpeg2000", frame, *chest(12).shape))
    assert np.array_equal(array, chest(12))


@pytest.mark.parametrize("fault", ["crash", "abort"])
def test_a_crash_is_an_error_and_the_process_is_replaced(faulty, fault):
    with faulty() as pool:
        first = pid_of(pool)
        with pytest.raises(DecodingFailed) as error:
            pool.decode(job(fault))
        assert error.value.code == "decoder_crashed"
        assert pid_of(pool) != first


@pytest.mark.parametrize("fault", ["spin", "hang"])
def test_what_does_not_end_is_ended_and_the_process_is_replaced(faulty, fault):
    """By its processor time; by the clock, much later, if it uses none."""
    with faulty(timeout_s=0.3) as pool:
        first = pid_of(pool)
        start = time.monotonic()
        with pytest.raises(DecodingInterrupted) as error:
            pool.decode(job(fault))
        took = time.monotonic() - start
        assert took < 10
        assert (took > 0.3 * 5) or fault == "spin"
        assert error.value.code == "decoder_timeout"
        assert pid_of(pool) != first


def test_a_process_that_is_stopped_from_outside_says_nothing_of_the_image(faulty):
    with faulty() as pool:
        first = psutil.Process(pid_of(pool))
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(pool.decode, job("hang"))
            time.sleep(0.2)
            first.kill()
            error = running.exception()
    assert isinstance(error, DecodingInterrupted)
    assert error.code == "decoder_killed"


def test_memory_is_bounded_while_it_grows(faulty):
    with faulty(memory_bytes=200 * MIB) as pool:
        with pytest.raises(DecodingFailed) as error:
            pool.decode(job("hog"))
        assert error.value.code == "decoder_memory"
        assert pid_of(pool)


def test_one_huge_allocation_is_an_error(faulty):
    with faulty(memory_bytes=200 * MIB) as pool:
        with pytest.raises(DecodingFailed) as error:
            pool.decode(job("grab"))
        assert error.value.code == "decoder_memory"


def test_a_broken_frame_is_an_error_of_its_own_and_keeps_the_process(faulty):
    with faulty() as pool:
        first = pid_of(pool)
        with pytest.raises(UnreadableImage) as error:
            pool.decode(job("jpeg2000", b"no codestream"))
        assert error.value.code == "broken_frame"
        assert pid_of(pool) == first


def test_what_native_code_prints_does_not_disturb_the_answer(faulty, capfd):
    with faulty() as pool:
        assert np.array_equal(pool.decode(job("chatter")), np.zeros((1, 4)))
    assert capfd.readouterr() == ("", "")


def test_threads_share_the_processes(faulty):
    with faulty(workers=2) as pool, ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: pid_of(pool), range(24)))
        assert 1 <= len(set(answers)) <= 2


def test_one_process_dies_and_the_others_go_on(faulty):
    with faulty(workers=2) as pool, ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(pool.decode, job(["slow", "crash"][n % 2])) for n in range(8)]
        failed = [isinstance(done.exception(), DecodingFailed) for done in jobs]
    assert failed == [False, True] * 4


def test_a_process_that_died_while_idle_is_replaced(faulty):
    with faulty() as pool:
        first = psutil.Process(pid_of(pool))
        first.kill()
        first.wait(5)
        assert pid_of(pool) != first.pid


def test_closing_leaves_no_process_and_no_thread(faulty):
    processes, threads = children(), threading.active_count()
    pool = faulty(workers=2)
    with ThreadPoolExecutor(2) as workers:
        running = [workers.submit(pool.decode, job("slow")) for _ in range(2)]
        [done.result() for done in running]
        hanging = workers.submit(pool.decode, job("hang"))
        time.sleep(0.2)
        pool.close()
        assert isinstance(hanging.exception(), DecodingFailed)
    assert children() == processes
    assert threading.active_count() == threads


def test_an_interrupt_from_the_terminal_does_not_reach_the_process(faulty):
    with faulty() as pool:
        pool.decode(job("deaf"))


PROGRAM = """
    import sys
    from cxr_triage.imaging.decoding.job import DecodeJob
    from cxr_triage.imaging.decoding.pool import DecoderPool
    data = open(sys.argv[1], "rb").read()
    pool = DecoderPool()
    array = pool.decode(DecodeJob(codec="jpeg2000", data=data, rows=160, columns=130))
    print(array.shape)
"""


@pytest.mark.parametrize("how", ["script without a guard", "module", "stdin"])
def test_the_parents_main_module_does_not_matter(tmp_path, how):
    """Not even one that forgets to close the pool."""
    (tmp_path / "frame.j2k").write_bytes(jpeg2000(chest(12), 12))
    (tmp_path / "entry").write_text(textwrap.dedent(PROGRAM))
    (tmp_path / "module.py").write_text(textwrap.dedent(PROGRAM))
    command = {"script without a guard": ["entry"], "module": ["-m", "module"], "stdin": ["-"]}[how]
    done = subprocess.run(
        [sys.executable, *command, "frame.j2k"],
        cwd=tmp_path,
        input=textwrap.dedent(PROGRAM),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("(160, 130)", "")


def test_a_process_ends_when_its_parent_is_killed(tmp_path):
    (tmp_path / "frame.j2k").write_bytes(jpeg2000(chest(12), 12))
    program = textwrap.dedent(PROGRAM) + textwrap.dedent("""
        import os, psutil
        print(*(child.pid for child in psutil.Process().children()), flush=True)
        os.abort()
    """)
    done = subprocess.run(
        [sys.executable, "-c", program, "frame.j2k"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    left = int(done.stdout.split()[-1])
    for _ in range(100):
        if not psutil.pid_exists(left) or psutil.Process(left).status() == "zombie":
            return
        time.sleep(0.05)
    pytest.fail("the process outlived its parent")


def test_modules_in_the_working_folder_are_not_run(tmp_path, monkeypatch):
    """Files to score may lie anywhere, beside anything."""
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    frame = jpeg2000(chest(12), 12)
    with DecoderPool() as pool:
        assert pool.decode(job("jpeg2000", frame, *chest(12).shape)).shape == chest(12).shape
