"""Scoring and drawing in processes of their own: places for films, and places for drawings.

Turns go by party (`turns`), so that nobody's films or papers keep another's waiting.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cxr_triage.domain import Assessment, FilmDecision, ModelCard, Patient
from cxr_triage.errors import TriageError
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.result.document import pack, unpack
from cxr_triage.service.inference.jobs import (
    CARD,
    PRINTED,
    SCALE,
    Drawing,
    packed_body,
    packed_head,
    unpacked_body,
)
from cxr_triage.service.inference.turns import Claim, Rank, Turns
from cxr_triage.service.inference.workers import Greeted, GreetedT, Workers
from cxr_triage.service.intake.declared import DECLARED, NOTHING_DECLARED, Declared
from cxr_triage.settings import Settings
from cxr_triage.triage.policy import Policy

SCORING = "cxr_triage.service.inference.process"
DRAWING = "cxr_triage.service.inference.drawing_process"
KEPT_FREE = 1
"""Places beside those that a party alone can have: for who has none."""
PRINTED_AT_A_TIME = 1
"""Reports of one party."""
TOLD_TO_DRAWING = {
    "max_file_mib", "max_megapixels", "decode_timeout_s", "decode_memory_mib",
    "worker_timeout_s", "worker_memory_mib",
}  # fmt: skip
TOLD_TO_SCORING = TOLD_TO_DRAWING | {
    "model", "policy", "positions", "reference_films", "data_dir", "catalog",
}  # fmt: skip

OURS = Claim()
"""Of the service itself."""


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

    films, drawings: the processes of each kind, and whose turn it is; printing: whose report is
    made. One party alone has `settings.workers` films and as many drawings at a time.
    """

    def __init__(self, settings: Settings, *, module: str = SCORING) -> None:
        """Start what one party can keep busy, and wait until each process is ready.

        Raises ModelError, PolicyInvalid, or DecodingFailed if one does not start.
        """
        size = settings.workers or usable_cpus()
        threads = settings.threads or max(1, usable_cpus() // size)  # shared out, if need be
        scoring = settings.model_dump(mode="json", include=TOLD_TO_SCORING) | {"threads": threads}
        drawing = settings.model_dump(mode="json", include=TOLD_TO_DRAWING)
        self.films = _workers(module, scoring, _running, settings, at_a_time=size, name="inference")
        self.drawings = _workers(DRAWING, drawing, _ready, settings, at_a_time=size, name="drawing")
        self.printing = _turns(PRINTED_AT_A_TIME, settings)
        try:
            with ThreadPoolExecutor(2) as both:
                list(both.map(lambda workers: workers.start(size), (self.films, self.drawings)))
        except BaseException:
            self.close()
            raise

    @property
    def running(self) -> Running:
        """What the process that started last runs. Each result bears its own."""
        return self.films.greeted

    @property
    def trouble(self) -> TriageError | None:
        """Why a process could not be started, if one could not."""
        return self.films.trouble or self.drawings.trouble

    @property
    def threads(self) -> int:
        """Of callers that may wait here at a time."""
        return sum(one.threads for one in (self.films.turns, self.drawings.turns, self.printing))

    def assess(
        self,
        file: Path,
        declared: Declared = NOTHING_DECLARED,
        *,
        claim: Claim = OURS,
        unfinished: str = "",
    ) -> Assessed:
        """Read and score one file; what is declared counts for pictures alone.

        unfinished: why its pixels could not be read again and again (the code of
        DecodingInterrupted): they are not tried, and it is refused for that.
        Raises ImageError (DecodingFailed if its process was lost), ModelError, or Overloaded.
        """
        told = DECLARED.dump_python(declared, mode="json")
        head = {"do": "assess", "file": str(file), "declared": told, "unfinished": unfinished}
        return self.films.do(head, b"", _assessed, claim)

    def draw(
        self, data: bytes, assessment: Assessment, drawing: Drawing, *, party: str = ""
    ) -> bytes:
        """What `drawings.draw` makes of a file's bytes and its result, for that party. Raises as
        `assess`."""
        packed = pack(assessment)
        head = {
            "do": "draw",
            "drawing": asdict(drawing),
            "card": CARD.dump_python(assessment.model, mode="json"),
        }
        claim = Claim(party=party, rank=_rank(assessment, drawing))
        body = packed_body(packed, data)
        return self.drawings.do(head | packed_head(packed), body, _drawn, claim)

    def close(self) -> None:
        """End every process; jobs that run now, and any that come later, raise Overloaded."""
        self.printing.close()
        self.films.close()
        self.drawings.close()


def _workers(
    module: str,
    told: dict[str, Any],
    greeted: Greeted[GreetedT],
    settings: Settings,
    *,
    at_a_time: int,
    name: str,
) -> Workers[GreetedT]:
    """Of which one party alone has `at_a_time`."""
    return Workers(
        module,
        (json.dumps(told),),
        greeted,
        _turns(at_a_time, settings),
        size=at_a_time + KEPT_FREE,
        timeout_s=settings.worker_timeout_s,
        memory_mib=settings.worker_memory_mib,
        name=name,
    )


def _turns(at_a_time: int, settings: Settings) -> Turns:
    return Turns(at_a_time + KEPT_FREE, settings.queue, kept_free=KEPT_FREE)


def _rank(assessment: Assessment, drawing: Drawing) -> Rank:
    """Somebody looks at a picture; a paper can wait."""
    if drawing.kind in PRINTED:
        return Rank.PRINTED
    return Rank.FIRST if assessment.priority == "critical" else Rank.ORDINARY


def _assessed(running: Running, head: dict[str, Any], body: bytearray) -> Assessed:
    packed, _ = unpacked_body(head, body)
    identifier, name, birth_date, sex, issuer = (str(text) for text in head["patient"])
    return Assessed(
        assessment=unpack(packed, running.card),
        patient=Patient(id=identifier, name=name, birth_date=birth_date, sex=sex, issuer=issuer),
    )


def _drawn(_: None, __: dict[str, Any], body: bytearray) -> bytes:
    return bytes(body)


def _ready(_: dict[str, Any]) -> None:
    """It has nothing to say of itself."""


def _running(greeting: dict[str, Any]) -> Running:
    return Running(
        card=CARD.validate_python(greeting["card"]),
        policy=str(greeting["policy"]),
        fingerprint=str(greeting["fingerprint"]),
        rules=Policy.model_validate(greeting["rules"]),
        scale=SCALE.validate_python(greeting["scale"]),
    )
