"""An inference process in which some files crash, hang, hog or lie; its pool's tests run it."""

import os
import signal
import sys
import time
from pathlib import Path

import data_store
import numpy as np

from cxr_triage.service.inference import process as inference_process

_assess = inference_process.JOBS["assess"]


def _crash(_):
    os._exit(3)


def _crash_once(file: Path):
    mark = file.with_suffix(".crashed")
    if not mark.exists():
        mark.touch()
        os._exit(3)
    return _named_for_its_process()


def _hang(_):
    time.sleep(600)


def _spin(_):
    while True:
        pass


def _hog(_):
    held = []
    while True:
        held.append(np.ones(1 << 21))
        time.sleep(0.002)


def _grab(_):
    return np.ones(1 << 42, np.uint8)


def _chatter(_):
    os.write(1, b"native code prints what it likes")
    sys.stdout.write("and so does Python")
    sys.stdout.flush()
    return _named_for_its_process()


def _lie(_):
    return {"patient": [], "document": 10**9, "shape": [2, 10**6, 7, 7]}, b"{}"


def _strange_error(_):
    raise type("Invented", (inference_process.TriageError,), {})("no_such_code")


def _bug(_):
    raise ZeroDivisionError("^".join(("NGUYEN", "A")))


def _slow(_):
    time.sleep(0.4)
    return _named_for_its_process()


def _waits(_):
    """Longer than its limit, but not at work."""
    time.sleep(2)
    return _named_for_its_process()


def _killed(_):
    os.kill(os.getpid(), signal.SIGKILL)


def _named_for_its_process():
    """A result whose patient is this process."""
    film = next((Path(data_store.__file__).parent / "data").glob("RG1_UNCR*"))
    head, body = _assess(
        _named_for_its_process.pipeline,
        {"file": str(film), "declared": {}, "unfinished": ""},
        bytearray(),
    )
    return head | {"patient": [str(os.getpid()), "", "", "", ""]}, body


FAULTS = {
    b"crash": _crash, b"crash once": _crash_once, b"hang": _hang, b"spin": _spin,
    b"hog": _hog, b"grab": _grab, b"chatter": _chatter, b"lie": _lie, b"killed": _killed,
    b"strange error": _strange_error, b"bug": _bug, b"slow": _slow, b"waits": _waits,
    b"pid": lambda _: _named_for_its_process(),
}  # fmt: skip


def assess(pipeline, head, body):
    _named_for_its_process.pipeline = pipeline
    file = Path(head["file"])
    fault = FAULTS.get(file.read_bytes().rpartition(b"fault ")[2])
    return fault(file) if fault and not head["unfinished"] else _assess(pipeline, head, body)


inference_process.JOBS["assess"] = assess
run = inference_process.run
