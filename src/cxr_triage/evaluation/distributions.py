"""Where a site's films lie beside the reference films, as one SVG picture."""

from io import BytesIO

import numpy as np

from cxr_triage.errors import MissingExtra
from cxr_triage.evaluation.plots import ACCENT, QUIET, style
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.model.calibrate import logit_of_score
from cxr_triage.triage.decision import Decision
from cxr_triage.triage.positions import Positions

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
except ImportError:
    raise MissingExtra("matplotlib", extra="evaluate") from None

COLUMNS = 4


def distributions(
    site: Positions, reference: Positions | None, decision: Decision, language: Language
) -> bytes:
    """SVG: for each label the share of films at or over each log-odds, and the cut in use."""
    rows = -(-len(site.labels) // COLUMNS)
    with mpl.rc_context(style()):
        figure = Figure(figsize=(10.2, 2.2 * rows), layout="constrained")
        axes = figure.subplots(rows, COLUMNS, squeeze=False).flat
        for place, name in enumerate(site.labels):
            plot = axes[place]
            for films, colour, key in (
                (reference, QUIET, "reference"),
                (site, ACCENT, "site"),
            ):
                if films is None:
                    continue
                column = films.labels.index(name)
                population = np.sort(films.fit_films.logits[films.fit_films.well, column])
                over = 1 - np.arange(len(population)) / len(population)
                plot.step(
                    population,
                    over,
                    color=colour,
                    linewidth=1.4,
                    label=say(f"calibration.plot.{key}", language),
                )
            threshold = decision.labels[name].threshold
            plot.axvline(
                logit_of_score(threshold, decision.labels[name].operating_point),
                color="#b36b00",
                linewidth=1.0,
                linestyle=(0, (4, 3)),
            )
            plot.set_yscale("log")
            plot.set_ylim(0.5 / max(len(site.fit_films), 100), 1)
            plot.set_title(finding_name(name, language), fontsize=8)
        axes[0].legend(fontsize=7, frameon=False)
        for empty in list(axes)[len(site.labels) :]:
            empty.set_axis_off()
        buffer = BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
