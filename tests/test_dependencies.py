"""What is installed has no fault that is known and mended: bounds and pins begin at the mended one.

No tool with a database of its own could be had for a machine without internet, so the faults that
concern this service stand here; a new one is a line.
"""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MENDED = {
    "h11": ("0.16.0", "CVE-2025-43859: chunked bodies read in two ways"),
    "jinja2": ("3.1.6", "CVE-2025-27516: a way out of the sandbox"),
    "pillow": (
        "12.2.0",
        "CVE-2026-40192, CVE-2026-25990: decompression bomb, writing out of bounds",
    ),
    "pydicom": ("3.0.2", "CVE-2026-32711: paths out of a DICOMDIR's folder"),
    "python-multipart": (
        "0.0.27",
        "CVE-2026-42561, CVE-2026-40347: headers without end, preambles",
    ),
    "starlette": ("0.49.1", "CVE-2025-62727, CVE-2025-54121: ranges, large forms"),
    "joserfc": ("1.6.8", "tokens larger than any should be"),
    "authlib": ("1.7", "CVE-2025-61920, CVE-2025-62706: tokens larger than any should be"),
}
"""From which version on, and what was wrong before."""


def version(text: str) -> tuple[int, ...]:
    """Its numbers, without zeros at the end."""
    return tuple(int(part) for part in re.findall(r"\d+", text.removesuffix(".0")))


def bounds() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = list(chain(project["dependencies"], *project["optional-dependencies"].values()))
    found = (re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?>=([0-9.]+)", one) for one in asked)
    return {match[1].lower(): match[2] for match in found if match}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return {
        name.lower().replace("_", "-"): pin
        for name, _, pin in (line.partition("==") for line in lines)
    }


@pytest.mark.parametrize("package", MENDED)
def test_no_version_with_a_known_fault_can_be_installed(package):
    least, _ = MENDED[package]
    assert version(bounds()[package]) >= version(least)
    assert version(pins()[package]) >= version(least)
