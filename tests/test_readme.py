"""The README keeps up with the code."""

from pathlib import Path

import pytest

from cxr_triage.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    variable = name.upper()
    assert f"`_{variable}`" in README or f"`CXR_TRIAGE_{variable}`" in README
