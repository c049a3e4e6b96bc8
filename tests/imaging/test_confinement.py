"""What reads hostile files knows no secret and can do little."""

import os
import subprocess
import sys
import textwrap

import psutil
import pytest

from cxr_triage.imaging.decoding.confinement import environment
from cxr_triage.imaging.decoding.pool import DecoderPool

from .films import chest, jpeg2000
from .test_worker import job

SECRETS = {
    "CXR_TRIAGE_DATABASE_URL": "postgresql://triage:secret@db/triage",
    "CXR_TRIAGE_OIDC_CLIENT_SECRET": "secret",
    "CXR_TRIAGE_SECRETS_DIR": "/run/secret",
    "PGPASSWORD": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "SSH_AUTH_SOCK": "/tmp/secret",  # noqa: S108 (a value)
    "LD_PRELOAD": "secret.so",
}

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root, to become somebody else"
)


def test_a_child_gets_nothing_that_it_does_not_need():
    needed = {"PATH": "/bin", "LC_ALL": "vi_VN.UTF-8", "Path": "C:\\", "OMP_NUM_THREADS": "2"}
    found = environment(needed | SECRETS)
    assert found == needed | {"OPENBLAS_NUM_THREADS": "1"}


@needs_linux
def test_a_decoder_has_no_secret_in_its_environment(monkeypatch):
    for name, value in SECRETS.items():
        if name != "LD_PRELOAD":  # of which the tests' own children would complain
            monkeypatch.setenv(name, value)
    before = set(psutil.Process().children())
    with DecoderPool() as pool:
        pool.decode(job("jpeg2000", jpeg2000(chest(12), 12), *chest(12).shape))
        (child,) = set(psutil.Process().children()) - before
        assert "PATH" in child.environ()
        assert not any("secret" in value for value in child.environ().values())
        limits = {
            kind: child.rlimit(getattr(psutil, kind))
            for kind in ("RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CORE")
        }
        assert limits == {
            "RLIMIT_NOFILE": (64, 64), "RLIMIT_NPROC": (0, 0), "RLIMIT_FSIZE": (0, 0),
            "RLIMIT_CORE": (0, 0),
        }  # fmt: skip
        assert 0 < child.rlimit(psutil.RLIMIT_AS)[0] < 8 << 30


PROGRAM = """
    # decodes once before it is somebody else, who may not read the interpreter's files
    import io, os, resource, struct, sys, threading
    import numpy as np
    from PIL import Image
    from cxr_triage.imaging.decoding.child import armed, limit_memory
    from cxr_triage.imaging.decoding.codecs import CODECS, decode_frame
    from cxr_triage.imaging.decoding.confinement import confine
    from cxr_triage.imaging.decoding.job import DecodeJob
    import imagecodecs

    grey = (np.arange(64 * 48) % 251).astype(np.uint8).reshape(64, 48)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    rle = struct.pack("<16L", 1, 64, *[0] * 14)
    rle += b"".join(bytes([47]) + row.tobytes() for row in grey)
    frames = {
        "jpeg": imagecodecs.jpeg8_encode(grey), "jpegls": imagecodecs.jpegls_encode(grey),
        "jpeg2000": imagecodecs.jpeg2k_encode(grey), "jpegxl": imagecodecs.jpegxl_encode(grey),
        "rle": rle, "picture": buffer.getvalue(),
        "photographed": buffer.getvalue(),
    }
    assert frames.keys() == CODECS.keys()
    jobs = {
        codec: DecodeJob(
            codec=codec, data=data, rows=1 if codec == "photographed" else 64,
            columns=1 if codec == "photographed" else 48,
        )
        for codec, data in frames.items()
    }
    for job in jobs.values():
        decode_frame(job)
    limit_memory(700 << 20)
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    confine()
    for codec, job in jobs.items():
        with armed(20):
            decode_frame(job)
        print(codec)
    for name, attempt in {
        "process": lambda: os.fork() or os._exit(0),
        "thread": lambda: threading.Thread(target=print).start(),
        "writing": lambda: open(sys.argv[1], "ab", buffering=0).write(b"x"),
        "files": lambda: [open(os.devnull) for _ in range(99)],
    }.items():
        try:
            attempt()
            print(name, "works")
        except (OSError, RuntimeError):
            print(name, "refused")
"""


@needs_linux
@needs_root
def test_every_codec_works_confined_and_nothing_else_does(tmp_path):
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o666)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(file)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[:7] == [
        "jpeg", "jpegls", "jpeg2000", "jpegxl", "rle", "picture", "photographed",
    ], done.stderr  # fmt: skip
    assert lines[7:] == ["process refused", "thread refused", "writing refused", "files refused"]
    assert file.stat().st_size == 0


HIDING = """
    import ctypes
    from cxr_triage.imaging.decoding.confinement import hide_from_children
    dumpable = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
    before = dumpable()
    hide_from_children()
    print(before, dumpable())
"""


@needs_linux
def test_the_service_hides_its_memory_and_environment_from_its_children():
    """PR_GET_DUMPABLE: 0 makes what /proc has of a process the superuser's (proc(5), ptrace(2))."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HIDING)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "1 0", done.stderr
