"""What a client prefers, by its Accept headers (RFC 9110 12.5)."""

from typing import Final

MOST_PARTS: Final = 32


def weights_of(header: str) -> dict[str, float]:
    """What a header names, in small letters, with the weight of each; what it names twice
    counts with the higher."""
    weights: dict[str, float] = {}
    for part in header.lower().split(",")[:MOST_PARTS]:
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((_weight(one[2:]) for one in parameters if one.startswith("q=")), 1.0)
        weights[name] = max(weights.get(name, 0.0), weight)
    return weights


def _weight(text: str) -> float:
    """0 for what is no number."""
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
