"""C-STORE: what is answered Success is kept, by the rules of every entrance; the rest is told."""

import socket
import struct
import threading
import time
from contextlib import ExitStack
from io import BytesIO

import pytest
from pydicom import Dataset, dcmread
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from cxr_triage.dicom_net.contexts import STORAGE, TRANSFER_SYNTAXES
from cxr_triage.errors import StoreFull
from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.service.audit import SYSTEM, Origin
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.people.principal import of_station
from cxr_triage.store.records import EVERYWHERE, StationKey

from ..api.films import film
from .serving import association, hang_up, modality, receiving, store

CT = "1.2.840.10008.5.1.4.1.1.2"
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with receiving(tmp_path_factory.mktemp("received"), max_file_mib=1) as found:
        yield found


def kept(there, number: int):
    uid = dcmread(BytesIO(film(number))).StudyInstanceUID
    return there.services.store.studies_with_uid(uid, EVERYWHERE)


def test_a_film_is_kept_as_its_stations_before_success_is_answered(there):
    with association(there) as xray:
        assert xray.send_c_echo().Status == 0
        assert store(xray, film(1)).Status == 0
        (row,) = kept(there, 1)
        assert (row.station_id, row.images, row.assessed) == ("north", 1, 1)
    stored = there.services.store.study(row.study_id, EVERYWHERE).images[0]
    assert stored.machine == "AE XRAY1"
    entries = [one.entry for one in there.services.store.audit_trail(before=None, limit=5)]
    (entry,) = [one for one in entries if one.action == "image_kept"]
    assert (entry.actor_kind, entry.actor_id, entry.address) == ("station", "north", "127.0.0.1")
    assert there.spooled() == []


def test_it_is_what_comes_of_the_same_film_over_http(there, tmp_path):
    with association(there, "XRAY2") as xray:
        assert store(xray, film(2)).Status == 0
    by_network = there.services.store.study(kept(there, 2)[0].study_id, EVERYWHERE).images[0]
    key = StationKey(
        id="k", station_id="north", prefix="", sha256="", created_at=by_network.received_at,
        expires_at=None, scope="both", machine="k",
    )  # fmt: skip
    who = of_station(there.services.store.accounts.station("north"), key, "en")
    with there.services.spool.open() as incoming:
        incoming.write(film(2))
        by_http = there.services.intake.take(incoming.finish(), who, origin=Origin()).stored
    assert by_http.assessment.pixel_digest == by_network.assessment.pixel_digest
    assert [(f.label, f.score) for f in by_http.assessment.findings] == [
        (f.label, f.score) for f in by_network.assessment.findings
    ]
    assert by_http.patient == by_network.patient


def test_the_same_film_again_is_success_and_kept_once(there):
    with association(there) as xray:
        assert [store(xray, film(3)).Status for _ in range(3)] == [0, 0, 0]
    with association(there) as xray:
        assert store(xray, film(3)).Status == 0
    assert [row.images for row in kept(there, 3)] == [1]


def test_a_study_that_comes_in_several_associations_is_one(there):
    for number in (41, 42, 43):
        with association(there) as xray:
            assert store(xray, film(number, study=40)).Status == 0
    (row,) = kept(there, 40)
    assert row.images == 3


def test_another_patients_film_under_the_same_number_is_kept_with_a_warning(there):
    with association(there) as xray:
        assert store(xray, film(51, study=50)).Status == 0
        other = film(52, study=50, PatientID="P-other", PatientBirthDate="19330101")
        assert store(xray, other).Status == 0xB000
    assert len(kept(there, 50)) == 2


@pytest.mark.parametrize(
    ("title", "called", "why"),
    [
        ("NOBODY", "CXRTRIAGE", (1, 1, 3)),
        ("NOWHERE", "CXRTRIAGE", (1, 1, 3)),  # its station does not exist
        ("ELSEWHERE", "CXRTRIAGE", (1, 1, 3)),  # calls from another address
        ("XRAY1", "ANOTHER", (1, 1, 7)),
    ],
)
def test_who_is_not_known_is_rejected_and_told_why(there, title, called, why):
    before = there.metric("associations_total", outcome="rejected")
    with association(there, title, called=called) as xray:
        assert xray.is_rejected
        answer = xray.acceptor.primitive
        assert (answer.result, answer.result_source, answer.diagnostic) == why
    assert there.metric("associations_total", outcome="rejected") == before + 1


