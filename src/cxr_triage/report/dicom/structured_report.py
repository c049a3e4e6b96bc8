"""Comprehensive 3D SR by TID 1500 (PS3.16): findings as data, for viewers and registries.

Preliminary and unverified, until a doctor has signed: then a new document, verified, names it as
its predecessor. Numbers stand in groups with a region alone, and bear the finding's name, for that
is what viewers show; the image library is always there, for they fail without it.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import highdicom.sr as hd
from pydicom import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.coding import Code as CodedConcept

from cxr_triage.domain import Assessment, Finding
from cxr_triage.labels import finding_name
from cxr_triage.report.dicom import codes
from cxr_triage.report.dicom.common import MANUFACTURER, DicomObject, Making, begun, reference
from cxr_triage.report.dicom.naming import ObjectIdentity, uid_of
from cxr_triage.report.dicom.region import region
from cxr_triage.report.dicom.source import SECONDARY_CAPTURE, SourceFilm

COMPREHENSIVE_3D_SR: Final = "1.2.840.10008.5.1.4.1.1.88.34"
NO_UNIT: Final = CodedConcept("1", "UCUM", "no units")
FILM: Final = "AI triage of the film"
ORIENTATION: Final = frozenset({"111043", "111044"})
SPACING: Final = frozenset({"111026", "111066"})
"""Descriptors of the image library that a bare film cannot give: which way its rows and columns
run, and how far apart its pixels are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReading:
    """What a doctor signed of a film. verdicts: by label."""

    reader: str = field(repr=False)
    organization: str
    at: datetime
    verdicts: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    impression: str = field(default="", repr=False)


def structured_report(
    film: SourceFilm,
    assessment: Assessment,
    identity: ObjectIdentity,
    making: Making,
    *,
    explanations: Mapping[str, ObjectIdentity],
    reading: SignedReading | None = None,
) -> DicomObject:
    """explanations: by label, its heatmap's capture, where that is sent."""
    evidence = _evidence(film)
    content = hd.MeasurementReport(
        observation_context=_observers(making, reading),
        procedure_reported=CodedConcept("399208008", "SCT", "Plain chest radiograph"),
        imaging_measurements=_groups(film, assessment, identity, making, explanations, reading),
        title=CodedConcept("126000", "DCM", "Imaging Measurement Report"),
        language_of_content_item_and_descendants=hd.LanguageOfContentItemAndDescendants(
            CodedConcept(*_language(making))
        ),
        referenced_images=[evidence],
    )
    made = hd.Comprehensive3DSR(
        evidence=[evidence, *(_capture(evidence, one) for one in explanations.values())],
        content=content[0],
        series_instance_uid=identity.series_uid,
        series_number=1,
        sop_instance_uid=identity.sop_uid,
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=reading is not None,
        is_verified=reading is not None,
        institution_name=film.institution or None,
        verifying_observer_name=None if reading is None else _name(reading, making),
        verifying_organization=None if reading is None else making.text(reading.organization),
    )
    ds = begun(identity, COMPREHENSIVE_3D_SR, film, making)
    ds.Modality = "SR"
    for element in made:
        if element.tag not in ds and element.keyword != "ContributingEquipmentSequence":
            ds.add(element)
    ds.ReferencedPerformedProcedureStepSequence = DicomSequence()
    _leave_out_unsaid(ds, film)
    _declare_scheme(ds)
    if reading is not None:
        ds.VerifyingObserverSequence[0].VerificationDateTime = reading.at.strftime("%Y%m%d%H%M%S")
    _name_predecessors(ds, film, making)
    _in_charset(ds, making)
    return DicomObject(
        identity=identity, sop_class_uid=COMPREHENSIVE_3D_SR, study_uid=film.study_uid, dataset=ds
    )


def _language(making: Making) -> codes.Code:
    return ("vi-VN", "RFC5646", "Vietnamese") if making.language == "vi" else (
        "en-US", "RFC5646", "English (US)"
    )  # fmt: skip


