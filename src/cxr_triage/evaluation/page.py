"""An evaluation as one HTML page: no script, no request to anywhere, printable."""

from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cxr_triage.evaluation.evaluation import Evaluation
from cxr_triage.evaluation.metrics import FEW
from cxr_triage.evaluation.plots import film_plot, plot
from cxr_triage.evaluation.resampling import Estimate
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.dates import time_text
from cxr_triage.language.numbers import decimal

NOTHING = "–"


def render(evaluation: Evaluation, language: Language) -> str:
    """The whole page. No film is named on it."""
    css = stylesheet()
    return (
        environment("cxr_triage.evaluation")
        .get_template("evaluation.html.j2")
        .render(
            **language_context(language),
            css=Markup(css),  # noqa: S704 - our own file, not input
            css_hash=b64encode(sha256(css.encode()).digest()).decode(),
            evaluation=evaluation,
            few=FEW,
            by_label={one.label: one for one in evaluation.labels},
            labels=by_auc(evaluation),
            film_plot=evaluation.whole and _address(film_plot(evaluation.whole, language)),
            plots={one.label: _address(plot(one, language)) for one in evaluation.labels},
        )
    )


def by_auc(evaluation: Evaluation) -> list[str]:
    """The labels: those with enough films first, the best first."""
    ranked = sorted(evaluation.labels, key=lambda one: (one.small, -(one.auc.value or 0.0)))
    return [one.label for one in ranked]


def language_context(language: Language) -> dict[str, object]:
    """What a template needs to write in `language`."""
    name: Callable[[str], str] = partial(finding_name, language=language)
    return {
        "language": language,
        "say": lambda key, **values: say(key, language, **values),
        "name": name,
        "time": partial(time_text, language=language),
        "decimal": lambda value, decimals=2: decimal(value, language, decimals),
        "figure": partial(figure, language=language),
        "interval": partial(interval, language=language),
    }


def figure(estimate: Estimate, decimals: int = 2, *, language: Language) -> str:
    """The value alone, or a dash."""
    return NOTHING if estimate.value is None else decimal(estimate.value, language, decimals)


def interval(estimate: Estimate, decimals: int = 2, *, language: Language) -> str:
    """The interval alone, or nothing."""
    if estimate.low is None or estimate.high is None:
        return ""
    low, high = (decimal(x, language, decimals) for x in (estimate.low, estimate.high))
    return f"{low}–{high}"


@lru_cache
def stylesheet() -> str:
    """The style sheet that stands in the page."""
    return files("cxr_triage.evaluation").joinpath("templates", "evaluation.css").read_text("utf-8")


def _address(picture: bytes | None) -> str:
    """The SVG as an address that holds it; empty without one."""
    return "" if picture is None else f"data:image/svg+xml;base64,{b64encode(picture).decode()}"


@lru_cache
def environment(package: str) -> Environment:
    """Templates of a package; a name that it lacks is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
