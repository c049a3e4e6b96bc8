"""The folder of an archive run: what it is of, what of it is done, and nothing else's rows."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cxr_triage.batch.archive.durable import replaced
from cxr_triage.batch.archive.job import Job
from cxr_triage.batch.archive.known import write_known
from cxr_triage.batch.archive.plan import Plan, Shard
from cxr_triage.batch.archive.rows import RowFile
from cxr_triage.batch.archive.scorer import Facts
from cxr_triage.batch.archive.tables import WRITERS, TableFormat, read_json
from cxr_triage.batch.files import writing
from cxr_triage.batch.results import CSV_FILE, RESULTS_FILE
from cxr_triage.errors import InputInvalid

RUN_FILE: Final = "run.json"
STATE, PARTS = "state", "parts"
TABLES: Final[dict[TableFormat, str]] = {"jsonl": RESULTS_FILE, "csv": CSV_FILE}
"""What is joined to one file at the end; Parquet is read as a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardDone:
    """What was written of a shard. seconds: that it took. files: SHA-256 of each, by name."""

    rows: int
    seconds: float
    outcomes: Counter[str] = field(default_factory=Counter)
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """Can go to another machine that sees the same folder."""

    out: Path
    job: Job
    plan: Plan
    facts: Facts
    formats: tuple[TableFormat, ...]

    @property
    def state(self) -> Path:
        return self.out / STATE

    def lease_file(self, shard: Shard) -> Path:
        return self.state / f"{shard.key}.lease"

    def row_file(self, shard: Shard) -> Path:
        return self.state / f"{shard.key}.rows"

    def part(self, shard: Shard, kind: TableFormat) -> Path:
        return self.out / PARTS / f"part-{shard.number:05d}.{kind}"

    def done(self, shard: Shard) -> ShardDone | None:
        """What was made of the shard, if all of it is there."""
        try:
            said = read_json(self.state / f"{shard.key}.done")
        except (OSError, ValueError):
            return None
        if not all(self.part(shard, kind).is_file() for kind in self.formats):
            return None
        return ShardDone(
            rows=said["rows"],
            seconds=said["seconds"],
            outcomes=Counter(said["outcomes"]),
            files=said["files"],
        )

    def publish(self, shard: Shard, seconds: float) -> ShardDone:
        """Write the tables of a shard whose rows are all there, then that it is done.

        Raises OutputFailed or MissingExtra.
        """
        rows = RowFile(self.row_file(shard))
        outcomes = Counter(str(one.row["outcome"]) for one in rows)
        with writing():
            (self.out / PARTS).mkdir(exist_ok=True)
        files = {}
        for kind in self.formats:
            part = self.part(shard, kind)
            WRITERS[kind](part, rows, self.facts)
            files[part.name] = _digest(part)
        done = ShardDone(rows=outcomes.total(), seconds=seconds, outcomes=outcomes, files=files)
        said = {"rows": done.rows, "seconds": seconds, "outcomes": outcomes, "files": files}
        replaced(self.state / f"{shard.key}.done", [json.dumps(said).encode()])
        return done

    def rows(self) -> Iterator[RowFile]:
        """Of every shard, in order."""
        for shard in self.plan.shards:
            yield RowFile(self.row_file(shard))

    def join(self) -> dict[TableFormat, Path]:
        """One file of all parts, of each kind of table; what was made by name of kind."""
        joined: dict[TableFormat, Path] = {}
        for kind in self.formats:
            if kind not in TABLES:
                joined[kind] = self.out / PARTS
                continue
            joined[kind] = self.out / TABLES[kind]
            replaced(joined[kind], self._joined(kind))
        return joined

    def _joined(self, kind: TableFormat) -> Iterator[bytes]:
        for number, shard in enumerate(self.plan.shards):
            with self.part(shard, kind).open("rb") as part:
                if kind == "csv" and number:
                    part.readline()
                while block := part.read(1 << 20):
                    yield block

    def tidy(self) -> None:
        """Take away what is of earlier plans."""
        current = {shard.key for shard in self.plan.shards}
        for file in self.state.iterdir():
            if file.suffix in (".rows", ".done", ".lease") and file.stem not in current:
                file.unlink(missing_ok=True)
            if file.stem.startswith(("plan-", "known")) and file.stem != self.plan.file.stem:
                file.unlink(missing_ok=True)
        for file in (self.out / PARTS).glob("part-*"):
            number = file.name[len("part-") :].split(".")[0]
            if number.isdigit() and int(number) >= len(self.plan.shards):
                file.unlink(missing_ok=True)


def open_run(
    out: Path,
    job: Job,
    plan: Plan,
    facts: Facts,
    formats: tuple[TableFormat, ...],
    *,
    resume: bool,
) -> RunFolder:
    """Begin in `out`, or go on there. Raises InputInvalid where something else was begun there,
    OutputFailed."""
    about = {
        "fingerprint": facts.fingerprint,
        "model": facts.model,
        "labels": list(facts.labels),
        "formats": list(formats),
        **job.decides(),
    }
    run = RunFolder(out=out, job=job, plan=plan, facts=facts, formats=formats)
    if (out / RUN_FILE).exists():
        if not resume:
            raise InputInvalid("archive_exists")
        _check_same(out / RUN_FILE, about)
        return replace(run, job=_with_known(run))
    replaced(out / RUN_FILE, [json.dumps(about, indent=1).encode()])
    return run


DECIDED_BY = {
    "fingerprint": "--model, --policy", "model": "--model", "labels": "--model",
    "formats": "--csv, --parquet", "language": "--lang", "bits": "--bits",
    "adult": "--assume-adult", "embeddings": "--embeddings", "maps": "--maps",
}  # fmt: skip
"""By which options a run differs from the one before, in words that need no translation."""


def _check_same(file: Path, about: dict[str, Any]) -> None:
    try:
        before = read_json(file)
    except (OSError, ValueError):
        raise InputInvalid("archive_mixed", name=RUN_FILE) from None
    for name, value in about.items():
        if before.get(name) != value:
            raise InputInvalid("archive_mixed", name=DECIDED_BY[name])


def _with_known(run: RunFolder) -> Job:
    """The job, told of rows of shards that are in the plan no more, if there are some."""
    current = {shard.key for shard in run.plan.shards}
    earlier = sorted(file for file in run.state.glob("*.rows") if file.stem not in current)
    if not earlier:
        return run.job
    index = run.state / "known.index"
    write_known(index, earlier)
    return replace(run.job, known=str(index.resolve()))


def _digest(file: Path) -> str:
    found = sha256()
    with suppress(OSError), file.open("rb") as whole:
        while block := whole.read(1 << 20):
            found.update(block)
    return found.hexdigest()
