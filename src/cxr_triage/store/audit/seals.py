"""Seals: what rows of the audit trail say that the other tables held when they were written.

A row that tells of a change carries, as compact JSON in its column `seals`, the digest of what
the change left there: `{"study": {id: digest}, "films": {id of the study: digest}, "result":
{id: digest}, "reading": {id: digest}}`. `null`: it is gone. `""`: it was there before there were
seals, and nobody knows what it was. What makes a digest stands in `rows.sealing`. The newest seal
of each holds; so the trail, read from its beginning, says what every table must hold now.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

SealKind = Literal["study", "films", "result", "reading"]
"""study: its own row, and whom it shows. films: its images, which results are current, and what
was put right. result: of an image. reading: signed, or an addendum."""

KINDS: Final[tuple[SealKind, ...]] = ("study", "films", "result", "reading")

Seals = Mapping[SealKind, Mapping[str, str | None]]
"""By kind and id: a digest (64 hexadecimal digits), None for what is gone."""

NOTHING: Final[Seals] = {}

Fault = Literal["gone", "changed", "added"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Between the trail and the other tables. id: ours; of `films` the study's."""

    kind: SealKind
    id: str
    fault: Fault


@dataclass(slots=True, kw_only=True)
class Sealed:
    """What the trail says that is there: by kind and id its digest, b"" where that is unknown.

    Whoever compares takes out what was found.
    """

    seals: dict[SealKind, dict[str, bytes]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )

    def follow(self, row_seals: str) -> None:
        """Take in the seals of the next row of the trail."""
        for kind, found in json.loads(row_seals).items():
            known = self.seals[kind]
            for id_, seal in found.items():
                if seal is not None:
                    known[id_] = bytes.fromhex(seal)
                    continue
                known.pop(id_, None)
                if kind == "study":
                    self.seals["films"].pop(id_, None)

    def compare(self, kind: SealKind, id_: str, digest: str) -> Fault | None:
        """Is it as the trail says? It is not asked for again."""
        seal = self.seals[kind].pop(id_, None)
        if seal is None:
            return None if kind == "films" else "added"
        return "changed" if seal and seal.hex() != digest else None

    def left(self) -> Iterator[Difference]:
        """What should have been found. Films without their study are told of as the study."""
        for kind in KINDS:
            if kind != "films":
                yield from (Difference(kind=kind, id=id_, fault="gone") for id_ in self.seals[kind])

    @property
    def unknown(self) -> int:
        """Studies, results and readings from before there were seals that have none since."""
        return sum(
            not seal for kind in KINDS if kind != "films" for seal in self.seals[kind].values()
        )


def seals_text(seals: Seals) -> str:
    """As the trail's column holds them; empty if there are none."""
    found = {kind: dict(of_kind) for kind, of_kind in seals.items() if of_kind}
    return json.dumps(found, separators=(",", ":")) if found else ""


def merged(parts: Iterable[Seals]) -> Seals:
    """All of them; of the same thing the last one."""
    whole: dict[SealKind, dict[str, str | None]] = {}
    for part in parts:
        for kind, found in part.items():
            whole.setdefault(kind, {}).update(found)
    return whole
