"""The three plots of a label as one SVG picture: ROC, precision and recall, reliability."""

from io import BytesIO
from typing import Any

from cxr_triage.errors import MissingExtra
from cxr_triage.evaluation.measure import Measured
from cxr_triage.evaluation.metrics import Curves
from cxr_triage.evaluation.whole_films import WholeFilms
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal

try:
    import matplotlib as mpl
    from matplotlib import font_manager
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter
except ImportError:
    raise MissingExtra("matplotlib", extra="evaluate") from None

ACCENT, INK, QUIET, LINE = "#0b5cad", "#14181d", "#515a65", "#d3d8de"
MARKS = {"operating": ("o", INK), "likely": ("D", "#6c3aa8"), "chosen": ("s", "#b36b00")}
"""Shape and colour of each point, the same in every plot."""

FONTS = ("Noto Sans", "Liberation Sans", "DejaVu Sans", "Arial")
STYLE: dict[str, object] = {
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "cxr-triage",
    "axes.edgecolor": "#8c96a1",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
}


def style() -> dict[str, object]:
    """What every picture is drawn with, in a font of this machine."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in FONTS if name in known]
    return {**STYLE, "font.family": [*fonts, "sans-serif"]}


def plot(measured: Measured, language: Language) -> bytes | None:
    """SVG of a label's curves; None where it has none. Text stays text."""
    if measured.curves is None:
        return None
    with mpl.rc_context(style()):
        figure = Figure(figsize=(10.2, 3.25), layout="constrained")
        roc, recall, reliability = figure.subplots(1, 3)
        _roc(roc, measured, measured.curves, language)
        _precision(recall, measured, measured.curves, language)
        _reliability(reliability, measured.curves, language)
        buffer = BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _roc(axes: Any, measured: Measured, curves: Curves, language: Language) -> None:  # noqa: ANN401
    axes.plot((0, 1), (0, 1), color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(*zip(*curves.roc, strict=True), color=ACCENT, linewidth=1.6)
    for name, point in measured.points.items():
        if point.specificity.value is not None and point.sensitivity.value is not None:
            marker, colour = MARKS[name]
            place = (1 - point.specificity.value, point.sensitivity.value)
            axes.plot(*place, marker, color=colour, markersize=6, markeredgecolor="white")
    _frame(axes, "roc", language)


def _precision(
    axes: Any,  # noqa: ANN401
    measured: Measured,
    curves: Curves,
    language: Language,
) -> None:
    share = measured.positives / measured.films
    axes.axhline(share, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    recall_precision = zip(*curves.precision_recall, strict=True)
    axes.step(*recall_precision, color=ACCENT, linewidth=1.6, where="post")
    for name, point in measured.points.items():
        if point.ppv.value is not None and point.sensitivity.value is not None:
            marker, colour = MARKS[name]
            place = (point.sensitivity.value, point.ppv.value)
            axes.plot(*place, marker, color=colour, markersize=6, markeredgecolor="white")
    _frame(axes, "precision_recall", language)


def _reliability(axes: Any, curves: Curves, language: Language) -> None:  # noqa: ANN401
    bins = [x for x in curves.reliability if x.observed.value is not None]
    predicted = [x.predicted for x in bins]
    observed = [x.observed.value or 0.0 for x in bins]
    lows = [max(0.0, y - (x.observed.low or 0.0)) for x, y in zip(bins, observed, strict=True)]
    highs = [max(0.0, (x.observed.high or 0.0) - y) for x, y in zip(bins, observed, strict=True)]
    across = max(predicted) * 1.08
    top = max(y + high for y, high in zip(observed, highs, strict=True)) * 1.05
    right = min(across, top)
    axes.plot((0, right), (0, right), color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.errorbar(
        predicted, observed, (lows, highs), fmt="o-", color=ACCENT, ecolor="#8fb3d9",
        markersize=4, linewidth=1.2, elinewidth=1.2,
    )  # fmt: skip
    _frame(axes, "reliability", language, across, top)


def _frame(
    axes: Any,  # noqa: ANN401
    name: str,
    language: Language,
    across: float = 1.0,
    top: float = 1.0,
) -> None:
    axes.set(xlim=(-0.02 * across, 1.02 * across), ylim=(-0.02 * top, 1.02 * top))
    axes.set_title(say(f"evaluation.plot.{name}", language), fontsize=9.5, fontweight="bold")
    axes.set_xlabel(say(f"evaluation.plot.{name}.x", language))
    axes.set_ylabel(say(f"evaluation.plot.{name}.y", language))
    axes.grid(visible=True)
    axes.xaxis.set_major_formatter(_numbers(across, language))
    axes.yaxis.set_major_formatter(_numbers(top, language))


def _numbers(top: float, language: Language) -> Any:  # noqa: ANN401
    """Ticks as the language writes numbers, with as many decimals as the axis needs."""
    decimals = 1 if top > 0.6 else 2 if top > 0.06 else 3
    return FuncFormatter(lambda value, _: decimal(value, language, decimals))


def film_plot(whole: WholeFilms, language: Language) -> bytes:
    """SVG of the films' two ROC curves, with the points of the table and those that were given."""
    with mpl.rc_context(style()):
        figure = Figure(figsize=(6.8, 3.25), layout="constrained")
        axes = figure.subplots(1, 2)
        for plot, roc, sensitivity in (
            (axes[0], whole.any, "sensitivity"),
            (axes[1], whole.urgent, "sensitivity_urgent"),
        ):
            plot.plot((0, 1), (0, 1), color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
            if roc.roc:
                plot.plot(*zip(*roc.roc, strict=True), color=ACCENT, linewidth=1.6)
            for name, (marker, colour) in {
                "flagged": MARKS["operating"],
                "urgent": MARKS["likely"],
            }.items():
                found = whole.given[name]
                place = found.well_flagged.value, getattr(found, sensitivity).value
                if None not in place:
                    plot.plot(*place, marker, color=colour, markersize=6, markeredgecolor="white")
            _frame(plot, "roc", language)
        axes[0].set_title(say("evaluation.whole.any", language), fontsize=9)
        axes[1].set_title(say("evaluation.whole.urgent", language), fontsize=9)
        buffer = BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
