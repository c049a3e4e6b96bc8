"""The README and the pages beside it keep up with the code."""

from pathlib import Path

import pytest

from cxr_triage.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    variable = name.upper()
    assert f"`_{variable}`" in TEXT or f"`CXR_TRIAGE_{variable}`" in TEXT
