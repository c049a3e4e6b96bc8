"""Processes of one kind that do a service's jobs, lent out by turns.

A process that crashes, hangs or eats memory is killed and replaced; only its own job is
concerned. What comes back is JSON and raw arrays, checked: hostile bytes may have sent it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from cxr_triage import errors
from cxr_triage.errors import DecodingFailed, TriageError
from cxr_triage.imaging.decoding.pool import failure_of
from cxr_triage.imaging.decoding.supervision import Child, Loss, ProcessLost, Watchdog, WorkerPool
from cxr_triage.imaging.limits import MIB
from cxr_triage.logs import log
from cxr_triage.service.inference.turns import Claim, Turns

MAX_ANSWER_BYTES = 512 * MIB
AGAIN: frozenset[Loss] = frozenset({"crashed", "killed"})
"""Losses after which another process may do the same job: nobody can tell whose fault it was."""
REPORTED: dict[str, type[TriageError]] = {
    kind.__name__: kind
    for kind in (
        errors.NotAFilm,
        errors.NotAnImage,
        errors.UnreadableImage,
        errors.UnsupportedImage,
        errors.ImageTooLarge,
        errors.DecodingFailed,
        errors.DecodingInterrupted,
        errors.ModelError,
        errors.PolicyInvalid,
    )
}
"""Errors that a process may report."""

GreetedT = TypeVar("GreetedT")
ResultT = TypeVar("ResultT")
Greeted = Callable[[dict[str, Any]], GreetedT]
"""What a process says of itself when it is ready. Raises what kept it from that."""
AnswerParser = Callable[[GreetedT, dict[str, Any], bytearray], ResultT]
"""Turns an answer of a process that greeted so into a result. Raises ValueError, TypeError or
KeyError if it is none."""


class Workers(Generic[GreetedT]):
    """Safe to call from several threads; each job takes a turn and a process for itself.

    size: processes that may work. turns: whose turn it is. starts: of processes, the first ones
    included. losses: of processes that had a job, by why.
    greeted: what the process that started last says of itself.
    trouble: why the process that was to be started last could not be, if it could not.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        greeted: Greeted[GreetedT],
        turns: Turns,
        *,
        size: int,
        timeout_s: float,
        memory_mib: int,
        name: str,
    ) -> None:
        """module: what the processes run. timeout_s: processor time of one job. name: of the kind,
        in the log."""
        self.size = size
        self.turns = turns
        self.starts = 0
        self.losses: Counter[Loss] = Counter()
        self.greeted: GreetedT
        self.trouble: TriageError | None = None
        self._name = name
        self._module, self._arguments, self._parse_greeting = module, tuple(arguments), greeted
        self._timeout_s = timeout_s
        self._watchdog = Watchdog(memory_mib * MIB, name)
        self._pool = WorkerPool(size, self._start)
        self._counting = threading.Lock()
        self._only_party = ""
        self._filled = False
        self._closed = False

    def start(self, number: int) -> None:
        """Start so many processes now, and wait until each is ready; the others start when a
        second party comes, so that they are there when it needs them.

        Raises what a process reports instead, or DecodingFailed if it says nothing.
        """
        try:
            self._pool.start(number)
        except ProcessLost as problem:
            raise failure_of(problem.why) from None

    def do(
        self,
        head: dict[str, Any],
        body: bytes,
        parse: AnswerParser[GreetedT, ResultT],
        claim: Claim,
    ) -> ResultT:
        """The result of one job, when its turn has come. Raises ImageError (DecodingFailed if its
        process was lost), ModelError, or Overloaded."""
        self._meet(claim.party)
        with self.turns.turn(claim):
            try:
                return self._once(head, body, parse)
            except ProcessLost as loss:
                self._check_lost(loss, final=loss.why not in AGAIN)
            try:
                return self._once(head, body, parse)
            except ProcessLost as loss:
                self._check_lost(loss, final=True)
                raise

    def _meet(self, party: str) -> None:
        with self._counting:
            first, self._only_party = self._only_party, self._only_party or party
            if self._filled or not first or first == party:
                return
            self._filled = True
        self._in_background(self._pool.fill)

    def close(self) -> None:
        """End every process; jobs that run now, and any that come later, raise Overloaded."""
        self._closed = True
        self.turns.close()
        self._watchdog.close()
        self._pool.close()

    def _check_lost(self, loss: ProcessLost, *, final: bool) -> None:
        """Raises Overloaded where the service ends, and DecodingFailed if it is final."""
        self.turns.check_open()
        log.warning("%s process lost: %s", self._name, loss.why)
        if final:
            raise failure_of(loss.why) from None

    def _once(
        self, head: dict[str, Any], body: bytes, parse: AnswerParser[GreetedT, ResultT]
    ) -> ResultT:
        """Raises ProcessLost, or what the process reports."""
        try:
            with self._pool.lent() as worker:
                return worker.do(head, body, parse, self._timeout_s)
        except ProcessLost as loss:
            with self._counting:
                self.losses[loss.why] += 1
            self._in_background(self._replace)
            raise

    def _replace(self) -> None:
        """Start what was lost, so that the next job need not wait for it."""
        with self._pool.lent():
            pass

    def _in_background(self, start: Callable[[], None]) -> None:
        name = f"{self._name}-start"
        threading.Thread(target=self._started, args=(start,), name=name, daemon=True).start()

    def _started(self, start: Callable[[], None]) -> None:
        """Note what kept a process from being started."""
        if self._closed:
            return
        try:
            start()
        except TriageError as error:
            self.trouble = error
        except ProcessLost as loss:
            self.trouble = DecodingFailed(f"decoder_{loss.why}")
        if self.trouble is not None:
            log.error("%s process not started: %s", self._name, self.trouble.code)

    def _start(self) -> "_Worker[GreetedT]":
        child = Child(self._module, self._arguments, self._watchdog)
        try:
            greeted = self._parse_greeting(_checked(child.greeting))
        except BaseException:
            child.close()
            raise
        with self._counting:
            self.starts += 1
        self.greeted, self.trouble = greeted, None
        return _Worker(child, greeted)


