"""DCMTK's programs, as modalities and archives."""

import shutil
import subprocess
from pathlib import Path

import pytest

needs_dcmtk = pytest.mark.skipif(
    shutil.which("storescu") is None, reason="needs Debian's dcmtk (then: make test-peers)"
)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
    )
