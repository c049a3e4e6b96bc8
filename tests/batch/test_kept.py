"""A run over any number of files holds little of each."""

import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from cxr_triage.batch.gallery import Gallery
from cxr_triage.batch.kept import HELD_BYTES, KeptResults
from cxr_triage.batch.run import FileResult
from cxr_triage.domain import Patient
from cxr_triage.errors import OutputFailed, UnreadableImage
from cxr_triage.triage.rank import rank_studies, standing_of

from ..report.films import CARD
from ..store.builders import image, result
from ..store.test_codec import plain

FILMS = 1500


def film(number: int) -> FileResult:
    """Another film of another patient."""
    assessment = replace(result(image(number)), model=CARD)
    patient = Patient(id=f"P{number}", name=f"NGUYEN VAN {number}", birth_date="1971-02-03")
    return FileResult(path=Path(f"films/{number}.dcm"), assessment=assessment, patient=patient)


def test_what_is_read_back_is_what_was_kept(tmp_path):
    first, last = film(1), film(2)
    with KeptResults(CARD, tmp_path) as kept:
        kept.add(first)
        kept.add(last)
        ranked = [one for study in kept.ranked() for one in study.images]
        for one, whole in zip(sorted(ranked, key=lambda one: one.path), (first, last), strict=True):
            assert (one.path, one.patient) == (whole.path, whole.patient)
            assert plain(kept.read(one)) == plain(whole.assessment)


def test_it_ranks_as_whole_results_do():
    films = [film(number) for number in range(9)]
    with KeptResults(CARD) as kept:
        for one in films:
            kept.add(one)
        ours = [one.path for study in kept.ranked() for one in study.images]
    theirs = rank_studies(
        films, lambda one: standing_of(one.assessment), patient_of=lambda one: one.patient
    )
    assert ours == [one.path for study in theirs for one in study.images]


def test_a_file_without_a_result_is_kept_as_it_is():
    failed = FileResult(path=Path("a.dcm"), error=UnreadableImage("cut_off"))
    with KeptResults(CARD) as kept:
        kept.add(failed)
        assert (kept.unread, kept.ranked(), list(kept.paths())) == ([failed], [], [failed.path])


def test_of_a_long_run_little_of_each_film_stays_in_memory(tmp_path):
    """Whole results took fourteen kilobytes each."""
    gallery = Gallery(None)
    with KeptResults(CARD, tmp_path) as kept:
        kept.add(film(0))
        kept._file.rollover()
        gc.collect()
        tracemalloc.start()
        for number in range(1, FILMS):
            one = film(number)
            gallery.add(one)
            kept.add(one)
        del one
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held / FILMS < 2500
        size = kept._file.seek(0, 2)
    assert size > FILMS * 2500
    assert HELD_BYTES < 10 * 2**20
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_in_our_words(monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with KeptResults(CARD) as kept:
        monkeypatch.setattr(kept._file, "write", full)
        with pytest.raises(OutputFailed):
            kept.add(film(1))
