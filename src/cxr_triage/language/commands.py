"""Words of the command line."""

SENTENCES: dict[str, tuple[str, str]] = {}
