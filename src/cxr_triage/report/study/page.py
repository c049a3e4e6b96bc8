"""A study's report as one HTML page: no script, no request to anywhere, printable on A4."""

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256

from markupsafe import Markup

from cxr_triage.report.film.html import environment, language_context, template_text, writable
from cxr_triage.report.study.sheet import Sheet


def page(sheet: Sheet) -> str:
    """The whole page. Its links lead to `report.pdf` and the other language beside it."""
    css = stylesheet()
    return writable(
        environment()
        .get_template("study_report.html.j2")
        .render(
            **language_context(sheet.language),
            sheet=sheet,
            css=Markup(css),  # noqa: S704 (our own file, not input)
            css_hash=_hash(css),
        )
    )


@lru_cache
def stylesheet() -> str:
    """The style sheet that stands in the page."""
    return "".join(template_text(name) for name in ("marks.css", "study_report.css"))


def page_policy() -> str:
    """The page's content security policy: its own style sheet, pictures that stand in it."""
    return (
        f"default-src 'none'; style-src 'sha256-{_hash(stylesheet())}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _hash(css: str) -> str:
    return b64encode(sha256(css.encode()).digest()).decode()
