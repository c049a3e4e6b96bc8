"""Which models are there: shipped with the package, fetched to the user's data folder, or
any folder that is named.

Data folder: `models/NAME/` for each fetched model, `default-model` with the name that
`use` chose, `downloads/` and `references/`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import platformdirs

from cxr_triage.domain import ModelCard
from cxr_triage.errors import ModelError
from cxr_triage.model.card import CARD_FILE, is_measured, read_card
from cxr_triage.model.gate_model import GATE_FILE

BASELINE = "nih-baseline"
DEFAULT_FILE = "default-model"

ModelState: TypeAlias = Literal["shipped", "installed", "offered"]

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = (_PACKAGE / "models", _PACKAGE.parents[1] / "models")
"""In an installed wheel, beside the code; in a checkout, at its top level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model of the catalogue. offered: it can be fetched but is not on this machine."""

    card: ModelCard
    folder: Path
    state: ModelState


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Where models lie. data: the data folder, None to see only what ships.

    cards: a further folder of cards (a hospital's own), before those that ship.
    """

    data: Path | None = None
    cards: Path | None = None

    def shipped(self) -> dict[str, Path]:
        """Folders with a card, by name; some only offer a model."""
        own = () if self.cards is None else (self.cards,)
        return _folders(*_SHIPPED) | _folders(*own)

    def installed(self) -> dict[str, Path]:
        """Folders of fetched models, by name."""
        return {} if self.data is None else _folders(self.data / "models")

    def find(self, name_or_folder: str = "") -> Path:
        """The folder of a model: by name, by folder, or the default if nothing is named.

        Raises ModelError `model_unknown`, or `model_not_fetched` if it is only offered.
        """
        wanted = name_or_folder or self.default()
        installed, shipped = self.installed(), self.shipped()
        if wanted in installed:
            return installed[wanted]
        if wanted in shipped:
            if not _has_file(shipped[wanted]):
                raise ModelError("model_not_fetched", name=wanted)
            return shipped[wanted]
        if (Path(wanted) / CARD_FILE).is_file():
            return Path(wanted)
        raise self._unknown()

    def gate(self, name: str) -> Path:
        """The folder of the learned gate's network `name`. Raises ModelError `gate_unknown`."""
        for root in _SHIPPED:
            if (root / name / GATE_FILE).is_file():
                return root / name
        raise ModelError("gate_unknown", name=name)

    def default(self) -> str:
        """The chosen model, else the best that is installed, proven and measured on films, else
        the baseline."""
        proven = []
        for name, folder in self.installed().items():
            try:
                card = read_card(folder)
            except ModelError:
                continue
            whole = (folder / card.file).is_file()
            if card.proof == "proven" and whole and is_measured(folder, card):
                proven.append((len(card.labels), name))
        return self.chosen() or (max(proven)[1] if proven else BASELINE)

    def chosen(self) -> str:
        """The name that `use` chose, or an empty string."""
        if self.data is None:
            return ""
        try:
            return (self.data / DEFAULT_FILE).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def entries(self) -> list[Entry]:
        """Every model by name; an installed one hides the offer of the same name.

        Raises ModelError if a card cannot be used.
        """
        found: dict[str, Entry] = {}
        for name, folder in self.shipped().items():
            state: ModelState = "shipped" if _has_file(folder) else "offered"
            found[name] = Entry(card=read_card(folder), folder=folder, state=state)
        for name, folder in self.installed().items():
            found[name] = Entry(card=read_card(folder), folder=folder, state="installed")
        return [found[name] for name in sorted(found)]

    def offered(self, name: str) -> Path:
        """The shipped folder of a model that is made from a checkpoint.

        Raises ModelError `model_unknown`, or `model_not_offered` for one that ships whole.
        """
        folder = self.shipped().get(name)
        if folder is None:
            raise self._unknown()
        if read_card(folder).checkpoint is None:
            raise ModelError("model_not_offered", name=name)
        return folder

    def _unknown(self) -> ModelError:
        known = sorted({*self.shipped(), *self.installed()})
        return ModelError("model_unknown", known=", ".join(known))


SHIPPED_ONLY = Catalog()


def data_folder(setting: Path | None) -> Path:
    """The folder of fetched models: the setting, else where the operating system has it."""
    return setting or platformdirs.user_data_path("cxr-triage", appauthor=False)


def shipped_folder(name: str) -> Path:
    """A folder that ships beside the models, whether it is there or not."""
    return next((root / name for root in _SHIPPED if (root / name).is_dir()), _SHIPPED[0] / name)


def shipped_models() -> dict[str, Path]:
    """Folders with a card that come with the package, by name."""
    return SHIPPED_ONLY.shipped()


def find_model(name_or_folder: str = "", catalog: Catalog = SHIPPED_ONLY) -> Path:
    """The folder of a model, as `Catalog.find`."""
    return catalog.find(name_or_folder)


def _has_file(folder: Path) -> bool:
    return (folder / read_card(folder).file).is_file()


def _folders(*roots: Path) -> dict[str, Path]:
    folders = (folder for root in roots if root.is_dir() for folder in sorted(root.iterdir()))
    named = (folder for folder in folders if not folder.name.startswith("."))
    return {folder.name: folder for folder in named if (folder / CARD_FILE).is_file()}
