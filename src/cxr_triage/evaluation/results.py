"""Rows of `results.jsonl` as `score` wrote them: what is measured."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any, TypeGuard, get_args

from cxr_triage.domain import RESEARCH, Level
from cxr_triage.errors import EvaluationFailed

RESULTS_FILE = "results.jsonl"
OUTCOMES = ("assessed", "referred", "failed", "skipped")
FINDING_FIELDS = ("label", "probability", "score", "threshold", "flagged", "level")


def film_stem(name: str) -> str:
    """What joins a row and a label: the file's name without folders and without its ending.

    An ending has a letter in it: the last number of a UID is none.
    """
    return re.sub(r"\.[A-Za-z][A-Za-z0-9]{1,4}$", "", PureWindowsPath(name).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One finding of one film."""

    probability: float
    score: float
    flagged: bool
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one film; `findings` by label, empty unless it was assessed."""

    path: Path = field(repr=False)
    outcome: str
    priority: str | None
    findings: Mapping[str, Scored]
    digest: str = field(repr=False)

    @property
    def stem(self) -> str:
        return film_stem(str(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All rows of one run, by stem; one model, one fingerprint.

    labels: those that the model scores, in the alphabet's order.
    thresholds: score from which each label was flagged.
    """

    rows: Mapping[str, Row] = field(repr=False)
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    model: Mapping[str, str]
    fingerprint: str
    research: bool


def read_results(path: Path) -> Results:
    """The results in a folder that `score` wrote, or in a `results.jsonl`.

    Raises EvaluationFailed: `results_missing`, `results_invalid` (naming the line),
    `results_mixed`, `results_duplicates`, `results_empty`.
    """
    file = path / RESULTS_FILE if path.is_dir() else path
    rows: dict[str, Row] = {}
    contents: list[dict[str, Any]] = []
    for line, content in _lines(file):
        if not _is_row(content):
            raise EvaluationFailed("results_invalid", line=line)
        if content["outcome"] == "skipped":
            continue
        row = _row(content)
        if row.stem in rows:
            raise EvaluationFailed("results_duplicates", line=line)
        rows[row.stem] = row
        contents.append(content)
    return _results(rows, contents)


def _lines(file: Path) -> Iterator[tuple[int, object]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise EvaluationFailed("results_missing", problem=reason) from None
    except UnicodeDecodeError:
        raise EvaluationFailed("results_invalid", line=1) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except json.JSONDecodeError:
            raise EvaluationFailed("results_invalid", line=number) from None


def _is_row(content: object) -> TypeGuard[dict[str, Any]]:
    """Does it have what every row of `score` has, in the right types?"""
    if not isinstance(content, dict) or content.get("outcome") not in OUTCOMES:
        return False
    model, findings = content.get("model"), content.get("findings")
    if not isinstance(model, dict) or not {"name", "version", "sha256", "proof"} <= set(model):
        return False
    if not isinstance(content.get("path"), str) or not isinstance(content.get("fingerprint"), str):
        return False
    if not isinstance(findings, list) or (content["outcome"] == "assessed" and not findings):
        return False
    return all(
        isinstance(finding, dict)
        and set(FINDING_FIELDS) <= set(finding)
        and isinstance(finding["label"], str)
        and finding["level"] in get_args(Level)
        and all(_is_share(finding[name]) for name in ("probability", "score", "threshold"))
        for finding in findings
    )


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _row(content: dict[str, Any]) -> Row:
    findings = {
        finding["label"]: Scored(
            probability=float(finding["probability"]),
            score=float(finding["score"]),
            flagged=bool(finding["flagged"]),
            level=finding["level"],
        )
        for finding in content["findings"]
    }
    return Row(
        path=Path(content["path"]),
        outcome=content["outcome"],
        priority=content.get("priority"),
        findings=findings,
        digest=content.get("digest") or "",
    )


def _results(rows: dict[str, Row], contents: list[dict[str, Any]]) -> Results:
    assessed = [content for content in contents if content["outcome"] == "assessed"]
    if not assessed:
        raise EvaluationFailed("results_empty")
    labels = {tuple(sorted(x["label"] for x in content["findings"])) for content in assessed}
    if len({content["fingerprint"] for content in contents}) > 1 or len(labels) > 1:
        raise EvaluationFailed("results_mixed")
    first = assessed[0]
    return Results(
        rows=rows,
        labels=labels.pop(),
        thresholds={x["label"]: float(x["threshold"]) for x in first["findings"]},
        model={name: str(first["model"][name]) for name in ("name", "version", "sha256", "proof")},
        fingerprint=first["fingerprint"],
        research=any(_for_research(content) for content in contents),
    )


def _for_research(content: dict[str, Any]) -> bool:
    warnings = (content.get("eligibility") or {}).get("warnings", ())
    return any(warning.get("code") == RESEARCH for warning in warnings)
