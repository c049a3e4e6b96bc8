"""What a process that reads hostile files gets of its parent: no secret, and few rights.

Its environment is what an interpreter and its libraries need, whatever else stands in the parent's
(addresses with passwords, tokens). Once it runs, it opens few files, writes none, and starts no
process and no thread; who breaks it has little to go on with. Address space: see `child`.
"""

import ctypes
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

PASSED: Final = frozenset(
    {
        "PATH", "HOME", "TMPDIR", "TMP", "TEMP", "TZ", "LANG", "LANGUAGE",
        "PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "XDG_DATA_HOME", "ORT_DISABLE_TELEMETRY",
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
        "PROGRAMDATA", "NUMBER_OF_PROCESSORS",
    }
)  # fmt: skip
PASSED_PREFIXES: Final = ("LC_", "OMP_", "OPENBLAS_", "MKL_", "MALLOC_", "PROCESSOR_")
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

OPEN_FILES: Final = 64
"""Its pipes, and what libraries hold open."""

NO_NEW_PRIVILEGES: Final = 38
SET_DUMPABLE: Final = 4
"""prctl(2)."""


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The child's, out of the parent's."""
    whole = os.environ if given is None else given
    passed = {
        name: value
        for name, value in whole.items()
        if name.upper() in PASSED or name.upper().startswith(PASSED_PREFIXES)
    }
    return ONE_THREAD | passed


def confine(*, open_files: int = OPEN_FILES, alone: bool = True) -> None:
    """From now on and for good, where the platform can. alone: it starts nothing, not even a
    thread (the system holds only an ordinary user to that)."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415 (POSIX only)

        limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
        limits[resource.RLIMIT_NOFILE] = open_files
        if alone:
            limits[resource.RLIMIT_NPROC] = 0
        for kind, limit in limits.items():
            with suppress(ValueError, OSError):  # it is less already
                resource.setrlimit(kind, (limit, limit))
    _prctl(NO_NEW_PRIVILEGES, 1)


def hide_from_children() -> None:
    """Let no other process of the same user look into the memory of this one, its environment or
    its open files: a child that was broken into is such a one."""
    _prctl(SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
