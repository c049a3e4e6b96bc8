"""A film decided as a whole: from which score on each finding makes it how urgent, and how
unusual it is among films without findings.

*Position* of a finding: the share of films without findings whose logit for it lies lower. Its
*extremeness* is the share that lies at least as high, divided by the label's weight. *Rarity* of
a finding: the share of films without findings that show some finding at least as extreme; of a
film: that of its most extreme finding. With many labels one is always high: that is paid for.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np

from cxr_triage.domain import TIERS, FilmDecision, ModelCard, ModelLabel, Tier
from cxr_triage.errors import PolicyInvalid
from cxr_triage.model.calibrate import calibrate, logit, score_of_probability, sigmoid
from cxr_triage.triage.policy import Policy
from cxr_triage.triage.positions import F64, Bools, FilmSet, Positions
from cxr_triage.triage.separation import AucInterval, auc_interval
from cxr_triage.triage.tail import Tail

Trust: TypeAlias = Literal["reliable", "not_reliable", "not_measured"]
Earned: TypeAlias = Literal["earned", "not_earned", "not_measured"]

ENOUGH_WELL: Final[Mapping[Tier, int]] = {"routine": 200, "urgent": 400, "critical": 1000}
"""Films without findings that a site needs to move that cut itself."""

ENOUGH_TRUE: Final = 30
"""Films with a finding, for the model to be called unreliable, or likely, about it."""

ENOUGH_CALLED: Final = 10
"""Films that were called so, for a precision to count."""

NEVER: Final = math.nextafter(1.0, 2.0)
"""A threshold that no score reaches."""

HIGHEST_LOGIT: Final = 30.0

UNRELIABLE_AUC: Final = 0.65
LITTLE: Final = 0.2
"""What is left of the weight of a label that is not reliable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCuts:
    """One label. operating_point: the card's, a raw probability; score 0.5. cuts: by tier, the
    score from which on it causes that.

    likely: the score from which on it is strongly suspected; None: no film is.
    """

    label: str
    operating_point: float
    cuts: Mapping[Tier, float]
    likely: float | None
    weight: float = 1.0
    trust: Trust = "not_measured"
    auc: AucInterval | None = None

    @property
    def threshold(self) -> float:
        """The score from which on it is flagged at all."""
        return min(self.cuts.values())

    def tier(self, score: float) -> Tier | None:
        """The most urgent that this score causes."""
        return next((tier for tier in TIERS if score >= self.cuts.get(tier, math.inf)), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """Where logits lie among films without findings.

    positions: the films that flag at all. site: a site's own, where there are any. labels: tails by
    label. film: of −log(extremeness) of those films.
    cuts: by tier, the extremeness from which on a film has it. bands: rarities, the rarest first.
    missed: of the films of `measured` with a finding, the share that nothing is flagged on.
    """

    positions: Positions
    site: Positions | None
    labels: Mapping[str, Tail] = field(repr=False)
    weights: Mapping[str, float]
    film: Tail = field(repr=False)
    cuts: Mapping[Tier, float]
    bands: tuple[float, ...]
    missed: float | None
    measured: Positions

    def position(self, label: str, logit: float) -> float:
        """Share of the films that lie lower, 0..1."""
        return self.labels[label].below(logit)

    def rarities(self, films: FilmSet, labels: Sequence[str]) -> F64:
        """Of each finding of each film [n, L]. labels: of the films' columns."""
        columns = [
            self.labels[name].above_each(films.logits[:, place]) / self.weights[name]
            for place, name in enumerate(labels)
        ]
        return np.stack([self.film.above_each(-np.log(column)) for column in columns], axis=1)

    def rarity(self, label: str, logit: float) -> float:
        """Share of the films that show some finding at least this unusual, 0..1."""
        return self._rarity_of(self.labels[label].above(logit) / self.weights[label])

    def decided(self, rarity: float) -> FilmDecision:
        """What is kept with a film's result."""
        films = self.positions
        return FilmDecision(
            rarity=rarity,
            band=sum(rarity > limit for limit in self.bands),
            cuts={tier: self._rarity_of(at) for tier, at in self.cuts.items()},
            films=films.source,
            population=films.population,
            number=int(films.fit_films.well.sum()),
            optimistic=films.optimistic,
            missed=self.missed,
            missed_films=self.measured.source if self.missed is not None else "",
        )

    def _rarity_of(self, extremeness: float) -> float:
        return min(self.film.above(-math.log(extremeness)), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """What decides with one model, one policy and the films that it was measured on.

    scale: None: not fitted to any films. critical: did that priority earn its name?
    by_site: tiers whose cut a site's own films make; the others are the reference films'.
    """

    labels: Mapping[str, LabelCuts]
    scale: Scale | None = None
    critical: Earned = "not_measured"
    critical_precision: float | None = None
    film_auc: AucInterval | None = None
    by_site: tuple[Tier, ...] = ()
    digest: str = ""

    @property
    def fitted(self) -> bool:
        return self.scale is not None

    @property
    def tells_apart(self) -> bool:
        """Do sick films lie higher than well ones, beyond chance, where that was measured?"""
        return self.film_auc is None or self.film_auc.low > 0.5

    def tiers_of(self, films: FilmSet, labels: Sequence[str]) -> list[Tier | None]:
        """What each film would be [n]. labels: of the columns of its logits."""
        return [
            min(
                (tier for tier in row if tier is not None),
                key=TIERS.index,
                default=None,
            )
            for row in self.findings_of(films, labels)
        ]

    def findings_of(self, films: FilmSet, labels: Sequence[str]) -> list[list[Tier | None]]:
        """What each label of each film would cause [n][L]. labels: of the films' columns."""
        cuts = [self.labels[name] for name in labels]
        return [
            [one.tier(score) for one, score in zip(cuts, row, strict=True)]
            for row in self._scores(films, cuts).tolist()
        ]

    def flagged(self, films: FilmSet, labels: Sequence[str]) -> Bools:
        """Is anything flagged on each film [n]? labels: of the films' columns."""
        cuts = [self.labels[name] for name in labels]
        lowest = np.array([one.threshold for one in cuts])
        return np.asarray((self._scores(films, cuts) >= lowest).any(axis=1))

    @staticmethod
    def _scores(films: FilmSet, cuts: Sequence[LabelCuts]) -> F64:
        points = np.array([one.operating_point for one in cuts], np.float32)
        return calibrate(sigmoid(films.logits.astype(np.float32)), points).astype(np.float64)


def decide(
    card: ModelCard,
    policy: Policy,
    positions: Positions | None = None,
    reference: Positions | None = None,
) -> Decision:
    """How films are decided. reference: what a site's own positions lean on where they are few.

    Raises PolicyInvalid `policy_not_measured` where the policy wants what no film can tell,
    `positions_of_another_model` or `positions_of_another_preprocessing`.
    """
    if policy.thresholds is not None:
        policy.check_model(card)
        return _by_points(card, policy, policy.thresholds.scores)
    if positions is None:
        if policy.decision.sensitivity:
            raise PolicyInvalid("policy_not_measured", tier=next(iter(policy.decision.sensitivity)))
        return _by_points(card, policy, {})
    return _Fit(card, policy, positions.check(card), reference and reference.check(card)).made()


def _by_points(card: ModelCard, policy: Policy, scores: Mapping[str, float]) -> Decision:
    """By operating points or a site's thresholds, one label at a time; nothing is critical."""
    return Decision(
        labels={
            label.label: _label_by_points(label, policy, scores.get(label.label, 0.5))
            for label in card.labels
        },
        digest=repr(sorted(scores.items())),
    )


def _label_by_points(label: ModelLabel, policy: Policy, threshold: float) -> LabelCuts:
    """A likely finding causes what it may; one that is only possible, the priority under it."""
    may = policy.rule(label.label).may
    likely = (
        None
        if label.likely_point is None
        else score_of_probability(label.likely_point, label.operating_point)
    )
    cuts: dict[Tier, float] = {"routine": threshold}
    if may == "critical":
        cuts = {"urgent": threshold}
    elif may == "urgent" and likely is not None:
        cuts["urgent"] = max(likely, threshold)
    return LabelCuts(
        label=label.label, operating_point=label.operating_point, cuts=cuts, likely=likely
    )


class _Fit:
    """The steps from films to cuts; each looks back at those before it."""

    def __init__(
        self, card: ModelCard, policy: Policy, site: Positions, reference: Positions | None
    ) -> None:
        self._card, self._policy = card, policy
        self._names = [label.label for label in card.labels]
        self._site = site
        self._reference = reference or site
        well = int(site.fit_films.well.sum())
        self.by_site: tuple[Tier, ...] = tuple(
            tier for tier in TIERS if reference is not None and well >= ENOUGH_WELL[tier]
        )
        self._truth = site if site.fit_films.labelled else self._reference
        self._tails = {
            id(films): _tails(films.fit_films, films.labels) for films in (site, self._reference)
        }
        rules = {name: policy.rule(name) for name in self._names}
        self._may: dict[str, Tier] = {name: rule.may for name, rule in rules.items()}
        self._weight = {name: rule.weight for name, rule in rules.items()}

    def made(self) -> Decision:
        aucs, film_auc = self._measure_trust()
        trust = {name: _trust(auc, film_auc) for name, auc in aucs.items()}
        for name, trusted in trust.items():
            if trusted == "not_reliable":
                self._may[name] = "routine"
                self._weight[name] *= LITTLE
        cuts = self._cuts()
        critical, precision = self._critical(cuts)
        if critical != "earned":
            cuts.pop("critical", None)
        logits = {name: self._logits(name, cuts) for name in self._names}
        labels = {
            label.label: LabelCuts(
                label=label.label,
                operating_point=label.operating_point,
                cuts={tier: _score(at, label) for tier, at in logits[label.label].items()},
                likely=self._likely(label, min(logits[label.label].values()), aucs[label.label]),
                weight=self._weight[label.label],
                trust=trust[label.label],
                auc=aucs[label.label],
            )
            for label in self._card.labels
        }
        draft = Decision(labels=labels)
        return Decision(
            labels=labels,
            scale=self._scale(cuts, *self._missed(draft)),
            critical=critical,
            critical_precision=precision,
            film_auc=film_auc,
            by_site=self.by_site,
            digest=f"{self._site.digest} {self._reference.digest}",
        )

    def _source(self, tier: Tier) -> Positions:
        return self._site if tier in self.by_site else self._reference

    def _labels_of(self, tier: Tier) -> list[str]:
        """Labels that may cause `tier`, or more."""
        return [name for name in self._names if TIERS.index(self._may[name]) <= TIERS.index(tier)]

    def _extremeness(self, films: FilmSet, source: Positions, labels: list[str]) -> F64:
        """Of each film [n]: the lowest over `labels`, against the population of `source`."""
        tails, places = self._tails[id(source)], self._places(source)
        columns = [
            tails[name].above_each(films.logits[:, places[name]]) / self._weight[name]
            for name in labels
        ]
        return np.asarray(np.min(columns, axis=0), np.float64)

    def _places(self, source: Positions) -> dict[str, int]:
        return {name: place for place, name in enumerate(source.labels)}

    def _measure_trust(self) -> tuple[dict[str, AucInterval | None], AucInterval | None]:
        """AUC of each label, and of the film as a whole, where enough films say."""
        films = self._truth.fit_films
        if not films.labelled:
            return dict.fromkeys(self._names), None
        places = self._places(self._truth)
        aucs = {}
        for name in self._names:
            true = films.showing([name])
            enough = true.sum() >= ENOUGH_TRUE
            aucs[name] = auc_interval(films.logits[:, places[name]], true) if enough else None
        whole = -self._extremeness(films, self._truth, self._names)
        return aucs, auc_interval(whole, ~films.well)

    def _cuts(self) -> dict[Tier, float]:
        """The extremeness from which on a film has each tier; none is wider than that below."""
        cuts: dict[Tier, float] = {}
        widest = math.inf
        for tier in reversed(TIERS):
            labels = self._labels_of(tier)
            if labels:
                widest = min(widest, self._cut(tier, labels))
                cuts[tier] = widest
        return cuts

    def _cut(self, tier: Tier, labels: list[str]) -> float:
        source = self._source(tier)
        wanted = self._policy.decision.sensitivity.get(tier)
        if wanted is None:
            films = source.fit_films
            population = self._extremeness(films, source, labels)[films.well]
            share = getattr(self._policy.decision.well_share, tier)
            return math.exp(-Tail.of(-np.log(population)).value_at(share))
        films = self._truth.fit_films
        sick = films.showing(labels) if films.labelled and tier != "routine" else ~films.well
        if not films.labelled or not sick.any():
            raise PolicyInvalid("policy_not_measured", tier=tier)
        reached = np.sort(self._extremeness(films, self._truth, labels)[sick])
        return float(reached[min(math.ceil(wanted * len(reached)), len(reached)) - 1])

    def _critical(self, cuts: Mapping[Tier, float]) -> tuple[Earned, float | None]:
        """Precision of that tier among films of which the policy's share have a finding."""
        films = self._truth.fit_films
        labels = self._labels_of("critical")
        if not labels or not films.labelled:
            return "not_measured", None
        called = self._extremeness(films, self._truth, labels) <= cuts["critical"]
        right = called & films.showing(labels)
        precision = precision_at(self._policy.decision.prevalence, called, right, films.well)
        if called.sum() < ENOUGH_CALLED or precision is None:
            return "not_measured", precision
        enough = precision >= self._policy.decision.critical_precision
        return ("earned" if enough else "not_earned"), precision

    def _likely(
        self, label: ModelLabel, flagged_from: float, auc: AucInterval | None
    ) -> float | None:
        """The card's own point, or the flagging one where that is higher, if it was measured."""
        films = self._truth.fit_films
        if label.likely_point is None or auc is None:
            return None
        cut = max(logit(label.likely_point), flagged_from)
        called = films.logits[:, self._places(self._truth)[label.label]] >= cut
        right = called & films.showing([label.label])
        precision = precision_at(self._policy.decision.prevalence, called, right, films.well)
        if called.sum() < ENOUGH_CALLED or precision is None:
            return None
        earned = precision >= self._policy.decision.likely_precision
        return _score(cut, label) if earned else None

    def _logits(self, name: str, cuts: Mapping[Tier, float]) -> dict[Tier, float]:
        """By tier, the logit from which on `name` causes it."""
        found: dict[Tier, float] = {}
        for tier, extremeness in cuts.items():
            if name in self._labels_of(tier):
                tail = self._tails[id(self._source(tier))][name]
                found[tier] = tail.value_at(extremeness * self._weight[name])
        return found

    def _missed(self, draft: Decision) -> tuple[float | None, Positions]:
        """Of measured films with a finding: the share that nothing is flagged on, and whose they
        are."""
        for positions in (self._site, self._reference):
            films = positions.measured_films
            if films is not None and films.labelled and not films.well.all():
                flagged = draft.flagged(films, positions.labels)[~films.well]
                return int((~flagged).sum()) / len(flagged), positions
        return None, self._reference

    def _scale(
        self, cuts: Mapping[Tier, float], missed: float | None, measured: Positions
    ) -> Scale:
        source = self._source("routine")
        films = source.fit_films
        population = self._extremeness(films, source, self._names)[films.well]
        return Scale(
            positions=source,
            site=None if self._site is self._reference else self._site,
            labels=self._tails[id(source)],
            weights=self._weight,
            film=Tail.of(-np.log(population)),
            cuts=cuts,
            bands=self._policy.decision.bands,
            missed=missed,
            measured=measured,
        )


def precision_at(prevalence: float, called: Bools, right: Bools, well: Bools) -> float | None:
    """Of the films that are called: the share that is right, if `prevalence` of all had a finding.

    Films with and without findings keep among themselves the mix that they have here.
    """
    if well.all() or not well.any():
        return None
    true = prevalence * right[~well].mean()
    every = prevalence * called[~well].mean() + (1 - prevalence) * called[well].mean()
    return float(true / every) if every > 0 else None


def _trust(auc: AucInterval | None, film: AucInterval | None) -> Trust:
    if film is not None and film.low <= 0.5:
        return "not_reliable"
    if auc is None:
        return "not_measured"
    return "not_reliable" if auc.high < UNRELIABLE_AUC else "reliable"


def _tails(films: FilmSet, labels: tuple[str, ...]) -> dict[str, Tail]:
    population = films.logits[films.well]
    return {name: Tail.of(population[:, place]) for place, name in enumerate(labels)}


def _score(logit_: float, label: ModelLabel) -> float:
    """A logit's score; at either end for what no film, or every film, reaches."""
    if logit_ > HIGHEST_LOGIT:
        return NEVER
    if logit_ < -HIGHEST_LOGIT:
        return 0.0
    probability = float(sigmoid(np.asarray(logit_, np.float32)))
    return score_of_probability(probability, label.operating_point)
