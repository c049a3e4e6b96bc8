"""The command with its arguments and its environment, in this process or in one of its own.

In this process it starts a second sooner: for what it says. That it starts by itself and ends
with its exit code is tried once for each command in a process of its own.
"""

import io
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from unittest.mock import patch

from cxr_triage.cli.app import main

COMMAND = [sys.executable, "-m", "cxr_triage"]


def environment_of(values: dict[str, str]) -> dict[str, str]:
    """That of the tests, and of the service's own settings these alone."""
    clean = {name: value for name, value in os.environ.items() if "CXR_TRIAGE" not in name}
    return clean | values


def in_own_process(*arguments, cwd=None, typed="", **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        cwd=cwd,
        env=environment_of(environment),
        check=False,
    )


def cxr_triage(*arguments, cwd=None, typed="", **environment) -> subprocess.CompletedProcess:
    """As `in_own_process`, but in this one."""
    words = ["cxr-triage", *map(str, arguments)]
    given, out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(3))
    given.write(typed)
    given.seek(0)
    with (
        patch.dict(os.environ, environment_of(environment), clear=True),
        patch.object(sys, "argv", words),
        patch.object(sys, "stdin", given),
        redirect_stdout(out),
        redirect_stderr(err),
        chdir(cwd or "."),
    ):
        code = _exit_code()
    return subprocess.CompletedProcess(words, code, _text(out), _text(err))


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    return 0


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
