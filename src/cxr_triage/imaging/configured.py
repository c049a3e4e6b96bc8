"""The settings' limits and decoders, in the units of imaging. It loads no model."""

from cxr_triage.imaging.decoding.pool import DecoderPool
from cxr_triage.imaging.limits import MIB, Limits
from cxr_triage.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """How large an image may be."""
    return Limits(
        max_file_bytes=settings.max_file_mib * MIB,
        max_inflated_bytes=settings.max_file_mib * MIB,
        max_pixels=settings.max_megapixels * 1_000_000,
    )


def decoder_of(settings: Settings, workers: int) -> DecoderPool:
    """At most so many processes; to be closed."""
    return DecoderPool(
        workers=workers,
        timeout_s=settings.decode_timeout_s,
        memory_bytes=settings.decode_memory_mib * MIB,
    )
