"""The policy file: how films are decided, what each finding may cause, limits of the gate."""

import hashlib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxr_triage.domain import (
    PRIORITIES,
    RESEARCH,
    ModelCard,
    NextSteps,
    Priority,
    Reason,
    Step,
    Tier,
)
from cxr_triage.errors import PolicyInvalid
from cxr_triage.labels import NAMES

DEFAULT_POLICY = Path(__file__).with_name("policy.toml")
SHIPPED_POLICIES = {
    "default": DEFAULT_POLICY,
    "research": Path(__file__).with_name("research.toml"),
}

Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelRule(_Strict):
    """What a finding may cause at most, and how much of the false alarms it may make.

    weight: against the other labels; one of weight 2 is flagged at twice the share of the films
    without findings.
    """

    may: Tier
    weight: float = Field(default=1.0, gt=0, le=100)


class Shares(_Strict):
    """Of films without findings: how many may become at least this urgent."""

    routine: Share = 0.30
    urgent: Share = 0.08
    critical: Share = 0.01

    @model_validator(mode="after")
    def _ordered(self) -> "Shares":
        if not self.critical <= self.urgent <= self.routine:
            raise ValueError("critical <= urgent <= routine")
        return self


class DecisionRules(_Strict):
    """How a film is decided as a whole (see policy.toml).

    sensitivity: in place of a share: of the films with something that may cause a priority, how
    many must get at least that. prevalence: of the films that come, how many have a finding.
    bands: rarities that part a priority's films, the rarest first. maximum_wait_minutes: after
    which a film comes before all of its priority. early_reading: of the films with priority none,
    how many are marked for early reading.
    """

    well_share: Shares = Shares()
    sensitivity: dict[Tier, Share] = {}
    prevalence: Annotated[float, Field(gt=0, lt=1)] = 0.2
    critical_precision: Share = 0.3
    likely_precision: Share = 0.3
    bands: tuple[Share, Share] = (0.02, 0.1)
    maximum_wait_minutes: dict[Priority, Annotated[int, Field(ge=1)]] = {}
    early_reading: Share = 0.1

    @model_validator(mode="after")
    def _bands_ordered(self) -> "DecisionRules":
        if self.bands[0] > self.bands[1]:
            raise ValueError("bands: the rarer first")
        return self


class NextStep(_Strict):
    """What to do next, in both languages."""

    en: str = Field(min_length=1, max_length=300)
    vi: str = Field(min_length=1, max_length=300)


class GateLimits(_Strict):
    """What is refused, and from where on (see policy.toml for units)."""

    minimum_age_years: float = Field(ge=0)
    allow_for_processing: bool
    minimum_side_pixels: int = Field(ge=1)
    warn_side_pixels: int = Field(ge=1)
    minimum_grey_span: Share
    maximum_saturated: Share
    maximum_window_clipped: Share
    maximum_aspect_ratio: float = Field(ge=1)
    maximum_crop_loss: Share


class SightLimits(_Strict):
    """From which probability on what the learned gate sees refuses a film (see policy.toml).

    gate, version: the network that the limits were chosen for. minimum_chest_said: where a
    DICOM header says that it is a frontal chest film.
    """

    gate: str
    version: str
    correct: bool
    minimum_chest: Share
    minimum_chest_said: Share
    maximum_turned: Share
    maximum_inverted: Share
    maximum_cut_off: Share
    maximum_tiny: Share
    warn_mirrored: Share


class SiteThresholds(_Strict):
    """Thresholds in score units, bound to one version of one model, in place of shares."""

    model: str
    version: str
    scores: dict[str, Annotated[float, Field(gt=0, lt=1)]]


class Policy(_Strict):
    """A validated policy file."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,63}$")
    version: str = Field(min_length=1, max_length=32)
    purpose: Literal["triage", "research"] = "triage"
    decision: DecisionRules = DecisionRules()
    other: LabelRule = LabelRule(may="routine")
    labels: dict[str, LabelRule] = {}
    next_step: dict[Step, NextStep] = {}
    gate: GateLimits
    sight: SightLimits
    thresholds: SiteThresholds | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: two files that say the same have the same digest."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def rule(self, label: str) -> LabelRule:
        """What `label` may cause, and its weight."""
        return self.labels.get(label, self.other)

    @property
    def next_steps(self) -> NextSteps:
        """What the site says is to be done next, by priority and language."""
        return {priority: step.model_dump() for priority, step in self.next_step.items()}

    @property
    def warnings(self) -> tuple[Reason, ...]:
        """What every image assessed under this policy is marked with."""
        if self.purpose == "triage":
            return ()
        return (Reason(code=RESEARCH, measured=f"{self.name} {self.version}"),)

    def check_model(self, card: ModelCard) -> None:
        """Raises PolicyInvalid if the thresholds were set for another model or version."""
        site = self.thresholds
        if site is None:
            return
        if (site.model, site.version) != (card.name, card.version):
            raise PolicyInvalid(
                "policy_thresholds_of_another_model",
                model=f"{site.model} {site.version}",
                running=f"{card.name} {card.version}",
            )
        unknown = set(site.scores) - {label.label for label in card.labels}
        if unknown:
            raise PolicyInvalid("policy_unknown_label", label=sorted(unknown)[0])


def read_policy(name_or_file: Path | str | None = None) -> Policy:
    """The policy that ships under that name, or the one in that file; else the default.

    Raises PolicyInvalid: `policy_missing`, `policy_not_toml`, `policy_invalid` (naming the
    field) or `policy_unknown_label`.
    """
    name = name_or_file or "default"
    file = SHIPPED_POLICIES.get(str(name), Path(name))
    try:
        content = tomllib.loads(file.read_bytes().decode())
    except OSError:
        raise PolicyInvalid("policy_missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise PolicyInvalid("policy_not_toml", problem=str(problem)) from None
    try:
        policy = Policy.model_validate(content)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PolicyInvalid("policy_invalid", field=where, problem=first["msg"]) from None
    for label in policy.labels:
        if label not in NAMES:
            raise PolicyInvalid("policy_unknown_label", label=label)
    return policy


def urgency(tier: str) -> int:
    """Place of a priority in the order of the worklist: 0 is first."""
    return [str(priority) for priority in PRIORITIES].index(tier)
