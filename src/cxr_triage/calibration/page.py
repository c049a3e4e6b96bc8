"""What a site's own films change, as one HTML page: no script, no request to anywhere."""

from base64 import b64encode
from hashlib import sha256

from markupsafe import Markup

from cxr_triage.calibration.site import well_share_of_all
from cxr_triage.domain import TIERS
from cxr_triage.evaluation.distributions import distributions
from cxr_triage.evaluation.page import environment, language_context, stylesheet
from cxr_triage.language import Language
from cxr_triage.triage.decision import ENOUGH_WELL, Decision
from cxr_triage.triage.policy import Policy
from cxr_triage.triage.positions import Positions


def render(
    site: Positions,
    reference: Positions | None,
    decision: Decision,
    policy: Policy,
    language: Language,
    before: Decision,
) -> str:
    """The whole page. before: how films were decided without the site's; no film is named."""
    css = stylesheet()
    shares = policy.decision.well_share
    plot = b64encode(distributions(site, reference, decision, language)).decode()
    return (
        environment("cxr_triage.calibration")
        .get_template("calibration.html.j2")
        .render(
            **language_context(language),
            css=Markup(css),  # noqa: S704 - our own file, not input
            css_hash=b64encode(sha256(css.encode()).digest()).decode(),
            site=site,
            site_films=int(site.fit_films.well.sum()),
            reference=reference,
            tiers=[
                {
                    "tier": tier,
                    "share": getattr(shares, tier),
                    "needed": ENOUGH_WELL[tier],
                    "moved": reference is None or tier in decision.by_site,
                }
                for tier in reversed(TIERS)
            ],
            mixed=_mixed(site, before, policy),
            routine_share=shares.routine,
            plot=f"data:image/svg+xml;base64,{plot}",
            labels=[
                {
                    "label": name,
                    "before": before.labels[name].threshold,
                    "now": one.threshold,
                    "trust": one.trust,
                }
                for name, one in decision.labels.items()
            ],
        )
    )


def _mixed(site: Positions, before: Decision, policy: Policy) -> list[tuple[float, float]]:
    """How a share of sick films among those that came moves the cut; measured on the reference
    films. Empty where the site's films are known to be well."""
    scale = before.scale
    if site.population == "well" or scale is None:
        return []
    films = scale.measured.films_for_figures
    if not films.labelled:
        return []
    rarity = scale.rarities(films, scale.measured.labels).min(1)
    return well_share_of_all(rarity, films.well, policy.decision.well_share.routine)
