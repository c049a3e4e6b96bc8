"""Compile the catalogues of messages: every .po in src/cxr_triage/language to its .mo.

    python scripts/compile_messages.py [--check]

--check: write nothing; fail if a .mo is not what its .po makes.
"""

import argparse
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parents[1] / "src/cxr_triage/language/locales"


def compiled(source: Path) -> bytes:
    """The .mo of a .po, the same whenever it is made; fuzzy messages are left out."""
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parts[-3], abort_invalid=True)
    catalogue.creation_date = catalogue.revision_date = datetime.fromtimestamp(0, UTC)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [
        source
        for source in sorted(LOCALES.glob("*/LC_MESSAGES/*.po"))
        if not source.with_suffix(".mo").is_file()
        or source.with_suffix(".mo").read_bytes() != compiled(source)
    ]
    for source in stale:
        print(f"{'not compiled' if check else 'compiled'}: {source.relative_to(LOCALES)}")
        if not check:
            source.with_suffix(".mo").write_bytes(compiled(source))
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