def test_radiographs_are_accepted_in_what_is_read_and_nothing_else(there):
    for syntaxes in (TRANSFER_SYNTAXES[:10], TRANSFER_SYNTAXES[10:]):
        for syntax in syntaxes:
            with association(there, syntaxes=[syntax]) as xray:
                accepted = {one.abstract_syntax for one in xray.accepted_contexts}
                assert accepted >= set(STORAGE), syntax
    with association(there, classes=(CT, *STORAGE), syntaxes=["1.2.840.10008.1.2.4.100"]) as xray:
        assert {one.abstract_syntax for one in xray.accepted_contexts} == {"1.2.840.10008.1.1"}
    with association(there, classes=(CT,)) as xray:
        assert [one.abstract_syntax for one in xray.rejected_contexts] == [CT]


def test_what_cannot_be_understood_has_a_status_and_a_code(there):
    cut_off = dcmread(BytesIO(film(60)))
    cut_off.PixelData = cut_off.PixelData[:-100_000]
    with association(there) as xray:
        answer = xray.send_c_store(cut_off)
        assert (answer.Status, answer.ErrorComment) == (0xC210, "truncated_pixels")
        assert store(xray, film(61)).Status == 0  # the next is not concerned
    assert not kept(there, 60)
    assert there.spooled() == []


def test_a_data_set_of_another_instance_does_not_fit(there):
    ds = dcmread(BytesIO(film(62)))
    with association(there) as xray:
        answer = _send_as(xray, ds, sop_uid="1.2.3.4.5")
        assert (answer.Status, answer.ErrorComment) == (0xA900, "sop_differs")
    assert not kept(there, 62)


def _send_as(xray, ds, *, sop_uid):
    """A message that names another instance than its data set."""
    context = xray._get_valid_context(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID, "scu")
    request = C_STORE()
    request.MessageID = 7
    request.Priority = 2
    request.AffectedSOPClassUID = ds.SOPClassUID
    request.AffectedSOPInstanceUID = sop_uid
    request.DataSet = BytesIO(encode(ds, False, True))
    xray._reactor_checkpoint.clear()
    xray.dimse.send_msg(request, context.context_id)
    _, answer = xray.dimse.get_msg(block=True)
    xray._reactor_checkpoint.set()
    return answer


def test_what_is_larger_than_a_film_may_be_is_out_of_resources(there):
    ds = dcmread(BytesIO(film(63)))
    ds.add_new(0x00091010, "OB", bytes(1_500_000))
    with association(there) as xray:
        answer = xray.send_c_store(ds)
        assert (answer.Status, answer.ErrorComment) == (0xA710, "file_over_limit")
    assert there.spooled() == []


def test_raw_data_is_kept_and_referred_as_over_http(there):
    with association(there) as xray:
        raw = film(64, SOPClassUID=FOR_PROCESSING, Modality="DX")
        assert store(xray, raw).Status == 0
    (row,) = kept(there, 64)
    assert (row.priority, row.reason.refusal.code) == ("not_assessed", "for_processing")


def test_own_results_and_what_others_made_of_films_are_kept_out_and_counted(there):
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = STORAGE[0], "1.2.3"
    objects = {
        "own_result": film(65, SOPInstanceUID=f"{OWN_ROOT}.77"),
        "derived_object": film(
            66, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", ImageType=["DERIVED", "SECONDARY"],
            SourceImageSequence=[source],
        ),
    }  # fmt: skip
    with association(there) as xray:
        for code, data in objects.items():
            labels = {"entrance": "dimse", "outcome": "kept_out", "reason": code}
            before = there.metric("images_total", **labels)
            answer = store(xray, data)
            assert (answer.Status, answer.ErrorComment) == (0xB006, code)
            assert there.metric("images_total", **labels) == before + 1
    assert not kept(there, 65)
    assert not kept(there, 66)


