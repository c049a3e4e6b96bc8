"""The films that ship beside the models, and what a model says of them."""

import zipfile

import numpy as np
import pytest

from cxr_triage.calibration import fit
from cxr_triage.calibration.fit import assessments, logits_of, measure_model
from cxr_triage.calibration.reference import reference_films
from cxr_triage.errors import EvaluationFailed
from cxr_triage.model.catalog import shipped_models
from cxr_triage.settings import Settings
from cxr_triage.triage.policy import read_policy
from cxr_triage.triage.positions import find_positions
from tests.conftest import make_pipeline


def test_two_parts_share_no_patient_and_have_enough_films_without_findings():
    val, test = reference_films("val"), reference_films("test")
    assert not {x.patient for x in val.films} & {x.patient for x in test.films}
    for part, well in ((val, 400), (test, 400)):
        assert sum(not film.findings for film in part.films) > well
        assert len(part.names) == len(part.films) == len(part.patient)
    assert all(film.age_years >= 15 for film in (*val.films, *test.films))


def test_films_that_did_not_come_are_said_to_be_missing(tmp_path):
    with pytest.raises(EvaluationFailed) as caught:
        reference_films("val", tmp_path)
    assert caught.value.code == "reference_missing"


def test_shipped_positions_are_what_the_shipped_model_says_today(engine, decoder):
    """A dozen films are scored again; all of them by `cxr-triage model measure`."""
    positions = find_positions(shipped_models()["nih-baseline"], engine.card)
    val = reference_films("val")
    pipeline = make_pipeline(engine, decoder, read_policy("research"))
    kept = positions.fit_films
    places = range(0, 60, 5)
    with zipfile.ZipFile(val.archive) as archive:
        files = [archive.read(val.names[place]) for place in places]
    again = [
        logits_of(one.findings, engine.card) for one in assessments(pipeline, files) if one.findings
    ]
    assert len(again) > 8
    for row in again:
        assert np.abs(kept.logits - row).max(1).min() < 2e-3


def test_measuring_scores_every_film_of_both_parts(monkeypatch, tmp_path, engine):
    def few(split, folder):
        whole = reference_films(split, folder)
        return fit.ReferenceFilms(
            archive=whole.archive,
            names=whole.names[:12],
            films=whole.films[:12],
            patient=whole.patient[:12],
        )

    seen = []

    def watch(films, total):
        for film in films:
            seen.append(total)
            yield film

    monkeypatch.setattr(fit, "reference_films", few)
    positions = measure_model(shipped_models()["nih-baseline"], Settings(), watch)
    assert seen == [24] * 24
    assert 8 < len(positions.fit_films) <= 12
    assert positions.model.sha256 == engine.card.sha256
    assert [row["share"] for row in positions.table] == [0.05, 0.1, 0.2, 0.3, 0.5]
    assert positions.optimistic is False
