"""The process that draws films and their heatmaps. It has no model."""

import json
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from cxr_triage.domain import Radiograph
from cxr_triage.imaging.configured import decoder_of, limits_of
from cxr_triage.imaging.decoding.child import limit_memory, take_input, take_output
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.decoding.wire import send
from cxr_triage.imaging.limits import MIB, Limits
from cxr_triage.imaging.source import open_image
from cxr_triage.result.document import unpack
from cxr_triage.service.inference.allocator import keep_freed_memory
from cxr_triage.service.inference.answering import JobAnswer, answer_jobs
from cxr_triage.service.inference.drawings import draw
from cxr_triage.service.inference.jobs import CARD, Drawing, unpacked_body
from cxr_triage.settings import Settings

DRAWING = TypeAdapter(Drawing)


def run(arguments: list[str]) -> None:
    """`[settings as JSON]`, as the parent passes them."""
    keep_freed_memory()
    jobs, results = take_input(), take_output()
    settings = Settings(**json.loads(arguments[0]))
    with decoder_of(settings, workers=1) as decoder:
        limit_memory(settings.worker_memory_mib * MIB)
        send(results, {"ready": True})
        kinds = {"draw": partial(_draw, decoder, limits_of(settings))}
        answer_jobs(jobs, results, kinds, timeout_s=settings.worker_timeout_s)


def _draw(decoder: Decoder, limits: Limits, head: dict[str, Any], body: bytearray) -> JobAnswer:
    packed, data = unpacked_body(head, body)
    assessment = unpack(packed, CARD.validate_python(head["card"]))
    header = assessment.header
    bits = header.bits_stored if header.source == "picture" else None

    def decode() -> Radiograph:
        return open_image(data, limits, bits).decode(decoder)

    return {}, draw(decode, assessment, DRAWING.validate_python(head["drawing"]))
