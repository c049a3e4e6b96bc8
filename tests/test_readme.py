"""The README and the pages beside it keep up with the code."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from cxr_triage.settings import Settings

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    variable = name.upper()
    assert f"`_{variable}`" in TEXT or f"`CXR_TRIAGE_{variable}`" in TEXT


def test_the_readme_is_read_in_one_sitting_and_leads_to_every_page():
    text = README.read_text("utf-8")
    assert len(text.splitlines()) < 200
    for page in PAGES[1:]:
        assert f"](docs/{page.name})" in text


def anchors(page: Path) -> set[str]:
    """Of the page's headings, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text)
    for link in (markdown or html for markdown, html in links):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_no_row_of_a_table_is_written_twice():
    lines = TEXT.splitlines()
    headings = {line for line, below in pairwise(lines) if below.startswith("|--")}
    rows = [line for line in lines if line.startswith("| ")]
    twice = [row for row, count in Counter(rows).items() if count > 1 and row not in headings]
    assert twice == []
