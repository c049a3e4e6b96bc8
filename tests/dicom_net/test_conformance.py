"""docs/conformance.md says what the code does."""

import re
from pathlib import Path

from cxr_triage.dicom_net.contexts import STORAGE, TRANSFER_SYNTAXES, VERIFICATION
from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.report.dicom.codes import FINDING_CODES
from cxr_triage.report.dicom.document import ENCAPSULATED_PDF
from cxr_triage.report.dicom.naming import SERIES_NUMBERS
from cxr_triage.report.dicom.rejection import KEY_OBJECT_SELECTION
from cxr_triage.report.dicom.source import SECONDARY_CAPTURE
from cxr_triage.report.dicom.structured_report import COMPREHENSIVE_3D_SR
from cxr_triage.service.intake.statuses import FAILURES, OWN_FAILURES, SUCCESS, WARNINGS

TEXT = (Path(__file__).parents[2] / "docs/conformance.md").read_text("utf-8")
STOW_ALONE = {0x0111, 0xC409}
"""A C-STORE names no study that an instance could contradict."""


def rows(heading: str) -> list[list[str]]:
    """Of the table with that first row."""
    table = TEXT.partition(f"{heading}\n")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines()[1:]
    ]


def test_what_is_received_is_what_it_says():
    assert {row[-1] for row in rows("| SOP class | UID |")} == {VERIFICATION, *STORAGE}
    assert [row[-1] for row in rows("| transfer syntax | UID |")] == list(TRANSFER_SYNTAXES)


def test_every_status_is_explained_and_no_other():
    told = {int(row[0], 16) for row in rows("| status | meaning |")}
    answered = {SUCCESS, *WARNINGS, *FAILURES.values(), *OWN_FAILURES.values()} - STOW_ALONE
    assert told == answered


def test_codes_of_findings_and_kinds_of_objects_are_the_codes_own():
    told = {row[0]: tuple(row[1:]) for row in rows("| label | value | designator | meaning |")}
    assert told == {label: code.finding for label, code in FINDING_CODES.items()}
    kinds = {
        row[1]: int(row[3]) for row in rows("| object | SOP class UID | modality | series number |")
    }
    assert kinds == {
        SECONDARY_CAPTURE: SERIES_NUMBERS["capture"],
        ENCAPSULATED_PDF: SERIES_NUMBERS["pdf"],
        COMPREHENSIVE_3D_SR: SERIES_NUMBERS["sr"],
        KEY_OBJECT_SELECTION: SERIES_NUMBERS["rejection"],
    }


def test_our_root_is_the_codes():
    assert f"| UID root | {OWN_ROOT} |" in TEXT
    assert f"| Implementation Class UID | {OWN_ROOT}.0 |" in TEXT
    assert re.fullmatch(r"2\.25\.[1-9]\d*", OWN_ROOT)
