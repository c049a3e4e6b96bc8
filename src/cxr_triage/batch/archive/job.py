"""What a scoring process is told before the first file: the same for every shard of a run."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cxr_triage.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What decides the rows, and how they are made.

    model, policy: as options name them. bits, adult: see `Pipeline.read`. embeddings, maps: keep
    them. heatmaps: so many pictures a film in `out`; lossless: see `open_output`. readers:
    images read at a time; threads: of the model. known: index of rows made before, or empty.
    """

    out: str
    model: str | None = None
    policy: str | None = None
    language: Language = "en"
    bits: int | None = None
    adult: bool = False
    embeddings: bool = False
    maps: bool = False
    heatmaps: int = 0
    lossless: bool = False
    readers: int = 1
    threads: int = 1
    known: str = ""

    def text(self) -> str:
        """As one line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> "Job":
        """What `text` wrote."""
        return cls(**json.loads(text))

    @property
    def folder(self) -> Path:
        return Path(self.out)

    def decides(self) -> dict[str, Any]:
        """What must be the same for rows to stand in one table."""
        kept = ("language", "bits", "adult", "embeddings", "maps")
        return {name: getattr(self, name) for name in kept}
