"""Rows of `results.jsonl` as `score` wrote them: what is measured."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from cxr_triage.domain import RESEARCH, Score
from cxr_triage.errors import EvaluationFailed
from cxr_triage.result import public

RESULTS_FILE = "results.jsonl"


def film_stem(name: str) -> str:
    """What joins a row and a label: the file's name without folders and without its ending.

    An ending has a letter in it: the last number of a UID is none.
    """
    return re.sub(r"\.[A-Za-z][A-Za-z0-9]{1,4}$", "", PureWindowsPath(name).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOutcome:
    """What became of one film; `findings` by label, empty unless it was assessed."""

    path: Path = field(repr=False)
    outcome: str
    priority: str | None
    findings: Mapping[str, Score]
    digest: str = field(repr=False)
    study_uid: str = field(default="", repr=False)

    @property
    def stem(self) -> str:
        return film_stem(str(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All rows of one run, by stem; one model, one fingerprint.

    labels: those that the model scores, in the alphabet's order.
    thresholds: score from which each label was flagged. fitted: by films that the model was
    measured on.
    """

    rows: Mapping[str, FilmOutcome] = field(repr=False)
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    model: Mapping[str, str]
    fingerprint: str
    research: bool
    fitted: bool = False
    preprocessing: str = ""


def read_results(path: Path) -> Results:
    """The results in a folder that `score` wrote, or in a `results.jsonl`.

    Raises EvaluationFailed: `results_missing`, `results_invalid` (naming the line),
    `results_mixed`, `results_duplicates`, `results_empty`.
    """
    file = path / RESULTS_FILE if path.is_dir() else path
    rows: dict[str, FilmOutcome] = {}
    contents: list[public.Row] = []
    for line, text in _lines(file):
        content = _content(line, text)
        if content.outcome == "skipped":
            continue
        row = _row(content)
        if row.stem in rows:
            raise EvaluationFailed("results_duplicates", line=line)
        rows[row.stem] = row
        contents.append(content)
    return _results(rows, contents)


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise EvaluationFailed("results_missing", problem=reason) from None
    except UnicodeDecodeError:
        raise EvaluationFailed("results_invalid", line=1) from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, line


def _content(line: int, text: str) -> public.Row:
    try:
        row = public.Row.model_validate_json(text)
    except ValueError:
        raise EvaluationFailed("results_invalid", line=line) from None
    shares = (x for one in row.findings for x in (one.probability, one.score, one.threshold))
    if (row.outcome == "assessed" and not row.findings) or not all(0 <= x <= 1 for x in shares):
        raise EvaluationFailed("results_invalid", line=line)
    return row


def _row(content: public.Row) -> FilmOutcome:
    return FilmOutcome(
        path=Path(content.path),
        outcome=content.outcome,
        priority=content.priority,
        findings={finding.label: finding for finding in content.findings},
        digest=content.digest or "",
        study_uid=content.study_uid,
    )


def _results(rows: dict[str, FilmOutcome], contents: list[public.Row]) -> Results:
    assessed = [content for content in contents if content.outcome == "assessed"]
    if not assessed:
        raise EvaluationFailed("results_empty")
    labels = {tuple(sorted(x.label for x in content.findings)) for content in assessed}
    if len({content.fingerprint for content in contents}) > 1 or len(labels) > 1:
        raise EvaluationFailed("results_mixed")
    first = assessed[0]
    return Results(
        rows=rows,
        labels=labels.pop(),
        thresholds={x.label: x.threshold for x in first.findings},
        model=first.model.model_dump(),
        fingerprint=first.fingerprint,
        fitted=all(x.rarity is not None for x in first.findings),
        preprocessing=first.preprocessing,
        research=any(w.code == RESEARCH for content in contents for w in content.warnings),
    )
