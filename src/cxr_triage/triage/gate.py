"""May this image be scored? Rules on its header, its pixels, and what a small network sees.

A refusal is a value: the image is kept, shown as not assessed, and a doctor reads it.
"""

from dataclasses import dataclass, replace

from cxr_triage.domain import Eligibility, Header, PixelCorrection, Radiograph, Sight
from cxr_triage.errors import PolicyInvalid
from cxr_triage.imaging.prepare import AS_IT_IS, corrected, letterbox
from cxr_triage.model.gate_model import GateCard, GateModel
from cxr_triage.triage.header_rules import check_header
from cxr_triage.triage.pixel_rules import check_pixels
from cxr_triage.triage.policy import Policy
from cxr_triage.triage.sight_rules import (
    check_sight,
    corrected_warnings,
    correction_of,
    doubts_of,
)

GATE_VERSION = "3"
"""Changes whenever the same image under the same policy could be judged otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """What became of a decoded image, what was seen, and what must be put right to score it."""

    eligibility: Eligibility
    sight: Sight
    correction: PixelCorrection = AS_IT_IS


def gate_version(card: GateCard) -> str:
    """What the gate adds to a fingerprint: its rules and its network."""
    return f"{GATE_VERSION} {card.sha256}"


class Gate:
    """The rules of a policy and the network that it names. Safe to call from several threads."""

    def __init__(self, policy: Policy, model: GateModel) -> None:
        """Raises PolicyInvalid if the policy's limits were set for another network."""
        named, card = policy.sight, model.card
        if (named.gate, named.version) != (card.name, card.version):
            raise PolicyInvalid(
                "policy_thresholds_of_another_model",
                model=f"{named.gate} {named.version}",
                running=f"{card.name} {card.version}",
            )
        self.version = gate_version(card)
        self._policy = policy
        self._model = model

    def check_header(self, header: Header) -> Eligibility:
        """The decision on the header alone; refused images need not be decoded."""
        return check_header(header, self._policy.gate)

    def judge(self, radiograph: Radiograph) -> GateDecision:
        """The decision on the pixels and on what the network sees in them.

        Where the policy allows it, a film that lies the wrong way is put right; it is looked
        at again then, and must pass.
        """
        limits = self._policy.sight
        pixels = check_pixels(radiograph, self._policy.gate)
        sight = seen = self.look(radiograph)
        told = any(reason.code == "bits_unscaled" for reason in pixels.reasons)
        reasons, correction = () if told else check_sight(sight, limits), AS_IT_IS
        if reasons and limits.correct:
            padded = radiograph.pixel_policy.padded > 0
            candidate = replace(correction_of(sight, limits), padded=padded)
            again = self.look(radiograph, candidate)
            if not check_sight(again, limits):
                reasons, correction, seen = (), candidate, again
        found = (*pixels.reasons, *reasons)
        doubts = () if found else doubts_of(seen, limits)
        eligibility = Eligibility(
            status="refer" if found else "accept",
            reasons=found,
            warnings=(*corrected_warnings(correction), *pixels.warnings, *doubts),
        )
        return GateDecision(eligibility=eligibility, sight=sight, correction=correction)

    def look(self, radiograph: Radiograph, correction: PixelCorrection = AS_IT_IS) -> Sight:
        """What the network sees of the whole image once it is put right."""
        upright = corrected(radiograph.pixels, correction)
        return self._model.look(letterbox(upright, self._model.card.input_size))
