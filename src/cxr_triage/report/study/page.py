"""A study's report as one HTML page: no script, no request to anywhere, printable on A4."""

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256

from markupsafe import Markup

from cxr_triage.report.film.html import environment, language_context, template_text, writable
from cxr_triage.report.study.sheet import Sheet


def page(sheet: Sheet, dark_media: str = "") -> str:
    """The whole page. Its links lead to `report.pdf` and the other language beside it.

    dark_media: where it is dark (a media query); empty: nowhere.
    """
    css, dark = stylesheet(), dark_stylesheet()
    return writable(
        environment()
        .get_template("study_report.html.j2")
        .render(
            **language_context(sheet.language),
            sheet=sheet,
            css=Markup(css),  # noqa: S704 (our own file, not input)
            dark=Markup(dark),  # noqa: S704 (likewise)
            dark_media=dark_media,
            hashes=style_hashes(),
        )
    )


@lru_cache
def stylesheet() -> str:
    """The style sheet that stands in the page."""
    return "".join(template_text(name) for name in ("marks.css", "study_report.css"))


@lru_cache
def dark_stylesheet() -> str:
    """What a dark screen changes of it."""
    return "".join(template_text(name) for name in ("marks_dark.css", "study_report_dark.css"))


def style_hashes() -> str:
    """The style sheets that the page may bring, as a source list."""
    return " ".join(f"'sha256-{_hash(css)}'" for css in (stylesheet(), dark_stylesheet()))


def page_policy() -> str:
    """The page's content security policy: its own style sheet, pictures that stand in it."""
    return (
        f"default-src 'none'; style-src {style_hashes()}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _hash(css: str) -> str:
    return b64encode(sha256(css.encode()).digest()).decode()