class _Worker(Generic[GreetedT]):
    """One process and what it said of itself when it was ready."""

    def __init__(self, child: Child, greeted: GreetedT) -> None:
        self._child = child
        self._greeted = greeted

    @property
    def alive(self) -> bool:
        return self._child.alive

    def close(self) -> None:
        self._child.close()

    def do(
        self,
        head: dict[str, Any],
        body: bytes,
        parse: AnswerParser[GreetedT, ResultT],
        timeout_s: float,
    ) -> ResultT:
        """Raises ProcessLost, and the process is dead then, or what it reports."""
        with self._child.watched(timeout_s):
            self._child.send(head, body)
            answer = self._child.receive_head()
            if "error" not in answer:
                return parse(self._greeted, answer, self._receive_body(answer))
            error = _reported(answer)
        raise error

    def _receive_body(self, answer: dict[str, Any]) -> bytearray:
        length = int(answer["bytes"])
        if not 0 <= length <= MAX_ANSWER_BYTES:
            raise ValueError("no answer is as long")
        body = bytearray(length)
        self._child.receive_into(memoryview(body))
        return body


def _checked(greeting: dict[str, Any]) -> dict[str, Any]:
    """Raises the error that the process reports instead."""
    if "error" in greeting:
        raise _reported(greeting)
    return greeting


def _reported(answer: dict[str, Any]) -> TriageError:
    """The error that a process reports. Raises KeyError or TypeError if there is no such one."""
    kind, values = str(answer["error"]), answer.get("values") or {}
    if kind == "MemoryError":
        return DecodingFailed("decoder_memory")
    if not kind:
        log.error("unexpected %s in a process\n%s", answer["kind"], answer["where"])
        return TriageError("unexpected", kind=str(answer["kind"]))
    error = REPORTED[kind](str(answer["code"]), **values)
    error.message()
    return error
