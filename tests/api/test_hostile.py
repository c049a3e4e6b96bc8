"""Hostile uploads and clients end in one of our errors and slow nobody else down."""

import io
import socket
import struct
import threading
import time
import zlib

import psutil
import pytest
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from cxr_triage.imaging.decoding.child import GIVING_WAY
from cxr_triage.service.inference.pool import DRAWING, SCORING

from ..imaging.films import COMPUTED_RADIOGRAPHY, written
from .films import ROOT, film
from .serving import DICOM, Served, assessment, send


def deflate_bomb() -> bytes:
    """A deflated data set that unpacks to a gigabyte."""
    head = Dataset()
    head.file_meta = FileMetaDataset()
    head.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head.file_meta.MediaStorageSOPClassUID = COMPUTED_RADIOGRAPHY
    head.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    buffer = io.BytesIO()
    dcmwrite(buffer, head, enforce_file_format=True)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = bytes(1 << 20)
    return buffer.getvalue() + b"".join(squeeze.compress(block) for _ in range(1024))


def zip_bomb() -> bytes:
    """A PNG that claims 60000 × 60000 and holds almost nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1 << 20), 9)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def enormous_in_a_kilobyte() -> bytes:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = COMPUTED_RADIOGRAPHY, "1.2.3", "CR"
    ds.Rows = ds.Columns = 65535
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.SamplesPerPixel, ds.PixelRepresentation = 15, 1, 0
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.PixelData = bytes(512)
    ds["PixelData"].VR = "OW"
    return written(ds)


def nested(depth: int = 100_000) -> bytes:
    """A sequence in an item of a sequence in an item …, none of which ends."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = COMPUTED_RADIOGRAPHY, "1.2.3", "CR"
    level = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return written(ds) + level * depth


