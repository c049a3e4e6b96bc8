"""What both kinds of process do: one job at a time from standard input, its answer to standard
output. A job is a JSON head and a body; see `workers` for the other side.
"""

import traceback
from collections.abc import Callable, Mapping
from io import FileIO
from typing import Any, BinaryIO

from cxr_triage.errors import TriageError
from cxr_triage.imaging.decoding.child import armed
from cxr_triage.imaging.decoding.confinement import confine
from cxr_triage.imaging.decoding.wire import receive, receive_head, send

OPEN_FILES = 256

JobAnswer = tuple[dict[str, Any], bytes]
Job = Callable[[dict[str, Any], bytearray], JobAnswer]
"""From a head and a body to those of the answer. Raises TriageError."""


def answer_jobs(
    jobs: FileIO, results: BinaryIO, kinds: Mapping[str, Job], *, timeout_s: float
) -> None:
    """Serve until the input ends, with few rights. kinds: by what a head says is to be done."""
    confine(open_files=OPEN_FILES, alone=False)  # both have a decoder, and one scores in threads
    while True:
        try:
            head = receive_head(jobs)
            body = receive(jobs, bytearray(head["bytes"]))
        except EOFError:
            return
        with armed(timeout_s):
            _answer(results, kinds, head, body)


def told(error: TriageError) -> dict[str, Any]:
    """An error for the other side."""
    return {"error": type(error).__name__, "code": error.code, "values": error.values}


def _answer(
    results: BinaryIO, kinds: Mapping[str, Job], head: dict[str, Any], body: bytearray
) -> None:
    try:
        answer, payload = kinds[head["do"]](head, body)
    except TriageError as error:
        send(results, told(error))
    except MemoryError:
        send(results, {"error": "MemoryError"})
    except Exception as error:  # noqa: BLE001 (the parent logs it and goes on with this process)
        where = "".join(traceback.format_tb(error.__traceback__))
        send(results, {"error": "", "kind": type(error).__name__, "where": where[-8192:]})
    else:
        send(results, answer, payload)
