"""Run as a program: keep an image and be killed at every step on the way, one after another.

`python -m tests.store.killed FOLDER` prints one JSON line a step. At each step a child
process of its own dies by SIGKILL, just before or just after the step: a file written,
synced or named, a folder made, a statement, a commit. Steps end when a child survives.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine, event

from cxr_triage.store.records import EVERYWHERE
from cxr_triage.store.repository import Store
from tests.store.builders import bytes_of, keep, store_in

MOST = 400
DIGEST = sha256(bytes_of(1)).hexdigest()


class Killer:
    """Dies at the n-th step."""

    def __init__(self, at: int) -> None:
        self._left = at

    def step(self, name: str) -> None:
        self._left -= 1
        if self._left == 0:
            sys.stdout.flush()
            os.write(3, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, function: Callable) -> Callable:
        def stepped(*args, **values):
            self.step(f"before {name}")
            result = function(*args, **values)
            self.step(f"after {name}")
            return result

        return stepped


def arm(at: int) -> Killer:
    """Make every step of this process one at which it may die."""
    killer = Killer(at)
    for owner, name in (
        (os, "fsync"),
        (os, "link"),
        (Path, "replace"),
        (Path, "mkdir"),
        (Path, "open"),
    ):
        setattr(owner, name, killer.around(name, getattr(owner, name)))
    event.listen(
        Engine, "before_cursor_execute", lambda *args: killer.step(f"before {args[2][:30]}")
    )
    event.listen(Engine, "after_cursor_execute", lambda *args: killer.step(f"after {args[2][:30]}"))
    event.listen(Engine, "commit", lambda *_: killer.step("before COMMIT"))
    return killer


def child(folder: Path, at: int, pipe: int) -> None:
    """Keep image 1, unless killed; say so when it is acknowledged."""
    os.dup2(pipe, 3)
    killer = arm(at)
    with store_in(folder) as store:
        keep(store, 1, study="1.7", sop="1.7.1", priority="urgent")
        killer.step("before the acknowledgement")
        os.write(3, b"acknowledged")


def killed_at(folder: Path, at: int) -> str:
    """What the child said last."""
    reads, writes = os.pipe()
    if (process := os.fork()) == 0:
        try:
            child(folder, at, writes)
        finally:
            os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as stream:
        said = stream.read()
    os.waitpid(process, 0)
    return said


def audited(store: Store, assessment_id: str) -> int:
    rows = store.audit_trail(before=None, limit=99)
    return sum(row.entry.assessment_id == assessment_id for row in rows)


def consequences(folder: Path, said: str) -> dict:
    """What is there after the kill, and after the upload is repeated."""
    with store_in(folder) as store:
        found = store.inspect()
        kept = store.find_result(DIGEST, "f" * 32, station_id="local")
        earlier = store.studies_with_uid("1.7", EVERYWHERE)[0]
        fact = {
            "step": said,
            "acknowledged": said.endswith("acknowledged"),
            "sound": found.sound,
            "orphans": len(found.orphans),
            "kept": kept is not None,
            "images": earlier.images,
            "priority": earlier.priority,
            "audited": audited(store, kept.assessment.id) if kept else 0,
        }
        again = keep(store, 1, study="1.7", sop="1.7.1", priority="urgent")
        after = store.studies_with_uid("1.7", EVERYWHERE)[0]
        return fact | {
            "made_again": again.created,
            "id": again.stored.assessment.id,
            "file": store.file(again.stored.assessment.id, EVERYWHERE) == bytes_of(1),
            "after": [after.images, after.priority, audited(store, again.stored.assessment.id)],
            "sound_after": store.inspect().sound,
        }


def main(folder: Path) -> None:
    template = folder / "template"
    with store_in(template) as store:
        keep(store, 0, study="1.7", sop="1.7.0", priority="routine")
    for at in range(1, MOST):
        store = folder / "store"
        shutil.copytree(template, store)
        said = killed_at(store, at)
        print(json.dumps(consequences(store, said)), flush=True)  # noqa: T201
        shutil.rmtree(store)
        if said == "acknowledged":
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
