"""A decoding process with codecs that crash, hang and eat memory; the pool's own tests run it."""

import os
import signal
import sys
import time

import numpy as np

from cxr_triage.imaging.decoding import codecs
from cxr_triage.imaging.decoding import process as worker_process


def _crash(job):
    os._exit(3)


def _abort(job):
    os.abort()


def _hang(job):
    time.sleep(600)


def _spin(job):
    while True:
        pass


def _hog(job):
    held = []
    while True:
        held.append(np.ones(1 << 20))
        time.sleep(0.002)


def _grab(job):
    return np.ones(1 << 40, np.uint8)


def _chatter(job):
    os.write(1, b"native code prints what it likes")
    sys.stdout.write("and so does Python")
    sys.stdout.flush()
    return np.zeros((job.rows, job.columns), np.uint8)


def _pid(job):
    return np.frombuffer(os.getpid().to_bytes(4, "little"), "u1").reshape(1, 4)


def _slow(job):
    time.sleep(0.3)
    return np.zeros((job.rows, job.columns), np.uint8)


def _deaf(job):
    """Is SIGINT kept from this process?"""
    if hasattr(os, "getpgrp") and os.getpgrp() != os.getpid():
        signal.raise_signal(signal.SIGINT)
    return np.zeros((job.rows, job.columns), np.uint8)


codecs.CODECS |= {
    "crash": _crash,
    "abort": _abort,
    "hang": _hang,
    "spin": _spin,
    "hog": _hog,
    "grab": _grab,
    "chatter": _chatter,
    "pid": _pid,
    "slow": _slow,
    "deaf": _deaf,
}

run = worker_process.run
