"""Which file is in which shard: written once, read piece by piece, the same on every machine."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from cxr_triage.batch.archive.durable import replaced, settle
from cxr_triage.batch.archive.sources import Entry
from cxr_triage.batch.files import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A part of the plan. key: changes with its place or with anything that it holds. start: of
    its first line in the plan, in bytes."""

    number: int
    key: str
    start: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All shards, and where the lines are."""

    file: Path
    shards: tuple[Shard, ...]

    @property
    def files(self) -> int:
        return sum(shard.files for shard in self.shards)

    def entries(self, shard: Shard) -> Iterator[Entry]:
        """Of one shard, in order."""
        with self.file.open("rb") as file:
            file.seek(shard.start)
            for _ in range(shard.files):
                yield Entry.read(file.readline())


def write_plan(folder: Path, found: Iterable[Entry], shard_files: int) -> Plan:
    """Write what is found to `folder`, and how it is cut into shards. Raises OutputFailed."""
    shards: list[Shard] = []
    lines: list[bytes] = []
    position = 0

    def cut() -> None:
        nonlocal position
        number = len(shards)
        text = b"".join(lines)
        key = f"{number:05d}-{sha256(text).hexdigest()[:12]}"
        shards.append(Shard(number=number, key=key, start=position, files=len(lines)))
        position += len(text)
        lines.clear()

    def parts() -> Iterator[bytes]:
        for entry in found:
            lines.append(entry.line())
            yield lines[-1]
            if len(lines) == shard_files:
                cut()
        if lines:
            cut()

    with writing():
        folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"draft-{uuid4().hex}"
    replaced(draft, parts())
    name = sha256("".join(shard.key for shard in shards).encode()).hexdigest()[:12]
    table = [[shard.number, shard.key, shard.start, shard.files] for shard in shards]
    plan = Plan(file=folder / f"plan-{name}.jsonl", shards=tuple(shards))
    replaced(plan.file.with_suffix(".shards"), [json.dumps(table).encode()])
    with writing():
        settle(draft, plan.file)
    return plan


def read_plan(file: Path) -> Plan:
    """What `write_plan` wrote. Raises OSError or ValueError."""
    table: list[Any] = json.loads(file.with_suffix(".shards").read_bytes())
    shards = (
        Shard(number=number, key=key, start=start, files=files)
        for number, key, start, files in table
    )
    return Plan(file=file, shards=tuple(shards))
