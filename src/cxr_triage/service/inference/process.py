"""The process that reads and scores: one pipeline, one job at a time, over two pipes."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from cxr_triage.domain import FilmDecision
from cxr_triage.errors import TriageError
from cxr_triage.imaging.decoding.child import (
    give_way,
    limit_memory,
    take_input,
    take_output,
)
from cxr_triage.imaging.decoding.wire import send
from cxr_triage.imaging.limits import MIB
from cxr_triage.result.document import pack
from cxr_triage.service.inference.allocator import keep_freed_memory
from cxr_triage.service.inference.answering import JobAnswer, answer_jobs, told
from cxr_triage.service.inference.jobs import CARD, SCALE, packed_body, packed_head
from cxr_triage.service.intake.declared import DECLARED
from cxr_triage.service.intake.judging import judged, said_instead
from cxr_triage.settings import Settings
from cxr_triage.triage.loading import open_pipeline
from cxr_triage.triage.pipeline import Pipeline


def run(arguments: list[str]) -> None:
    """`[settings as JSON]`, as the parent passes them."""
    keep_freed_memory()
    give_way()
    jobs, results = take_input(), take_output()
    settings = Settings(**json.loads(arguments[0]))
    try:
        with open_pipeline(settings, model=None, policy=None, workers=1, threads=None) as pipeline:
            limit_memory(settings.worker_memory_mib * MIB)
            send(results, _greeting(pipeline))
            kinds = {name: partial(job, pipeline) for name, job in JOBS.items()}
            answer_jobs(jobs, results, kinds, timeout_s=settings.worker_timeout_s)
    except TriageError as error:
        send(results, told(error))


def _greeting(pipeline: Pipeline) -> dict[str, Any]:
    """What runs here, for the parent to show and to recognise results by."""
    return {
        "card": CARD.dump_python(pipeline.engine.card, mode="json"),
        "policy": f"{pipeline.policy.name} {pipeline.policy.version}",
        "fingerprint": pipeline.fingerprint,
        "rules": pipeline.policy.model_dump(mode="json"),
        "scale": SCALE.dump_python(_scale(pipeline), mode="json"),
    }


def _scale(pipeline: Pipeline) -> FilmDecision | None:
    scale = pipeline.decision.scale
    return None if scale is None else scale.decided(1.0)


def _assess(pipeline: Pipeline, head: dict[str, Any], _: bytearray) -> JobAnswer:
    declared = DECLARED.validate_python(head["declared"])
    data = Path(head["file"]).read_bytes()
    image = pipeline.read(
        data,
        declared.bits,
        said_instead(declared),
        anyway=declared.anyway,
        unfinished=head["unfinished"],
    )
    image = judged(image, declared, pipeline.policy.gate)
    assessment = pipeline.score([image])[0]
    if declared.corrected or declared.anyway or image.header.source == "picture":
        fingerprint = declared.fingerprint(pipeline.fingerprint)
        assessment = replace(assessment, fingerprint=fingerprint)
    packed = pack(assessment)
    patient = image.patient
    whom = [patient.id, patient.name, patient.birth_date, patient.sex, patient.issuer]
    return packed_head(packed) | {"patient": whom}, packed_body(packed)


JOBS: dict[str, Callable[[Pipeline, dict[str, Any], bytearray], JobAnswer]] = {"assess": _assess}