BOMBS = {
    "deflate bomb": deflate_bomb,
    "zip bomb": zip_bomb,
    "65535 × 65535 in a kilobyte": enormous_in_a_kilobyte,
    "nested sequences": nested,
    "sequence without end": lambda: (
        film(0)[:400] + b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" * 9999
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_an_answer_of_ours_and_costs_no_process(served, station, bomb):
    before = {child.pid for child in served.children()}
    started = time.monotonic()
    answer = send(station, BOMBS[bomb]())
    assert time.monotonic() - started < 60  # it is cut short, however busy the machine
    assert answer.status_code in (201, 413, 422), answer.text
    assert before <= {child.pid for child in served.children()}  # others may start meanwhile


def test_what_is_scored_gives_way_to_what_somebody_waits_for(served):
    """The processor goes to the service and to its drawings first."""
    ours = psutil.Process(served.process.pid).nice()
    given = {child.cmdline()[-2]: child.nice() - ours for child in served.children()}
    assert given == {SCORING: min(GIVING_WAY, 19 - ours), DRAWING: 0}


def test_others_are_served_while_bombs_come(served, numbers):
    """With one process: a bomb may take its turn, no more."""
    data = [bomb() for bomb in BOMBS.values()]
    stop = threading.Event()

    def bombard() -> None:
        with served.client("south") as hostile:
            while not stop.is_set():
                for bomb in data:
                    hostile.post("/v1/images", content=bomb, headers=DICOM)

    thread = threading.Thread(target=bombard)
    thread.start()
    try:
        with served.client("north") as station:
            slowest = 0.0
            for _ in range(10):
                started = time.monotonic()
                assert send(station, film(next(numbers))).status_code == 201
                slowest = max(slowest, time.monotonic() - started)
    finally:
        stop.set()
        thread.join()
    assert slowest < 5


@pytest.mark.parametrize(
    "uid",
    ["../../../../etc/passwd", "..\\..\\x", "/x", "1.2.3/../../x", "a" * 300, "\0", "'; --"],
)
def test_uids_are_never_paths(served, station, numbers, uid):
    before = {file for file in served.folder.rglob("*") if file.is_dir()}
    number = next(numbers)
    data = film(number)
    for own in (f"{ROOT}.1.{number}".encode(), f"{ROOT}.3.{number}".encode()):
        data = data.replace(own, uid.encode()[: len(own)].ljust(len(own), b"\0"))
    answer = send(station, data)
    assert answer.status_code in (201, 409), answer.text
    made = {file for file in served.folder.rglob("*") if file.is_dir()} - before
    assert all(len(folder.name) == 2 for folder in made)
    page = station.get("/v1/worklist", params={"limit": 200})
    assert page.status_code == 200


@pytest.mark.parametrize("name", ["../../x.dcm", "C:\\x", "/etc/passwd", "a\0b", "é" * 500, ""])
def test_names_of_files_are_never_paths(served, station, numbers, name):
    answer = station.post("/v1/images", files={"file": (name, film(next(numbers)))})
    assert answer.status_code in (201, 400)
    assert not any(name in line for line in served.log if len(name) > 2)
    assert not (served.folder.parent / "x.dcm").exists()


def test_markup_in_tags_stays_text(station, numbers):
    markup = "<script>alert(1)</script>"
    accession = "<i>&\"'"
    data = film(next(numbers), PatientName=markup, AccessionNumber=accession, Manufacturer=markup)
    found = assessment(send(station, data))
    page = station.get(found["links"]["report"]).text
    assert "<script" not in page
    assert "<i>" not in page
    assert "&lt;i&gt;" in page


def raw(served: Served, request: bytes, wait_s: float) -> bytes:
    """Bytes to the server as they are, and what comes back until it closes."""
    host, port = served.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except TimeoutError:
            return answer + b" (still open)"
        except ConnectionResetError:
            pass
        return answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 50_000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Content-Length: 6\r\n\r\nhello",
        b"POST /v1/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["long header", "many headers", "long address", "tls", "two lengths", "negative length"],
)
def test_requests_that_are_none_are_closed(served, request_):
    answer = raw(served, request_, 5)
    assert not answer.endswith(b"(still open)")
    assert answer == b"" or answer.split()[1].startswith(b"4")
    codes = (b'"code":"request_malformed"', b'"code":"headers_too_large"')
    assert answer == b"" or any(code in answer for code in codes)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A server that waits half a second for the next bytes of a body."""
    server = Served(tmp_path_factory.mktemp("impatient"), idle_upload_s=0.5)
    yield server
    server.stop()


def test_a_body_that_stops_coming_is_given_up(impatient):
    key = impatient.keys["north"]
    head = (
        f"POST /v1/images HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/dicom\r\nContent-Length: 100000\r\n\r\n"
    )
    answer = raw(impatient, head.encode() + b"DICM", 5)
    assert answer.split()[1] == b"408"
    assert b"request_too_slow" in answer
    assert not answer.endswith(b"(still open)")
    assert list((impatient.folder / "spool").iterdir()) == []


def test_headers_that_stop_coming_are_given_up(impatient):
    for request in (b"", b"GET /healthz HTTP/1.1\r\nHo", b"GET /healthz HTTP/1.1\r\n\r\nGET /hea"):
        assert not raw(impatient, request, 5).endswith(b"(still open)")


def test_slow_clients_do_not_slow_others(impatient, numbers):
    host, port = impatient.address.removeprefix("http://").split(":")
    key = impatient.keys["north"]
    head = f"POST /v1/images HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        for connection in slow:
            connection.sendall(head.encode())
        with impatient.client() as station:
            started = time.monotonic()
            assert send(station, film(next(numbers))).status_code == 201
            assert time.monotonic() - started < 3
    finally:
        for connection in slow:
            connection.close()


def test_a_client_that_goes_away_leaves_nothing(impatient):
    host, port = impatient.address.removeprefix("http://").split(":")
    key = impatient.keys["north"]
    head = (
        f"POST /v1/images HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/dicom\r\nContent-Length: 3000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + bytes(2_000_000))
        time.sleep(0.3)
    for _ in range(50):
        gone = [event for event in impatient.events() if event.get("status") == 499]
        if gone:
            break
        time.sleep(0.1)
    assert gone
    assert list((impatient.folder / "spool").iterdir()) == []
