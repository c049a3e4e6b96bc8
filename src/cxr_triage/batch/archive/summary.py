"""What became of an archive, in numbers; its size does not grow with the archive's."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from cxr_triage.batch.archive.folder import RunFolder
from cxr_triage.batch.archive.rows import ScoredRow
from cxr_triage.domain import PRIORITIES
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal

BINS: Final = 25
SLOWEST: Final = 10
OUTCOMES: Final = ("assessed", "referred", "failed", "skipped")


@dataclass(slots=True)
class Summary:
    """Counts of rows. scores: by label, how many in each of `BINS` from 0 to 1. slowest: seconds
    and path. seconds: that one process would have taken."""

    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    priorities: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    scores: dict[str, list[int]] = field(default_factory=dict)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Files a second of one process."""
        return self.rows / self.seconds if self.seconds else 0.0

    def add(self, rows: Iterable[ScoredRow]) -> None:
        """Count rows."""
        for one in rows:
            row = one.row
            self.rows += 1
            self.outcomes[row["outcome"]] += 1
            if row["priority"]:
                self.priorities[row["priority"]] += 1
            self.refusals.update(reason["code"] for reason in row["reasons"])
            if row["error"]:
                self.errors[row["error"]["code"]] += 1
            for finding in row["findings"]:
                counts = self.scores.setdefault(finding["label"], [0] * BINS)
                counts[min(BINS - 1, int(finding["score"] * BINS))] += 1
                self.flagged[finding["label"]] += finding["flagged"]
            took = (sum(row["timings_ms"].values()) / 1000, str(row["path"]))
            push = heapq.heappush if len(self.slowest) < SLOWEST else heapq.heappushpop
            push(self.slowest, took)


def summary_of(run: RunFolder) -> Summary:
    """Of all rows that are there."""
    found = Summary()
    for rows in run.rows():
        found.add(rows)
    done = (run.done(shard) for shard in run.plan.shards)
    found.seconds = sum(one.seconds for one in done if one is not None)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Names, counts and shares of the largest, under a title."""

    title: str
    rows: tuple[tuple[str, str, float], ...]


def bars(found: Summary, language: Language) -> list[Bars]:
    """What is counted, in words, the most frequent first but for priorities."""
    priorities = Counter({one: found.priorities[one] for one in PRIORITIES})
    named = (
        ("outcomes", [(say(f"archive.{one}", language), found.outcomes[one]) for one in OUTCOMES]),
        ("priorities", [(_priority(one, language), priorities[one]) for one in PRIORITIES]),
        ("refusals", found.refusals.most_common(20)),
        ("errors", found.errors.most_common(20)),
        ("flagged", [(finding_name(k, language), n) for k, n in found.flagged.most_common()]),
    )
    return [
        Bars(title=say(f"archive.{name}", language), rows=_rows(counts, found.rows, language))
        for name, counts in named
        if counts
    ]


def _priority(priority: str, language: Language) -> str:
    if priority in ("not_assessed", "none"):
        return say(f"report.short.{priority}", language)
    return say(f"priority.{priority}", language)


def _rows(
    counts: list[tuple[str, int]], total: int, language: Language
) -> tuple[tuple[str, str, float], ...]:
    most = max(count for _, count in counts) or 1
    return tuple(
        (name, f"{count} ({decimal(100 * count / max(1, total), language, 1)} %)", count / most)
        for name, count in counts
    )


def histogram(counts: list[int]) -> str:
    """Points of a line over 0..100 across and 0..30 down, by the root of the counts."""
    heights = np.sqrt(np.asarray(counts, float))
    heights = 30 - 28 * heights / max(1.0, heights.max())
    step = 100 / len(counts)
    corners = [
        f"{i * step:.1f},{y:.1f} {(i + 1) * step:.1f},{y:.1f}" for i, y in enumerate(heights)
    ]
    return "0,30 " + " ".join(corners) + " 100,30"


def text(found: Summary, language: Language, proof: str) -> str:
    """For a terminal and `summary.txt`. proof: of the model."""
    lines = [say("archive.title", language, rows=found.rows, rate=decimal(found.rate, language, 1))]
    for group in bars(found, language):
        lines += ["", group.title]
        lines += [f"  {name}: {count}" for name, count, _ in group.rows]
    lines += ["", say("archive.slowest", language)]
    slowest = sorted(found.slowest, reverse=True)
    lines += [
        f"  {decimal(seconds, language, 2)} s  {_printable(path)}" for seconds, path in slowest
    ]
    lines += ["", say("intended_use", language)]
    if proof != "proven":
        lines.append(say(f"{proof}_model", language))
    return "\n".join(lines) + "\n"


def _printable(path: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in path)
