"""The audit trail's chain: what makes a row's hash, and walking all of them.

A row's `hash` is the SHA-256 of a JSON array in ASCII without spaces: the word
`cxr-triage-audit-1`, the `previous` row's hash (64 zeros for the first), then `at` (as
`2026-03-04T05:06:07.000000Z`), `action`, `actor_kind`, `actor_id`, `study_id`,
`assessment_id`, `subject_id`, `fingerprint`, `address`, `request_id` and `reason`. Where the row
has `seals` (see `audit.seals`), the word is `cxr-triage-audit-2` and they come last. Its number
is not part of it: it is one more than the row's before it. The head (number and hash of the
newest row) stands in a table of its own, which finds a trail that was cut at its end; those
that were noted elsewhere (see `anchors`) find a trail that was written anew.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

VERSION: Final = "cxr-triage-audit-1"
SEALED: Final = "cxr-triage-audit-2"
FIRST: Final = "0" * 64
FIELDS: Final = (
    "at",
    "action",
    "actor_kind",
    "actor_id",
    "study_id",
    "assessment_id",
    "subject_id",
    "fingerprint",
    "address",
    "request_id",
    "reason",
)
_JSON: Final = json.JSONEncoder(separators=(",", ":"))

REMEMBERED: Final = 4096
"""Hashes of so many rows back tell an inserted row from a removed one."""

Break = Literal["changed", "removed", "inserted", "reordered", "cut", "rewritten"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """The newest row: its number (0: there is none) and its hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFault:
    """The first row that is not as it was written, and what became of it."""

    number: int
    kind: Break


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainCheck:
    """rows: those that were found sound. head: of the last of them."""

    rows: int
    head: ChainHead
    fault: ChainFault | None = None


def row_hash(previous: str, row: Mapping[str, Any]) -> str:
    """row: the columns as they are stored."""
    words = [row[name] for name in FIELDS]
    seals = row["seals"]
    parts = [SEALED, previous, *words, seals] if seals else [VERSION, previous, *words]
    return hashlib.sha256(_JSON.encode(parts).encode("ascii")).hexdigest()


def head_of(text: str) -> ChainHead | None:
    """A head as it is printed; None if it is none."""
    found = re.fullmatch(r"(\d{1,12}):([0-9a-f]{64})", text.strip())
    return ChainHead(number=int(found[1]), hash=found[2]) if found else None


def verify(
    rows: Iterable[Mapping[str, Any]], head: ChainHead | None, noted: Iterable[ChainHead] = ()
) -> ChainCheck:
    """Walk the rows (every column, as stored, by number) up to the head; None: it is gone.

    noted: heads of earlier, each of which must be passed; of one number one hash.
    """
    walk = _Walk({each.number: each.hash for each in noted})
    for row in rows:
        if (fault := walk.take(row)) is not None:
            return walk.check(fault)
    return walk.check(walk.at_end(head))


class _Walk:
    """Looks at each row when the next one is known: that tells what happened to it."""

    def __init__(self, noted: Mapping[int, str]) -> None:
        self._sound = ChainHead(number=0, hash=FIRST)
        self._noted = noted
        self._waiting: Mapping[str, Any] | None = None
        self._known = {FIRST: 0}

    def take(self, row: Mapping[str, Any]) -> ChainFault | None:
        waiting, self._waiting = self._waiting, row
        return None if waiting is None else self._judge(waiting, row)

    def at_end(self, head: ChainHead | None) -> ChainFault | None:
        if self._waiting is not None and (fault := self._judge(self._waiting, None)):
            return fault
        number = self._sound.number
        if head is None:  # nobody knows how many rows went with it
            return ChainFault(number=number + 1, kind="cut")
        if number > head.number:
            return ChainFault(number=head.number + 1, kind="inserted")
        if number < max(head.number, *self._noted, 0):
            return ChainFault(number=number + 1, kind="cut")
        if self._sound.hash != head.hash:
            return ChainFault(number=number, kind="rewritten")
        return None

    def check(self, fault: ChainFault | None) -> ChainCheck:
        return ChainCheck(rows=self._sound.number, head=self._sound, fault=fault)

    def _judge(self, row: Mapping[str, Any], after: Mapping[str, Any] | None) -> ChainFault | None:
        number = self._sound.number + 1
        if row["hash"] != row_hash(row["previous"], row):
            return ChainFault(number=number, kind="changed")
        if row["previous"] != self._sound.hash:
            return self._out_of_place(row, after)
        if row["number"] != number:
            return ChainFault(number=number, kind="removed")
        self._sound = ChainHead(number=number, hash=row["hash"])
        self._remember()
        if self._noted.get(number, row["hash"]) != row["hash"]:
            return ChainFault(number=number, kind="rewritten")
        return None

    def _out_of_place(self, row: Mapping[str, Any], after: Mapping[str, Any] | None) -> ChainFault:
        """The row is as it was written but does not follow the one before it."""
        if row["previous"] in self._known:  # it follows an earlier one: those between are new
            return ChainFault(number=self._known[row["previous"]] + 1, kind="inserted")
        number = self._sound.number + 1
        if after is not None and after["previous"] == self._sound.hash:
            swapped = row["previous"] == after["hash"]
            return ChainFault(number=number, kind="reordered" if swapped else "inserted")
        return ChainFault(number=number, kind="removed")

    def _remember(self) -> None:
        self._known[self._sound.hash] = self._sound.number
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
