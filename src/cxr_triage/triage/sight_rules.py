"""What follows from what the learned gate saw: reasons, warnings, and what can be put right."""

from cxr_triage.domain import PixelCorrection, Reason, Sight
from cxr_triage.triage.policy import SightLimits

TURNS = ("left", "down", "right")
"""Where the head of a film points that was turned by 1, 2, 3 quarters counter-clockwise."""


def check_sight(sight: Sight, limits: SightLimits) -> tuple[Reason, ...]:
    """Why this is not the whole of an upright frontal chest film; empty if it is."""
    if sight.chest < limits.minimum_chest:
        return (_reason("not_chest", sight.chest, limits.minimum_chest),)
    _, cut_off, tiny = sight.field
    found = [*_wrong_way(sight, limits)]
    if cut_off > limits.maximum_cut_off:
        found.append(_reason("cut_off", cut_off, limits.maximum_cut_off))
    if tiny > limits.maximum_tiny:
        found.append(_reason("tiny", tiny, limits.maximum_tiny))
    return tuple(found)


def doubts_of(sight: Sight, limits: SightLimits) -> tuple[Reason, ...]:
    """What should be looked at although it does not refuse the film."""
    if sight.mirrored <= limits.warn_mirrored:
        return ()
    return (_reason("mirrored", sight.mirrored, limits.warn_mirrored),)


def correction_of(sight: Sight, limits: SightLimits) -> PixelCorrection:
    """How the image lies, as far as the gate is sure of it."""
    quarter_turns = _quarter_turns(sight)
    turned = sight.turn[quarter_turns] > limits.maximum_turned
    return PixelCorrection(
        quarter_turns=quarter_turns if turned else 0,
        inverted=sight.inverted > limits.maximum_inverted,
    )


def corrected_warnings(correction: PixelCorrection) -> tuple[Reason, ...]:
    """What was done to the image before it was scored."""
    done = []
    if correction.quarter_turns:
        done.append(Reason(code=f"corrected_{TURNS[correction.quarter_turns - 1]}"))
    if correction.inverted:
        done.append(Reason(code="corrected_inverted"))
    return tuple(done)


def _wrong_way(sight: Sight, limits: SightLimits) -> tuple[Reason, ...]:
    correction, found = correction_of(sight, limits), []
    if correction.quarter_turns:
        measured = sight.turn[correction.quarter_turns]
        code = f"turned_{TURNS[correction.quarter_turns - 1]}"
        found.append(_reason(code, measured, limits.maximum_turned))
    if correction.inverted:
        found.append(_reason("inverted", sight.inverted, limits.maximum_inverted))
    return tuple(found)


def _quarter_turns(sight: Sight) -> int:
    """The likeliest of the three ways that are not upright."""
    return max((1, 2, 3), key=lambda turns: sight.turn[turns])


def _reason(code: str, measured: float, limit: float) -> Reason:
    return Reason(code=code, measured=round(measured, 3), limit=limit)
