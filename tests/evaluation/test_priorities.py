import pytest

from cxr_triage.domain import PRIORITIES
from cxr_triage.evaluation.priorities import TRUE_PRIORITIES, confusion, true_priority
from cxr_triage.evaluation.results import read_results
from cxr_triage.evaluation.truth import read_truth
from cxr_triage.triage.policy import read_policy

from .builders import row, write_labels, write_results

CASES = [
    ("Pneumothorax|Mass", "critical"),
    ("Pneumothorax", "routine"),
    ("Effusion", "urgent"),
    ("No Finding", "none"),
    ("Mass", "not_assessed"),
]


@pytest.fixture
def pairs(tmp_path):
    rows = [row(f"{i}.png", {"Mass": 0.5}, priority=given) for i, (_, given) in enumerate(CASES)]
    rows.append(row("5.png", {}, outcome="failed", priority=None))
    labels = [{"image": str(i), "findings": found} for i, (found, _) in enumerate(CASES)]
    labels.append({"image": "5", "findings": "Pneumothorax"})
    results = read_results(write_results(tmp_path / "r", rows))
    truth = read_truth(write_labels(tmp_path / "l.csv", labels))
    return [(results.rows[stem], film) for stem, film in truth.films.items()]


def test_true_findings_make_the_most_urgent_that_one_of_them_may_cause(pairs):
    made = [true_priority(film, read_policy()) for _, film in pairs]
    assert made == ["critical", "critical", "urgent", "none", "urgent", "critical"]


def test_every_film_with_a_priority_stands_once_in_the_table(pairs):
    table = confusion(pairs, read_policy())
    cells = {
        (true, given): table.counts[t][g]
        for t, true in enumerate(TRUE_PRIORITIES)
        for g, given in enumerate(PRIORITIES)
        if table.counts[t][g]
    }
    assert cells == {
        ("critical", "critical"): 1,
        ("critical", "routine"): 1,
        ("urgent", "urgent"): 1,
        ("none", "none"): 1,
        ("urgent", "not_assessed"): 1,
    }
    assert (table.found.value, table.right.value) == (0.5, 1.0)
