"""Studies for a worklist as a day brings them: several priorities, stations, and a refusal."""

from ..api.films import film
from ..api.serving import Served, send
from ..conftest import real_image

MARKUP = "<img src=x onerror=alert(1)>"
"""What must show as text wherever it was planted."""

PEOPLE = (
    ("NGUYỄN^THỊ HỒNG NHUNG", "F", "067Y", "north"),
    ("TRẦN^VĂN ĐỨC", "M", "054Y", "north"),
    ("LÊ^HOÀNG PHƯỚC THIÊN ÂN", "M", "041Y", "south"),
    ("PHẠM^THỊ BÍCH NGỌC", "F", "072Y", "south"),
)


def fill(served: Served) -> None:
    """Send them as stations do."""
    for number, (name, sex, age, station) in enumerate(PEOPLE, start=1):
        attributes = {
            "PatientName": name,
            "PatientSex": sex,
            "PatientAge": age,
            "SpecificCharacterSet": "ISO_IR 192",
        }
        _send(served, station, film(number, **attributes))
    _send(served, "north", real_image("RG1_UNCR").read_bytes())
    _send(served, "north", real_image("RG3_UNCR").read_bytes())
    _send(served, "south", film(7, PatientAge="009Y"))
    _send(served, "south", planted(8))


def planted(number: int) -> bytes:
    """A film with markup in every text that a header may bring to a page."""
    return film(
        number,
        PatientName=MARKUP,
        PatientID=MARKUP,
        AccessionNumber="<b onclick=a()>",  # at most 16 characters
        StudyDescription=MARKUP,
        SeriesDescription=MARKUP,
        InstitutionName=MARKUP,
        Manufacturer=MARKUP,
        ManufacturerModelName=MARKUP,
        StationName="<b onclick=a()>",
        BodyPartExamined="CHEST",
        SpecificCharacterSet="ISO_IR 192",
    )


def _send(served: Served, station: str, data: bytes) -> None:
    with served.client(station) as client:
        answer = send(client, data)
        assert answer.status_code in {200, 201}, answer.text
