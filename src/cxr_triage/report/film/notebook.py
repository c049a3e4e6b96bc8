"""A film as a cell of a notebook: HTML that brings its own style and touches no other cell."""

from functools import lru_cache

from markupsafe import Markup

from cxr_triage.domain import NextSteps
from cxr_triage.language import Language
from cxr_triage.report.film.film import Film
from cxr_triage.report.film.html import environment, language_context, template_text, writable


def cell(film: Film, *, language: Language, steps: NextSteps | None = None) -> str:
    """The film, its heatmaps and findings, and what they are for.

    No script, no request to anywhere. Nothing of the header but what the gate says of it (an
    age, where that is why): no name, number or date, and not the film's path. steps: what the
    site says is to be done next.
    """
    assessment = film.assessment
    html = environment().get_template("notebook.html.j2")
    page = html.render(
        **language_context(language, steps),
        css=Markup(stylesheet()),  # noqa: S704 - our own files, not input
        one=film,
        model=assessment.model,
        scale_id=f"evidence-{assessment.id}",
        evidence={label.label: label.evidence for label in assessment.model.labels},
    )
    return writable(page)


@lru_cache
def stylesheet() -> str:
    """The rules of a film in a report, nested so that they hold in the cell alone."""
    rules = "".join(template_text(name) for name in ("marks.css", "film.css", "notebook.css"))
    # Three times, so that it counts for more than what a notebook says of tables.
    return f".cxr-film.cxr-film.cxr-film {{\n{rules.replace(':root', '&')}}}\n"