def test_an_association_that_is_aborted_in_the_middle_leaves_nothing(there):
    for number in (70, 71):
        with association(there) as xray:
            assert store(xray, film(number)).Status == 0
            _send_half(xray, dcmread(BytesIO(film(number + 10))))
            xray.abort()
    wait_until(lambda: there.spooled() == [])
    assert not kept(there, 80)
    assert kept(there, 70)
    assert kept(there, 71)


def _send_half(xray, ds):
    context = xray._get_valid_context(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID, "scu")
    request = C_STORE()
    request.MessageID, request.Priority = 7, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    request.DataSet = BytesIO(encode(ds, False, True))
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    pieces = list(message.encode_msg(context.context_id, 16000))
    for piece in pieces[: len(pieces) // 2]:
        xray.dul.send_pdu(piece)
    wait_until(xray.dul.to_provider_queue.empty)
    time.sleep(0.1)


def wait_until(holds, seconds: float = 20):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_disabled_station_is_rejected(tmp_path):
    with receiving(tmp_path, dicom_callers="GONE=missing; XRAY1=north") as there:
        with association(there, "GONE") as xray:
            assert xray.is_rejected
        Administration(there.services.store, AccountRules()).create_station(
            "missing", "No more missing", by=SYSTEM
        )
        with association(there, "GONE") as xray:
            assert xray.is_established


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A listener with little patience and few places."""
    folder = tmp_path_factory.mktemp("small")
    with receiving(folder, dicom_associations=8, dicom_idle_s=2) as found:
        yield found


def test_of_64_associations_at_once_as_many_work_as_may_and_the_rest_are_told_no(small):
    ended = []

    def call(number: int) -> None:
        entity = modality(f"XRAY{1 + number % 2}")
        assoc = entity.associate("127.0.0.1", small.port, ae_title="CXRTRIAGE")
        answer = assoc.acceptor.primitive
        why = None if answer is None else (answer.result, answer.diagnostic)
        ended.append((assoc.is_established, why))
        at_once.append(small.listener.associations)
        held.append(assoc)

    held, at_once = [], []
    threads = [threading.Thread(target=call, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    accepted = sum(established for established, _ in ended)
    assert accepted >= 6  # others may come in where a silent one was ended meanwhile
    assert max(at_once) <= 8
    assert {why for established, why in ended if not established} <= {(2, 2), None}
    for assoc in held:
        if assoc.is_established:
            assoc.release()
        hang_up(assoc)
    wait_until(lambda: not small.listener.associations)
    with association(small) as xray:
        assert store(xray, film(90)).Status == 0


def test_one_caller_leaves_places_for_others(small):
    wait_until(lambda: not small.listener.associations)
    with ExitStack() as stack:
        mine = [stack.enter_context(association(small, "XRAY1")) for _ in range(8)]
        assert [one.is_established for one in mine] == [True] * 6 + [False] * 2
        other = stack.enter_context(association(small, "XRAY2"))
        assert other.is_established


def test_a_silent_association_is_ended(small):
    entity = modality()
    assoc = entity.associate("127.0.0.1", small.port, ae_title="CXRTRIAGE")
    assert assoc.is_established
    wait_until(lambda: not assoc.is_established, 15)
    hang_up(assoc)


def test_a_connection_that_says_nothing_or_too_much_ends(small):
    with socket.create_connection(("127.0.0.1", small.port)) as silent:
        silent.settimeout(60)
        with socket.create_connection(("127.0.0.1", small.port)) as loud:
            loud.settimeout(30)
            loud.sendall(struct.pack(">BBL", 1, 0, 2**31))
            assert loud.recv(100) in (b"", struct.pack(">BBLBBBB", 7, 0, 4, 0, 0, 2, 0))
        with association(small) as xray:  # nobody waits for them
            assert xray.send_c_echo().Status == 0


def test_a_full_disk_is_out_of_resources_and_can_be_tried_again(there, monkeypatch):
    def full() -> None:
        raise StoreFull("store_full")

    monkeypatch.setattr(there.services.spool, "_make_room", full)
    with association(there) as xray:
        assert store(xray, film(95)).Status == 0xA700
        monkeypatch.undo()
        assert store(xray, film(95)).Status == 0
