"""The process that reads, scores and draws: one pipeline, one job at a time, over two pipes.

A job is a JSON head and a body; see `inference` for the other side.
"""

import json
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from cxr_triage.domain import FilmDecision
from cxr_triage.errors import TriageError
from cxr_triage.imaging.decoding.child import armed, limit_memory, take_input, take_output
from cxr_triage.imaging.decoding.confinement import confine
from cxr_triage.imaging.decoding.wire import receive, receive_head, send
from cxr_triage.imaging.limits import MIB
from cxr_triage.result.document import pack, unpack
from cxr_triage.service.inference.allocator import keep_freed_memory
from cxr_triage.service.inference.drawings import draw
from cxr_triage.service.inference.jobs import (
    CARD,
    SCALE,
    Drawing,
    packed_body,
    packed_head,
    unpacked_body,
)
from cxr_triage.service.intake.declared import DECLARED
from cxr_triage.service.intake.judging import judged, said_instead
from cxr_triage.settings import Settings
from cxr_triage.triage.loading import open_pipeline
from cxr_triage.triage.pipeline import Pipeline

JobAnswer = tuple[dict[str, Any], bytes]

DRAWING = TypeAdapter(Drawing)
OPEN_FILES = 256


def run(arguments: list[str]) -> None:
    """`[settings as JSON]`, as the parent passes them."""
    keep_freed_memory()
    jobs, results = take_input(), take_output()
    settings = Settings(**json.loads(arguments[0]))
    try:
        with open_pipeline(settings, model=None, policy=None, workers=1, threads=None) as pipeline:
            limit_memory(settings.worker_memory_mib * MIB)
            confine(open_files=OPEN_FILES, alone=False)  # it scores in threads, and has a decoder
            send(results, _greeting(pipeline))
            while True:
                try:
                    head = receive_head(jobs)
                    body = receive(jobs, bytearray(head["bytes"]))
                except EOFError:
                    return
                with armed(settings.worker_timeout_s):
                    _answer(results, pipeline, head, body)
    except TriageError as error:
        send(results, _told(error))


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


def _answer(results: BinaryIO, pipeline: Pipeline, head: dict[str, Any], body: bytearray) -> None:
    try:
        answer, payload = JOBS[head["do"]](pipeline, head, body)
    except TriageError as error:
        send(results, _told(error))
    except MemoryError:
        send(results, {"error": "MemoryError"})
    except Exception as error:  # noqa: BLE001 (the parent logs it and goes on with this process)
        where = "".join(traceback.format_tb(error.__traceback__))
        send(results, {"error": "", "kind": type(error).__name__, "where": where[-8192:]})
    else:
        send(results, answer, payload)


def _told(error: TriageError) -> dict[str, Any]:
    return {"error": type(error).__name__, "code": error.code, "values": error.values}


def _assess(pipeline: Pipeline, head: dict[str, Any], _: bytearray) -> JobAnswer:
    declared = DECLARED.validate_python(head["declared"])
    data = Path(head["file"]).read_bytes()
    instead = said_instead(declared)
    image = pipeline.read(data, declared.bits, instead, anyway=declared.anyway)
    image = judged(image, declared, pipeline.policy.gate)
    assessment = pipeline.score([image])[0]
    if declared.corrected or declared.anyway or image.header.source == "picture":
        fingerprint = declared.fingerprint(pipeline.fingerprint)
        assessment = replace(assessment, fingerprint=fingerprint)
    packed = pack(assessment)
    patient = image.patient
    whom = [patient.id, patient.name, patient.birth_date, patient.sex, patient.issuer]
    return packed_head(packed) | {"patient": whom}, packed_body(packed)


def _draw(pipeline: Pipeline, head: dict[str, Any], body: bytearray) -> JobAnswer:
    packed, data = unpacked_body(head, body)
    assessment = unpack(packed, CARD.validate_python(head["card"]))
    drawing = DRAWING.validate_python(head["drawing"])
    header = assessment.header
    bits = header.bits_stored if header.source == "picture" else None
    return {}, draw(lambda: pipeline.picture(data, bits), assessment, drawing)


JOBS = {"assess": _assess, "draw": _draw}
