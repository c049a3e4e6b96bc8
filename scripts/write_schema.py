"""Write docs/result.schema.json: what others read of a result, field by field.

    python scripts/write_schema.py [--check]

--check: write nothing; fail if the file is not what the code makes.
"""

import argparse
import json
import sys
from pathlib import Path

from pydantic import TypeAdapter

from cxr_triage.api.v1.models import AssessmentOut
from cxr_triage.result.document import Document
from cxr_triage.result.public import Row

FILE = Path(__file__).parents[1] / "docs" / "result.schema.json"
SHAPES = {
    "row": (Row, "A line of results.jsonl."),
    "assessment": (AssessmentOut, "An answer of /v1/assessments/{id}."),
    "document": (Document, "What a store keeps, beside the maps and the model's card."),
}


def schema() -> str:
    """The file's text: one schema that each of the shapes fits, by name in `$defs`."""
    references, made = TypeAdapter.json_schemas(
        [(name, "serialization", TypeAdapter(shape)) for name, (shape, _) in SHAPES.items()]
    )
    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A result of cxr-triage",
        "anyOf": [
            {**references[name, "serialization"], "description": text}
            for name, (_, text) in SHAPES.items()
        ],
        "$defs": made["$defs"],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return int(not FILE.is_file() or FILE.read_text("utf-8") != schema())
    FILE.write_text(schema(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
