"""Open chest X-ray triage: a radiograph in, ranked findings and heatmaps out.

::

    with cxr_triage.open_pipeline() as pipeline:
        film = pipeline.film("film.dcm")

The names below are imported when they are first used: the command line pays for none of them.
"""

import os

__version__ = "0.1.0"

# ONNX Runtime can report its use to its maker; nothing here reports anything to anybody.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

TYPE_CHECKING = False  # as typing's, which would have to be imported

if TYPE_CHECKING:
    from cxr_triage.domain import Assessment, Finding
    from cxr_triage.errors import TriageError
    from cxr_triage.films import AssessedFilm, FilmPipeline, assess_file, open_pipeline
    from cxr_triage.settings import Settings
else:
    _HOMES = {
        "AssessedFilm": "films",
        "Assessment": "domain",
        "FilmPipeline": "films",
        "Finding": "domain",
        "Settings": "settings",
        "TriageError": "errors",
        "assess_file": "films",
        "open_pipeline": "films",
    }

    def __getattr__(name: str) -> object:
        """Raises AttributeError for what is no name of this package's door."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415  only whoever asks for a name pays

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})


__all__ = [
    "AssessedFilm",
    "Assessment",
    "FilmPipeline",
    "Finding",
    "Settings",
    "TriageError",
    "assess_file",
    "open_pipeline",
]
