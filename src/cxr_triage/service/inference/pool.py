"""Reading, scoring and drawing in processes of their own, one model each.

A process that crashes, hangs or eats memory is killed and replaced; only its own job is
concerned. What comes back is JSON and raw arrays, checked: hostile bytes may have sent it.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cxr_triage import errors
from cxr_triage.domain import Assessment, FilmDecision, ModelCard, Patient
from cxr_triage.errors import DecodingFailed, Overloaded, TriageError
from cxr_triage.imaging.decoding.supervision import Child, Loss, ProcessLost, Watchdog, WorkerPool
from cxr_triage.imaging.limits import MIB
from cxr_triage.logs import log
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.result.document import pack, unpack
from cxr_triage.service.inference.jobs import (
    CARD,
    SCALE,
    Drawing,
    packed_body,
    packed_head,
    unpacked_body,
)
from cxr_triage.service.intake.declared import DECLARED, NOTHING_DECLARED, Declared
from cxr_triage.settings import Settings
from cxr_triage.triage.policy import Policy

PROCESS = "cxr_triage.service.inference.process"
MAX_ANSWER_BYTES = 512 * MIB
RETRY_AFTER_S = 2
TOLD_TO_PROCESS = {
    "model", "policy", "positions", "reference_films", "data_dir", "catalog", "max_file_mib",
    "max_megapixels", "decode_timeout_s", "decode_memory_mib", "worker_timeout_s",
    "worker_memory_mib",
}  # fmt: skip
REPORTED: dict[str, type[TriageError]] = {
    kind.__name__: kind
    for kind in (
        errors.NotAnImage,
        errors.UnreadableImage,
        errors.UnsupportedImage,
        errors.ImageTooLarge,
        errors.DecodingFailed,
        errors.ModelError,
        errors.PolicyInvalid,
    )
}
"""Errors that a process may report."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Running:
    """What a process runs. policy: its name and version; rules: what stands in it.

    scale: how a film that nothing stands out in is decided: among which films, and from where on;
    None: the model is fitted to no films.
    """

    card: ModelCard
    policy: str
    fingerprint: str
    rules: Policy
    scale: FilmDecision | None

    def would_make(self, found: Assessment) -> bool:
        """Is it of this model, policy and films? Its fingerprint says more: what was declared."""
        if (found.model.sha256, found.policy) != (self.card.sha256, self.policy):
            return False
        return found.outcome != "assessed" or _fit(found.decision) == _fit(self.scale)


def _fit(decision: FilmDecision | None) -> object:
    """What is the same for every film."""
    return None if decision is None else (decision.films, decision.number, dict(decision.cuts))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessed:
    """A file's result, and whom it shows."""

    assessment: Assessment
    patient: Patient = field(repr=False)


