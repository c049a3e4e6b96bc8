"""Numbers as people write them: a decimal comma in Vietnamese, no needless digits, thousands
set apart."""

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


class Count(int):
    """An int that formats for people: from five digits on with thousands set apart, 12,345 or
    12.345. What names something (a port, a seed) is no count: hand it over as text."""

    point: bool

    def __new__(cls, value: int, *, point: bool) -> "Count":
        number = super().__new__(cls, value)
        number.point = point
        return number

    def __format__(self, spec: str) -> str:
        if spec or abs(self) < 10_000:
            return format(int(self), spec)
        text = format(int(self), ",")
        return text.replace(",", ".") if self.point else text

    def __str__(self) -> str:
        return format(self, "")


def _plain(value: float) -> str:
    """Two decimals, or two significant digits where those would be lost; no trailing zeros."""
    exponent = int(f"{abs(value):e}".split("e")[1])
    text = f"{value:.{2 if exponent >= -1 else min(6, 1 - exponent)}f}"
    return text.rstrip("0").rstrip(".")


def localized(value: object, language: Literal["en", "vi"]) -> object:
    """`value` as `language` writes it: numbers become `Decimal` and `Count`, the rest stays."""
    if type(value) is float:
        return Decimal(value, comma=language == "vi")
    if type(value) is int:
        return Count(value, point=language == "vi")
    return value


def decimal(value: float, language: Literal["en", "vi"], decimals: int = 2) -> str:
    """`value` with exactly so many `decimals`."""
    return format(Decimal(value, comma=language == "vi"), f".{decimals}f")
