"""The process that decodes: reads jobs from standard input, writes arrays to standard output."""

from typing import BinaryIO

from cxr_triage.errors import ImageError
from cxr_triage.imaging.decoding.child import armed, limit_memory, take_input, take_output
from cxr_triage.imaging.decoding.codecs import decode_frame
from cxr_triage.imaging.decoding.confinement import confine
from cxr_triage.imaging.decoding.job import DecodeJob
from cxr_triage.imaging.decoding.wire import as_bytes, receive, receive_head, send


def main(memory_bytes: int, timeout_s: float) -> None:
    """Serve until the input ends."""
    jobs, results = take_input(), take_output()
    limit_memory(memory_bytes)
    confine()
    send(results, {"ready": True})
    while True:
        try:
            head = receive_head(jobs)
            data = receive(jobs, bytearray(head.pop("bytes")))
        except EOFError:
            return
        with armed(timeout_s):
            _answer(results, DecodeJob(data=memoryview(data), **head))


def _answer(results: BinaryIO, job: DecodeJob) -> None:
    try:
        array = decode_frame(job)
    except ImageError as error:
        send(
            results,
            {"error": type(error).__name__, "code": error.code, "values": error.values},
        )
    except MemoryError:
        send(results, {"error": "MemoryError"})
    else:
        send(
            results,
            {"dtype": array.dtype.str, "shape": array.shape},
            as_bytes(array),
        )


def run(arguments: list[str]) -> None:
    """`[memory_bytes, timeout_s]`, as the parent passes them."""
    main(int(arguments[0]), float(arguments[1]))
