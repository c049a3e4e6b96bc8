"""Numbers as people write them: a decimal comma in Vietnamese, no needless digits."""

from typing import Literal


class Decimal(float):
    """A float that formats for people: `{}` and `{:.2f}` both honour `comma`."""

    comma: bool

    def __new__(cls, value: float, *, comma: bool) -> "Decimal":
        number = super().__new__(cls, value)
        number.comma = comma
        return number

    def __format__(self, spec: str) -> str:
        text = format(float(self), spec) if spec else _plain(float(self))
        text = text.replace("-", "−")
        return text.replace(".", ",") if self.comma else text

    def __str__(self) -> str:
        return format(self, "")


def _plain(value: float) -> str:
    """Two decimals, or two significant digits where those would be lost; no trailing zeros."""
    exponent = int(f"{abs(value):e}".split("e")[1])
    text = f"{value:.{2 if exponent >= -1 else min(6, 1 - exponent)}f}"
    return text.rstrip("0").rstrip(".")


def localized(value: object, language: Literal["en", "vi"]) -> object:
    """`value` as `language` writes it: floats become `Decimal`, the rest stays."""
    return Decimal(value, comma=language == "vi") if type(value) is float else value


def decimal(value: float, language: Literal["en", "vi"], decimals: int = 2) -> str:
    """`value` with exactly so many `decimals`."""
    return format(Decimal(value, comma=language == "vi"), f".{decimals}f")