def _evidence(film: SourceFilm) -> Dataset:
    """The film's header completed as far as a library of images wants it."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = film.sop_class_uid, film.sop_uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = film.study_uid, film.series_uid
    ds.Modality = film.modality
    ds.Rows, ds.Columns = film.rows, film.columns
    ds.PatientOrientation = list(film.patient_orientation or ("L", "F"))
    ds.ImagerPixelSpacing = list(film.spacing_mm)
    ds.PatientID, ds.PatientName = film.patient.id, film.patient.name
    ds.PatientBirthDate, ds.PatientSex = "", ""
    ds.StudyDate, ds.StudyTime, ds.StudyID = film.study_date, film.study_time, film.study_id
    ds.AccessionNumber, ds.ReferringPhysicianName = film.accession, ""
    return ds


def _capture(film: Dataset, identity: ObjectIdentity) -> Dataset:
    """A capture as evidence beside the film."""
    ds = deepcopy(film)
    ds.SOPClassUID, ds.SOPInstanceUID = SECONDARY_CAPTURE, identity.sop_uid
    ds.SeriesInstanceUID = identity.series_uid
    return ds


def _observers(making: Making, reading: SignedReading | None) -> Any:  # noqa: ANN401 - highdicom's
    model = making.model
    device = hd.ObserverContext(
        observer_type=CodedConcept("121007", "DCM", "Device"),
        observer_identifying_attributes=hd.DeviceObserverIdentifyingAttributes(
            uid=uid_of(f"device {model.sha256}"),
            name=making.text(f"{model.name} {model.version}"),
            manufacturer_name=MANUFACTURER,
            model_name=making.text(model.name),
            serial_number=model.sha256[:16],
        ),
    )
    person = None
    if reading is not None:
        person = hd.ObserverContext(
            observer_type=CodedConcept("121006", "DCM", "Person"),
            observer_identifying_attributes=hd.PersonObserverIdentifyingAttributes(
                name=_name(reading, making),
                organization_name=making.text(reading.organization),
            ),
        )
    return hd.ObservationContext(observer_device_context=device, observer_person_context=person)


def _name(reading: SignedReading, making: Making) -> str:
    """As a Person Name (PS3.5 6.2.1.2): whole as the family name where it is in no components."""
    name = making.text(reading.reader)
    return name if "^" in name else f"{name}^"


def _groups(
    film: SourceFilm,
    assessment: Assessment,
    identity: ObjectIdentity,
    making: Making,
    explanations: Mapping[str, ObjectIdentity],
    reading: SignedReading | None,
) -> Sequence[Any]:
    found = [_film_group(film, assessment, identity, making)]
    for finding in assessment.findings:
        if finding.flagged:
            found.append(
                _finding_group(film, assessment, finding, identity, making, explanations, reading)
            )
    for label in () if reading is None else reading.missed:
        if label in codes.FINDING_CODES:
            found.append(_missed_group(film, label, identity, making))
    return found


def _film_group(
    film: SourceFilm, assessment: Assessment, identity: ObjectIdentity, making: Making
) -> Any:  # noqa: ANN401 - highdicom's
    """Of the film as a whole: codes, no numbers."""
    flagged = any(finding.flagged for finding in assessment.findings)
    summary = codes.WITH_FINDINGS if flagged else codes.WITHOUT_FINDINGS
    if assessment.outcome != "assessed":
        summary = codes.NONE_SUCCEEDED
    answers = {
        codes.NORMALITY: codes.ABNORMAL if flagged else codes.UNDETERMINED,
        codes.SUMMARY: summary,
        codes.PRIORITY: codes.PRIORITIES[assessment.priority],
    }
    return hd.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(identity, "film", making.text(FILM)),
        algorithm_id=_algorithm(making, assessment),
        qualitative_evaluations=[_evaluation(name, value) for name, value in answers.items()],
        source_images=[_source(film)],
    )


def _finding_group(
    film: SourceFilm,
    assessment: Assessment,
    finding: Finding,
    identity: ObjectIdentity,
    making: Making,
    explanations: Mapping[str, ObjectIdentity],
    reading: SignedReading | None,
) -> Any:  # noqa: ANN401 - highdicom's
    code = codes.FINDING_CODES[finding.label]
    name = making.text(finding_name(finding.label, making.language))
    about: dict[str, Any] = {
        "tracking_identifier": _tracking(identity, finding.label, name),
        "finding_type": _coded(code.finding),
        "algorithm_id": _algorithm(making, assessment),
        "finding_sites": [hd.FindingSite(_coded(code.site))],
    }
    verdict = None if reading is None else reading.verdicts.get(finding.label)
    if verdict in codes.VERDICTS:
        about["qualitative_evaluations"] = [_evaluation(codes.READING, codes.VERDICTS[verdict])]
    line = _line(film, assessment, finding)
    if line is None:
        group = hd.MeasurementsAndQualitativeEvaluations(**about, source_images=[_source(film)])
    else:
        about["measurements"] = list(_measurements(finding, name, making))
        group = hd.PlanarROIMeasurementsAndQualitativeEvaluations(
            **about,
            referenced_region=hd.ImageRegion(
                graphic_type=hd.GraphicTypeValues.POLYLINE,
                graphic_data=line,
                source_image=hd.SourceImageForRegion(film.sop_class_uid, film.sop_uid),
            ),
        )
    if finding.label in explanations:
        group[0].ContentSequence.append(_explanation(explanations[finding.label].sop_uid))
    return group


def _missed_group(film: SourceFilm, label: str, identity: ObjectIdentity, making: Making) -> Any:  # noqa: ANN401 - highdicom's
    """What the doctor saw and the algorithm did not flag."""
    code = codes.FINDING_CODES[label]
    name = making.text(finding_name(label, making.language))
    return hd.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(identity, label, name),
        finding_type=_coded(code.finding),
        finding_sites=[hd.FindingSite(_coded(code.site))],
        qualitative_evaluations=[_evaluation(codes.READING, codes.VERDICTS["agree"])],
        source_images=[_source(film)],
    )


def _line(film: SourceFilm, assessment: Assessment, finding: Finding) -> Any:  # noqa: ANN401 - [n, 2]
    """Nothing where the film was made square: its own pixels are others then."""
    policy = assessment.pixel_policy
    if assessment.crop is None or (policy is not None and policy.resampled_to_square):
        return None
    return region(finding, assessment.crop, film.rows, film.columns)


def _measurements(finding: Finding, name: str, making: Making) -> Any:  # noqa: ANN401 - highdicom's
    yield _number(codes.score_code(finding.label, name), finding.score, making)
    if finding.rarity is not None:
        yield _number(codes.rarity_code(finding.label, name), finding.rarity, making)
    yield _number(codes.THRESHOLD, finding.threshold, making)


def _number(code: codes.Code, value: float, making: Making) -> Any:  # noqa: ANN401 - highdicom's
    value_, scheme, meaning = code
    return hd.Measurement(
        name=CodedConcept(value_, scheme, making.text(meaning)), value=round(value, 4), unit=NO_UNIT
    )


def _tracking(identity: ObjectIdentity, what: str, name: str) -> Any:  # noqa: ANN401 - highdicom's
    """The same in every report on that film, whoever made it when."""
    return hd.TrackingIdentifier(uid=uid_of(f"tracking {identity.source} {what}"), identifier=name)


def _algorithm(making: Making, assessment: Assessment) -> Any:  # noqa: ANN401 - highdicom's
    model = assessment.model
    return hd.AlgorithmIdentification(
        name=making.text(model.name),
        version=making.text(model.version),
        family=CodedConcept("123110", "DCM", "Artificial Intelligence"),
        parameters=[making.text(f"policy {assessment.policy or '-'}")],
    )


def _source(film: SourceFilm) -> Any:  # noqa: ANN401 - highdicom's
    return hd.SourceImageForMeasurementGroup(film.sop_class_uid, film.sop_uid)


def _evaluation(name: codes.Code, value: codes.Code) -> Any:  # noqa: ANN401 - highdicom's
    return hd.QualitativeEvaluation(name=_coded(name), value=_coded(value))


def _coded(code: codes.Code) -> CodedConcept:
    return CodedConcept(*code)


def _explanation(sop_uid: str) -> Any:  # noqa: ANN401 - highdicom's
    """Which capture shows why (highdicom has no parameter for it)."""
    return hd.ImageContentItem(
        name=_coded(codes.EXPLANATION),
        referenced_sop_class_uid=SECONDARY_CAPTURE,
        referenced_sop_instance_uid=sop_uid,
        relationship_type=hd.RelationshipTypeValues.CONTAINS,
    )


def _leave_out_unsaid(ds: Dataset, film: SourceFilm) -> None:
    """The image library says no more of the film than the film does."""
    left_out = set() if film.patient_orientation else set(ORIENTATION)
    if not film.spacing_said:
        left_out |= SPACING
    for item in ds.ContentSequence:
        if item.ConceptNameCodeSequence[0].CodeValue == "111028":
            _prune(item, left_out)


def _prune(item: Dataset, left_out: set[str]) -> None:
    children = item.get("ContentSequence")
    if not children:
        return
    kept = [
        child
        for child in children
        if child.get("ConceptNameCodeSequence", [Dataset()])[0].get("CodeValue") not in left_out
    ]
    item.ContentSequence = DicomSequence(kept)
    for child in kept:
        _prune(child, left_out)
    if not kept:
        del item.ContentSequence


def _declare_scheme(ds: Dataset) -> None:
    scheme = Dataset()
    scheme.CodingSchemeDesignator = codes.PRIVATE
    scheme.CodingSchemeName = "Codes of cxr-triage"
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    ds.CodingSchemeIdentificationSequence = DicomSequence([scheme])


def _name_predecessors(ds: Dataset, film: SourceFilm, making: Making) -> None:
    """PS3.3 C.17.2.2. Each has a series of its own, whose UID `predecessors` cannot tell: the
    document's own study and its instance do."""
    if not making.predecessors:
        return
    series = Dataset()
    series.SeriesInstanceUID = making.predecessor_series
    series.ReferencedSOPSequence = DicomSequence([reference(*one) for one in making.predecessors])
    study = Dataset()
    study.StudyInstanceUID = film.study_uid
    study.ReferencedSeriesSequence = DicomSequence([series])
    ds.PredecessorDocumentsSequence = DicomSequence([study])


def _in_charset(ds: Dataset, making: Making) -> None:
    if making.charset == "ascii" and "SpecificCharacterSet" in ds:
        del ds.SpecificCharacterSet