class InferencePool:
    """Safe to call from several threads; each call takes a process for itself.

    running: what the process that started last runs. Each result bears its own.
    jobs: that are done now or wait. starts: of processes, the first ones included. losses:
    of processes that had a job, by why.
    trouble: why the process that was to be started last could not be, if it could not.
    """

    def __init__(self, settings: Settings, *, module: str = PROCESS) -> None:
        """Start every process and wait until each has its model.

        Raises ModelError, PolicyInvalid, or DecodingFailed if one does not start.
        """
        self.size = settings.workers or usable_cpus()
        self._timeout_s = settings.worker_timeout_s
        self._module = module
        threads = settings.threads or max(1, usable_cpus() // self.size)  # shared out, if need be
        told = settings.model_dump(mode="json", include=TOLD_TO_PROCESS) | {"threads": threads}
        self._arguments = (json.dumps(told),)
        self._watchdog = Watchdog(settings.worker_memory_mib * MIB, "inference")
        self._workers = WorkerPool(self.size, self._start)
        self._slots = threading.BoundedSemaphore(self.size + settings.queue)
        self._counting = threading.Lock()
        self._closed = False
        self.jobs = 0
        self.starts = 0
        self.losses: Counter[Loss] = Counter()
        self.running: Running
        self.trouble: TriageError | None = None
        try:
            self._workers.start()
        except BaseException as problem:
            self.close()
            if isinstance(problem, ProcessLost):
                raise DecodingFailed(f"decoder_{problem.why}") from None
            raise

    def assess(self, file: Path, declared: Declared = NOTHING_DECLARED) -> Assessed:
        """Read and score one file; what is declared counts for pictures alone.

        Raises ImageError (DecodingFailed if its process was lost), ModelError, or
        Overloaded if `settings.queue` calls wait already.
        """

        def assessed(worker: _Worker, head: dict[str, Any], body: bytearray) -> Assessed:
            packed, _ = unpacked_body(head, body)
            identifier, name, birth_date, sex, issuer = (str(text) for text in head["patient"])
            return Assessed(
                assessment=unpack(packed, worker.running.card),
                patient=Patient(
                    id=identifier, name=name, birth_date=birth_date, sex=sex, issuer=issuer
                ),
            )

        told = DECLARED.dump_python(declared, mode="json")
        return self._done({"do": "assess", "file": str(file), "declared": told}, b"", assessed)

    def draw(self, data: bytes, assessment: Assessment, drawing: Drawing) -> bytes:
        """What `drawings.draw` makes of a file's bytes and its result. Raises as `assess`."""
        packed = pack(assessment)
        head = {
            "do": "draw",
            "drawing": asdict(drawing),
            "card": CARD.dump_python(assessment.model, mode="json"),
        }
        body = packed_body(packed, data)
        return self._done(
            head | packed_head(packed), body, lambda _worker, _head, body: bytes(body)
        )

    def close(self) -> None:
        """End every process; jobs that run now, and any that come later, raise Overloaded."""
        self._closed = True
        self._watchdog.close()
        self._workers.close()

    def _done(self, head: dict[str, Any], body: bytes, parse: "AnswerParser[ResultT]") -> ResultT:
        """Once, and once more in another process if the first was killed from outside or
        crashed: nobody can tell which."""
        with self._slot():
            try:
                return self._once(head, body, parse)
            except ProcessLost as loss:
                self._check_open()
                log.warning("inference process lost: %s", loss.why)
                if loss.why != "crashed":
                    raise DecodingFailed(f"decoder_{loss.why}") from None
            try:
                return self._once(head, body, parse)
            except ProcessLost as loss:
                self._check_open()
                log.warning("inference process lost again: %s", loss.why)
                raise DecodingFailed(f"decoder_{loss.why}") from None

    @contextmanager
    def _slot(self) -> Iterator[None]:
        self._check_open()
        if not self._slots.acquire(blocking=False):
            raise Overloaded("overloaded", retry_after_s=RETRY_AFTER_S)
        try:
            self._count(1)
            yield
        finally:
            self._count(-1)
            self._slots.release()

    def _count(self, jobs: int) -> None:
        with self._counting:
            self.jobs += jobs

    def _check_open(self) -> None:
        if self._closed:
            raise Overloaded("stopping", retry_after_s=RETRY_AFTER_S)

    def _once(self, head: dict[str, Any], body: bytes, parse: "AnswerParser[ResultT]") -> ResultT:
        """Raises ProcessLost, or what the process reports."""
        try:
            with self._workers.lent() as worker:
                return worker.do(head, body, parse, self._timeout_s)
        except ProcessLost as loss:
            with self._counting:
                self.losses[loss.why] += 1
            threading.Thread(target=self._replace, name="inference-replace", daemon=True).start()
            raise

    def _replace(self) -> None:
        """Start what was lost, so that the next job need not wait for it."""
        if self._closed:
            return
        try:
            with self._workers.lent():
                pass
        except TriageError as error:
            self.trouble = error
        except ProcessLost as loss:
            self.trouble = DecodingFailed(f"decoder_{loss.why}")
        if self.trouble is not None:
            log.error("inference process not replaced: %s", self.trouble.code)

    def _start(self) -> "_Worker":
        worker = _Worker(Child(self._module, self._arguments, self._watchdog))
        with self._counting:
            self.starts += 1
        self.running, self.trouble = worker.running, None
        return worker


class _Worker:
    """One process and what it said of itself when it was ready."""

    def __init__(self, child: Child) -> None:
        """Raises what stopped it from starting."""
        self._child = child
        try:
            self.running = _running(child.greeting)
        except BaseException:
            child.close()
            raise

    @property
    def alive(self) -> bool:
        return self._child.alive

    def close(self) -> None:
        self._child.close()

    def do(
        self, head: dict[str, Any], body: bytes, parse: "AnswerParser[ResultT]", timeout_s: float
    ) -> ResultT:
        """Raises ProcessLost, and the process is dead then, or what it reports."""
        with self._child.watched(timeout_s):
            self._child.send(head, body)
            answer = self._child.receive_head()
            if "error" not in answer:
                return parse(self, answer, self._receive_body(answer))
            error = _reported(answer)
        raise error

    def _receive_body(self, answer: dict[str, Any]) -> bytearray:
        length = int(answer["bytes"])
        if not 0 <= length <= MAX_ANSWER_BYTES:
            raise ValueError("no answer is as long")
        body = bytearray(length)
        self._child.receive_into(memoryview(body))
        return body


AnswerParser = Callable[[_Worker, dict[str, Any], bytearray], ResultT]
"""Turns an answer into a result. Raises ValueError, TypeError or KeyError if it is none."""


def _running(greeting: dict[str, Any]) -> Running:
    """Raises the error that the process reports instead."""
    if "error" in greeting:
        raise _reported(greeting)
    return Running(
        card=CARD.validate_python(greeting["card"]),
        policy=str(greeting["policy"]),
        fingerprint=str(greeting["fingerprint"]),
        rules=Policy.model_validate(greeting["rules"]),
        scale=SCALE.validate_python(greeting["scale"]),
    )


def _reported(answer: dict[str, Any]) -> TriageError:
    """The error that a process reports. Raises KeyError or TypeError if there is no such one."""
    kind, values = str(answer["error"]), answer.get("values") or {}
    if kind == "MemoryError":
        return DecodingFailed("decoder_memory")
    if not kind:
        log.error("unexpected %s in an inference process\n%s", answer["kind"], answer["where"])
        return TriageError("unexpected", kind=str(answer["kind"]))
    error = REPORTED[kind](str(answer["code"]), **values)
    error.message()
    return error
