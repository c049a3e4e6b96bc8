import numpy as np
import pytest

from cxr_triage.errors import EvaluationFailed
from cxr_triage.evaluation.films import Column
from cxr_triage.evaluation.thresholds import choose, read_thresholds


def column(probability, positive):
    probability = np.array(probability, np.float64)
    flagged = probability >= 0.5
    return Column(
        label="Effusion",
        probability=probability,
        score=probability / 2,
        flagged=flagged,
        likely=flagged,
        positive=np.array(positive, np.bool_),
    )


HAND = column([0.1, 0.2, 0.3, 0.4, 0.6, 0.8], [0, 0, 1, 0, 1, 1])


def test_youden_of_a_case_done_by_hand():
    """At 0.6: 2 of 3 and 3 of 3 (1.67); at 0.3: 3 of 3 and 2 of 3, as good; the lower wins."""
    assert choose(HAND, 0.9).youden.probability == pytest.approx(0.25)


def test_cut_lies_midway_so_that_rounding_moves_no_film():
    cut = choose(HAND, 0.6).sensitivity
    assert cut.probability == pytest.approx(0.5)
    assert cut.score == pytest.approx(0.25)


@pytest.mark.parametrize(("wanted", "expected"), [(0.6, 0.5), (0.7, 0.25), (1.0, 0.25)])
def test_highest_threshold_that_keeps_the_wanted_sensitivity(wanted, expected):
    assert choose(HAND, wanted).sensitivity.probability == pytest.approx(expected)


def test_likely_point_keeps_95_of_100_negatives_out():
    probability = np.r_[np.arange(100) / 200, 0.9]
    cut = choose(column(probability, np.r_[np.zeros(100), 1]), 0.9).specificity95
    assert np.mean(probability[:100] < cut.probability) == 0.95


def test_nothing_is_chosen_without_positives_or_where_ties_forbid_it():
    assert choose(column([0.1, 0.2], [0, 0]), 0.9).youden is None
    assert choose(column([0.5, 0.5, 0.5], [1, 0, 0]), 0.9).specificity95 is None


def test_every_cut_does_what_it_promises():
    random = np.random.default_rng(4)
    positive = random.random(500) < 0.2
    films = column(np.round(random.beta(2, 5, 500) + 0.1 * positive, 6), positive)
    cuts = choose(films, 0.9)
    at = films.probability >= cuts.sensitivity.probability
    assert at[positive].mean() >= 0.9
    assert (at[positive].sum() - 1) / positive.sum() < 0.9
    assert (films.probability < cuts.specificity95.probability)[~positive].mean() >= 0.95
    best = max(
        (films.probability >= t)[positive].mean() - (films.probability >= t)[~positive].mean()
        for t in films.probability
    )
    flagged = films.probability >= cuts.youden.probability
    assert flagged[positive].mean() - flagged[~positive].mean() == pytest.approx(best)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "thresholds_missing"),
        ("no json", "thresholds_invalid"),
        ("[]", "thresholds_invalid"),
        ('{"format": "another"}', "thresholds_invalid"),
        ('{"format": "cxr-triage evaluation 1"}', "thresholds_invalid"),
    ],
)
def test_what_is_no_evaluation_is_refused(tmp_path, content, code):
    file = tmp_path / "evaluation.json"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(EvaluationFailed) as caught:
        read_thresholds(file, "0" * 64)
    assert caught.value.code == code
