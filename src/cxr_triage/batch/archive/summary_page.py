"""The summary of an archive as one HTML page with plots; no script, no request to anywhere."""

from base64 import b64encode
from datetime import datetime
from hashlib import sha256

from markupsafe import Markup

from cxr_triage.batch.archive.folder import RunFolder
from cxr_triage.batch.archive.summary import Summary, bars, histogram
from cxr_triage.language import Language
from cxr_triage.report.film.html import environment, language_context, template_text, writable


def page(found: Summary, run: RunFolder, language: Language, created_at: datetime) -> str:
    """The whole page. It names the slowest files, and no patient."""
    css = template_text("archive.css")
    html = environment().get_template("archive.html.j2")
    return writable(
        html.render(
            **language_context(language),
            css=Markup(css),  # noqa: S704 (our own file, not input)
            css_hash=b64encode(sha256(css.encode()).digest()).decode(),
            found=found,
            groups=bars(found, language),
            histogram=histogram,
            slowest=sorted(found.slowest, reverse=True),
            facts=run.facts,
            created_at=f"{created_at:%Y-%m-%d %H:%M %Z}",
        )
    )
