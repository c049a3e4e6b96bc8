"""What was done to the pixels, as one line of small print."""

from collections.abc import Iterator

from cxr_triage.domain import PixelPolicy
from cxr_triage.language import Language, say


def pixel_sentence(policy: PixelPolicy, language: Language) -> str:
    """The steps from stored values to the image shown, in their order."""
    return "; ".join(_steps(policy, language)) + "."


def _steps(policy: PixelPolicy, language: Language) -> Iterator[str]:
    yield say(f"pixels.modality.{policy.modality}", language)
    yield say(f"pixels.voi.{policy.voi}", language)
    if policy.window is not None:
        centre, width = policy.window
        yield say("pixels.window", language, centre=centre, width=width)
    if policy.inverted:
        yield say("pixels.inverted", language)
    dark, bright = policy.output_range[:: -1 if policy.inverted else 1]
    yield say("pixels.range", language, dark=dark, bright=bright)
    if policy.padded:
        yield say("pixels.padded", language, share=policy.padded)
    if policy.clipped:
        yield say("pixels.clipped", language, share=policy.clipped)
    if policy.resampled_to_square:
        yield say("pixels.resampled", language)
    if policy.film is not None:
        yield say("pixels.film", language, outside=policy.film.outside)
    if policy.stretched is not None:
        dark, bright = policy.stretched
        yield say("pixels.stretched", language, dark=dark, bright=bright)
