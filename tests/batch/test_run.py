import csv
import json
import os
import shutil
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from pydicom.pixels import pixel_array

from cxr_triage.batch.inputs import find_files
from cxr_triage.batch.kept import KeptResults
from cxr_triage.batch.output import open_output
from cxr_triage.batch.results import json_line, row_of
from cxr_triage.batch.run import run
from cxr_triage.domain import Reason
from cxr_triage.errors import OutputFailed
from cxr_triage.imaging.limits import Limits
from cxr_triage.report.film.film import leading_first
from cxr_triage.result.public import Row
from cxr_triage.result.sentences import reason_sentence

from ..conftest import real_image

FIELDS = set(Row.model_fields)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A folder of everything that can happen to a file."""
    folder = tmp_path_factory.mktemp("mixed")
    film = real_image("RG1_UNCR").read_bytes()
    (folder / "1-film").write_bytes(film)
    shutil.copy(real_image("RG3_UNCR"), folder / "2-leg.dcm")
    (folder / "3-cut.dcm").write_bytes(film[: len(film) // 2])
    (folder / "4-notes.txt").write_text("not an image")
    (folder / "5-notes.dcm").write_text("not an image either")
    (folder / "6-empty.dcm").write_bytes(b"")
    (folder / "7-again.dcm").write_bytes(film)
    return folder


@pytest.fixture(scope="module")
def results(pipeline, mixed):
    return list(run(pipeline, find_files([mixed]), workers=2, limits=Limits()))


def test_every_file_has_its_outcome_in_order(results):
    assert [(result.path.name[0], result.outcome) for result in results] == [
        ("1", "assessed"), ("2", "referred"), ("3", "failed"), ("4", "skipped"), ("5", "failed"),
        ("6", "failed"), ("7", "assessed"),
    ]  # fmt: skip


def test_same_bytes_have_the_same_identity(results):
    first, again = results[0].assessment, results[6].assessment
    assert first.id == again.id
    assert first.digest == again.digest


def test_rows_of_every_outcome_have_the_same_fields(results, pipeline):
    for result in results:
        row = row_of(result, pipeline.engine.card, pipeline.fingerprint, "en")
        assert set(row) == FIELDS
        assert set(json.loads(json_line(row))) == FIELDS
        assert (row["error"] is None) == (result.assessment is not None)


def test_row_of_a_film_holds_every_finding_ranked(results, pipeline):
    row = row_of(results[0], pipeline.engine.card, pipeline.fingerprint, "vi")
    assert len(row["findings"]) == 14
    assert set(row["findings"][0]) == {
        "label", "name", "probability", "score", "threshold", "likely_threshold", "flagged",
        "level", "may", "position", "rarity", "trust",
    }  # fmt: skip
    assert row["eligibility"]["status"] == "accept"
    assert row["model"]["proof"] == "demonstration"
    assert row["pixel_policy"]["inverted"] is True
    assert set(row["timings_ms"]) == {"read", "gate", "prepare", "infer", "rank"}


def test_file_over_the_limit_fails_unread(pipeline, mixed):
    limits = Limits(max_file_bytes=100)
    result = next(run(pipeline, [mixed / "1-film"], workers=1, limits=limits))
    assert result.outcome == "failed"
    assert result.error.code == "file_too_large"


def test_file_that_vanishes_fails_alone(pipeline, mixed):
    files = [mixed / "gone", mixed / "1-film"]
    outcomes = [result.outcome for result in run(pipeline, files, workers=2, limits=Limits())]
    assert outcomes == ["failed", "assessed"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files; run it on Linux")
def test_what_is_no_regular_file_fails_at_once_and_says_what_it_is(pipeline, tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    (tmp_path / "gone.dcm").symlink_to(tmp_path / "missing")
    (tmp_path / "folder").mkdir()
    files = [tmp_path / "pipe.dcm", Path(os.devnull), tmp_path / "gone.dcm", tmp_path / "folder"]
    results = list(run(pipeline, files, workers=2, limits=Limits()))
    assert [result.outcome for result in results] == ["failed"] * 4
    assert [result.error.code for result in results] == [
        "not_regular_file", "not_regular_file", "link_broken", "folder_unlisted"
    ]  # fmt: skip


def test_a_picture_of_a_kind_that_is_not_read_has_failed(pipeline, tmp_path):
    (tmp_path / "photo").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 99)
    result = next(run(pipeline, [tmp_path / "photo"], workers=1, limits=Limits()))
    assert (result.outcome, result.error.code) == ("failed", "picture_heic")


def test_a_wide_picture_of_narrow_values_is_refused_for_that_alone(pipeline, tmp_path):
    film = pixel_array(real_image("RG1_UNCR"))
    Image.fromarray(32767 - film >> 3).save(tmp_path / "12.png")
    refused, scored = (
        next(run(pipeline, [tmp_path / "12.png"], workers=1, limits=Limits(), bits=bits))
        for bits in (None, 12)
    )
    reasons = refused.assessment.eligibility.reasons
    assert reasons == (Reason(code="bits_unscaled", measured=12, limit=16),)
    assert "12" in reason_sentence(reasons[0], "en")
    assert scored.outcome == "assessed"


def test_unexpected_fault_fails_one_file_and_says_nothing_of_its_text(
    pipeline, mixed, monkeypatch, caplog
):
    name = "^".join(("NGUYEN", "VAN", "A"))

    def broken(data):
        raise RuntimeError(name)

    monkeypatch.setattr(pipeline, "read", broken)
    result = next(run(pipeline, [mixed / "1-film"], workers=1, limits=Limits()))
    assert result.outcome == "failed"
    assert result.error.code == "unexpected"
    assert name not in result.error.message("en") + caplog.text


ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def _write(folder, results, pipeline, **options):
    defaults = {"language": "en", "table": True, "heatmaps": 2, "report": True, "base": None,
                "zone": ZONE}  # fmt: skip
    card = pipeline.engine.card
    with (
        open_output(folder, pipeline=pipeline, **(defaults | options)) as output,
        KeptResults(card) as kept,
    ):
        for result in results:
            kept.add(result)
            output.add(result, row_of(result, card, pipeline.fingerprint, "en"))
        return output.finish(kept)


def test_folder_holds_rows_table_report_and_heatmaps(tmp_path, results, pipeline):
    _write(tmp_path, results, pipeline)
    rows = (tmp_path / "results.jsonl").read_text("utf-8").splitlines()
    assert len(rows) == len(results)
    with (tmp_path / "results.csv").open(encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(results)
    assert table[0]["policy"] == results[0].assessment.policy == "default 2"
    assert "<html" in (tmp_path / "report.html").read_text("utf-8")
    digest = results[0].assessment.digest[:32]
    drawn = leading_first(results[0].assessment)[:2]
    names = {file.name for file in (tmp_path / "heatmaps").iterdir()}
    assert names == {f"{digest}-{finding.label}.jpg" for finding in drawn}


def test_heatmaps_and_report_take_little_room_and_originals_are_there_on_request(
    tmp_path, results, pipeline
):
    _write(tmp_path / "small", results[:1], pipeline, heatmaps=3)
    drawn = [file.stat().st_size for file in (tmp_path / "small" / "heatmaps").iterdir()]
    page = (tmp_path / "small" / "report.html").stat().st_size
    assert len(drawn) == 3
    assert sum(drawn) + page < 400_000
    _write(tmp_path / "whole", results[:1], pipeline, lossless=True)
    rows, columns = results[0].radiograph.pixels.shape
    for file in (tmp_path / "whole" / "heatmaps").iterdir():
        with Image.open(file) as picture:
            assert picture.format == "PNG"
            assert picture.width == columns
            assert picture.height > rows


def test_earlier_results_are_kept(tmp_path, results, pipeline):
    for _ in range(3):
        _write(tmp_path, results[1:2], pipeline)
    assert len(list(tmp_path.glob("results*.jsonl"))) == 3
    assert len(list(tmp_path.glob("report*.html"))) == 3


def test_rows_are_on_disk_before_the_run_ends(tmp_path, results, pipeline):
    with open_output(
        tmp_path,
        pipeline=pipeline,
        language="en",
        table=False,
        heatmaps=0,
        report=False,
        base=None,
        zone=ZONE,
    ) as output:
        output.add(results[1], row_of(results[1], pipeline.engine.card, "f", "en"))
        assert (tmp_path / "results.jsonl").read_text("utf-8").count("\n") == 1


def test_output_that_cannot_be_written_is_one_sentence(tmp_path, pipeline):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputFailed) as caught:
        _write(tmp_path / "file", [], pipeline)
    assert str(tmp_path) not in str(caught.value)


def test_cell_is_never_a_formula(tmp_path, results, pipeline):
    row = row_of(results[3], pipeline.engine.card, "f", "en") | {"path": "=cmd()"}
    with open_output(
        tmp_path,
        pipeline=pipeline,
        language="en",
        table=True,
        heatmaps=0,
        report=False,
        base=None,
        zone=ZONE,
    ) as output:
        output.add(results[3], row)
    assert "'=cmd()" in (tmp_path / "results.csv").read_text("utf-8-sig")


def test_report_keeps_pictures_of_the_most_urgent_films_only(results, pipeline, monkeypatch):
    from cxr_triage.batch.gallery import Gallery  # noqa: PLC0415

    monkeypatch.setattr(Gallery, "LIMIT", 1)
    gallery = Gallery(None)
    with KeptResults(pipeline.engine.card) as kept:
        for result in results:
            gallery.add(result)
            kept.add(result)
        page = "".join(gallery.page(pipeline, "en", ZONE, kept))
    assert page.count("7-again.dcm") >= 1
    assert 0 < page.count("data:image") <= 4
