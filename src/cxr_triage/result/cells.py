"""Cells of tables that people open in a spreadsheet."""

CALCULATED = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """The text, quoted where a spreadsheet would calculate it: a header may hold a formula."""
    return f"'{text}" if text.startswith(CALCULATED) else text
