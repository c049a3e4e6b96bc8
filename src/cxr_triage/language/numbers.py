"""Numbers as people write them: a decimal comma in Vietnamese."""

from typing import Literal


def decimal(value: float, language: Literal["en", "vi"], decimals: int = 2) -> str:
    """`value` with `decimals` digits after the point or comma, and a true minus sign."""
    text = f"{value:.{decimals}f}".replace("-", "−")
    return text.replace(".", ",") if language == "vi" else text
