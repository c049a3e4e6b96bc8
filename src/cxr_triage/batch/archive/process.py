"""The process that scores for an archive run: entries come in, rows go out, in their order.

It writes nothing but pictures that were asked for, and ends when nobody speaks to it any more.
"""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from cxr_triage.batch.archive.job import Job
from cxr_triage.batch.archive.known import Known
from cxr_triage.batch.archive.rows import ScoredRow, packed_floats, read_row
from cxr_triage.batch.archive.sources import Contents, Entry
from cxr_triage.batch.output import draw_heatmaps
from cxr_triage.batch.results import row_of
from cxr_triage.batch.run import FileResult, read_result
from cxr_triage.errors import TriageError
from cxr_triage.imaging.configured import limits_of
from cxr_triage.result.public import model_fields
from cxr_triage.settings import read_settings
from cxr_triage.triage.image_reader import GatedImage
from cxr_triage.triage.loading import open_pipeline
from cxr_triage.triage.pipeline import Pipeline

Read = tuple[Entry, "Future[GatedImage | ScoredRow]"]


def main() -> None:
    """Serve until the input ends: first a job, then entries, a line each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when to end
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    job = Job.read(sys.stdin.buffer.readline().decode())
    settings = read_settings()
    try:
        with open_pipeline(
            settings,
            model=job.model,
            policy=Path(job.policy) if job.policy else None,
            workers=job.readers,
            threads=job.threads,
        ) as pipeline:
            _tell(answers, _ready(pipeline))
            scorer = _Scorer(pipeline, job, Contents(limits_of(settings)))
            for row in scorer.rows(sys.stdin.buffer):
                answers.write(row.line())
                answers.flush()
    except TriageError as error:
        _tell(answers, {"error": [type(error).__name__, error.code, error.values]})


def _tell(stream: IO[bytes], said: dict[str, Any]) -> None:
    stream.write((json.dumps(said, default=str) + "\n").encode())
    stream.flush()


def _ready(pipeline: Pipeline) -> dict[str, Any]:
    card = pipeline.engine.card
    return {
        "fingerprint": pipeline.fingerprint,
        "model": model_fields(card),
        "labels": [label.label for label in card.labels],
    }


class _Scorer:
    def __init__(self, pipeline: Pipeline, job: Job, contents: Contents) -> None:
        self._pipeline, self._job, self._contents = pipeline, job, contents
        self._known = Known(Path(job.known)) if job.known else None
        self._read = partial(pipeline.read, bits=job.bits, adult=job.adult)

    def rows(self, entries: IO[bytes]) -> Iterator[ScoredRow]:
        """A row for each line that comes in. Raises ModelError."""
        ahead: queue.SimpleQueue[Read | None] = queue.SimpleQueue()
        with ThreadPoolExecutor(self._job.readers, thread_name_prefix="read") as pool:

            def take() -> None:
                for line in entries:
                    entry = Entry.read(line)
                    ahead.put((entry, pool.submit(self._opened, entry)))
                ahead.put(None)

            threading.Thread(target=take, name="entries", daemon=True).start()
            while (one := ahead.get()) is not None:
                yield self._row(*one)

    def _opened(self, entry: Entry) -> GatedImage | ScoredRow:
        """The image, or the row that such a file has already."""
        data = self._contents.read(entry)
        line = self._known.line(sha256(data).hexdigest()) if self._known is not None else None
        row = read_row(line) if line is not None else None
        return self._read(data) if row is None else row

    def _row(self, entry: Entry, future: "Future[GatedImage | ScoredRow]") -> ScoredRow:
        read = read_result(future)
        path = Path(entry.path)
        if isinstance(read, ScoredRow):
            return ScoredRow(
                row=read.row | {"path": entry.path},
                logits=read.logits,
                embedding=read.embedding,
                maps=read.maps,
                shape=read.shape,
            )
        if isinstance(read, TriageError):
            return ScoredRow(row=self._said(entry.path, FileResult(path=path, error=read)))
        assessment, outputs = self._pipeline.scored(read)
        result = FileResult(path=path, assessment=assessment, radiograph=read.radiograph)
        if self._job.heatmaps:
            draw_heatmaps(
                result,
                self._job.folder,
                number=self._job.heatmaps,
                lossless=self._job.lossless,
                language=self._job.language,
            )
        row = self._said(entry.path, result)
        if outputs is None:
            return ScoredRow(row=row)
        labels = (label.label for label in self._pipeline.engine.card.labels)
        return ScoredRow(
            row=row,
            logits=dict(zip(labels, map(float, outputs.logits), strict=True)),
            embedding=packed_floats(outputs.embedding) if self._job.embeddings else "",
            maps=packed_floats(outputs.cams) if self._job.maps else "",
            shape=outputs.cams.shape if self._job.maps else (),
        )

    def _said(self, path: str, result: FileResult) -> dict[str, Any]:
        pipeline = self._pipeline
        row = row_of(
            result,
            pipeline.engine.card,
            pipeline.fingerprint,
            self._job.language,
            pipeline.policy.next_steps,
        )
        return row | {"path": path}


if __name__ == "__main__":
    main()
