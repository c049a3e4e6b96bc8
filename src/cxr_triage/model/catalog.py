"""Which models are there: those that ship with the package, or any folder that is named."""

from pathlib import Path

from cxr_triage.errors import ModelError
from cxr_triage.model.card import CARD_FILE

BASELINE = "nih-baseline"

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = (_PACKAGE / "models", _PACKAGE.parents[1] / "models")
"""In an installed wheel, beside the code; in a checkout, at its top level."""


def shipped_models() -> dict[str, Path]:
    """Folders with a card, by name."""
    roots = (root for root in _SHIPPED if root.is_dir())
    folders = (folder for root in roots for folder in sorted(root.iterdir()))
    return {folder.name: folder for folder in folders if (folder / CARD_FILE).is_file()}


def find_model(name_or_folder: str = "") -> Path:
    """The folder of a model: by name, by folder, or the baseline if nothing is named.

    Raises ModelError `model_unknown`.
    """
    models = shipped_models()
    wanted = name_or_folder or BASELINE
    if wanted in models:
        return models[wanted]
    if (Path(wanted) / CARD_FILE).is_file():
        return Path(wanted)
    raise ModelError("model_unknown", known=", ".join(sorted(models)))
