"""What a study's report lays out, in words already: for its page and its PDF."""

from dataclasses import dataclass, field

from cxr_triage.domain import FilmDecision, Finding, Priority
from cxr_triage.language import Language

Facts = tuple[tuple[str, str], ...]
"""What something is called, and what it is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SheetPicture:
    """A picture, its caption, what kind of picture it is; of a heatmap its finding and the
    end of its scale in log-odds."""

    data: bytes = field(repr=False)
    caption: str
    kind: str
    finding: Finding | None = None
    top: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SheetRow:
    """A finding in the table. value: how unusual it is; without a decision its score, and limit
    its threshold."""

    finding: Finding
    decision: FilmDecision | None
    name: str
    level: str
    value: str
    limit: str
    evidence: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReview:
    """A review: its heading with reader and moment, then what it says. signed: for good."""

    heading: str
    facts: Facts = field(repr=False)
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmSheet:
    """An image. scale: what the bars of its rows show. rest: findings not flagged, in a line;
    unread: that nobody read it, or that the study's signature stands for it; empty if a review
    does."""

    title: str
    pictures: tuple[SheetPicture, ...]
    remarks: tuple[str, ...]
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    scale: str
    rest: str
    reviews: tuple[SheetReview, ...]
    unread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDecision:
    """What doctors signed, before all else: their priority and its word, None and empty where they
    gave none; who; their conclusions."""

    priority: Priority | None
    word: str
    by: str
    conclusions: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """The whole. unsigned, mark: the sentence and the word on every page, empty once signed.
    signature: for the whole study, empty if there is none.

    nameless: it should name somebody, and there is no name.
    notes: of whom it is about, where that is doubtful or was put right.
    doctor: what was signed, None: nothing. priority, priority_word, reason: of the AI.
    next_step: what to do now. caveats: what the priority does not say.
    line: whom and what it is about, in a line for further pages. uses: what it may be used
    for. small: the small print.
    """

    language: Language
    study_id: str
    title: str
    place: str
    address: str
    unsigned: str
    mark: str
    facts: Facts = field(repr=False)
    nameless: bool
    notes: tuple[str, ...] = field(repr=False)
    line: str = field(repr=False)
    doctor: SheetDecision | None
    priority: Priority
    priority_word: str
    next_step: str
    reason: str
    caveats: tuple[str, ...]
    films: tuple[FilmSheet, ...]
    signature: str
    earlier: tuple[SheetReview, ...]
    uses: tuple[str, ...]
    model: str
    printed: str
    small: Facts
