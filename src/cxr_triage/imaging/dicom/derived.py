"""What was made of films, by us or by others: an archive may send it back, and it is no film."""

from typing import Final

from cxr_triage.errors import NotAFilm
from cxr_triage.imaging.dicom.dataset import DataSet

OWN_ROOT: Final = "2.25.2341529507436341654562656254577747"
"""Of every UID that this service gives to what it makes of films: an arc of a UUID (PS3.5 B.2),
00007372-41e4-45ad-bc91-432634fe4c53."""

OF_FILMS: Final = (
    "1.2.840.10008.5.1.4.1.1.11.",  # presentation states
    "1.2.840.10008.5.1.4.1.1.30",  # parametric map
    "1.2.840.10008.5.1.4.1.1.66.",  # segmentations, registrations, fiducials
    "1.2.840.10008.5.1.4.1.1.88.",  # structured reports, key objects, CAD results
    "1.2.840.10008.5.1.4.1.1.104.",  # encapsulated documents
)
"""How SOP classes of objects begin that are always made of other objects (PS3.4 B.5)."""

SOP_CLASS, SOP_INSTANCE, IMAGE_TYPE = 0x00080016, 0x00080018, 0x00080008
SERIES, SOURCE_IMAGES = 0x0020000E, 0x00082112


def check_is_film(ds: DataSet) -> None:
    """Raises NotAFilm `own_result` for what this service made, `derived_object` for what others
    made of films."""
    named = (ds.identifier(SOP_INSTANCE), ds.identifier(SERIES))
    if any(uid.startswith(f"{OWN_ROOT}.") for uid in named):
        raise NotAFilm("own_result")
    if ds.identifier(SOP_CLASS).startswith(OF_FILMS) or _is_made_of_images(ds):
        raise NotAFilm("derived_object")


def _is_made_of_images(ds: DataSet) -> bool:
    """An image that was made after the examination of another that it names (PS3.3 C.7.6.1.1.2):
    a heatmap over the film, bones taken away. A film for presentation is DERIVED\\PRIMARY, an
    exported one names no source."""
    kind = [value.upper() for value in ds.texts(IMAGE_TYPE)[:2]]
    return kind == ["DERIVED", "SECONDARY"] and bool(ds.items(SOURCE_IMAGES, limit=1))
