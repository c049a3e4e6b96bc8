"""Where results go: archives by C-STORE or STOW-RS, as a file of the site says (TOML)."""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxr_triage.domain import PRIORITIES, Priority
from cxr_triage.errors import SettingsInvalid
from cxr_triage.language import Language
from cxr_triage.settings import AeTitle, Settings

Kind = Literal["capture", "pdf", "sr"]
LONGEST_NAME: Final = 24
VARIABLE: Final = "CXR_TRIAGE_DESTINATIONS"


def _https(url: str) -> str:
    """A token and patients never cross a network in the clear."""
    here = ("http://127.0.0.1", "http://localhost", "http://[::1]")
    if not url.startswith(("https://", *here)):
        raise ValueError("not https://…")
    return url.rstrip("/")


class Destination(BaseModel):
    """An archive. dicom: `host`, `port`, `ae_title`, by TLS where `tls_authorities` names a file;
    dicomweb: `url`, with the token that `token_file` holds.

    send, language, charset, compressed: which objects, and how. least_priority, stations,
    signed_only: of which studies. confirm: look afterwards whether the archive has it (C-FIND,
    QIDO-RS).
    kib_a_second: 0 without limit. attempts: that may fail for a reason of the object's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,23}$")
    protocol: Literal["dicom", "dicomweb"] = "dicom"
    host: str = ""
    port: int = Field(default=104, ge=1, le=65535)
    ae_title: AeTitle = "ANY-SCP"
    calling: str = ""
    tls_authorities: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    url: Annotated[str, AfterValidator(lambda url: _https(url) if url else url)] = ""
    token_file: Path | None = None
    send: tuple[Kind, ...] = ("capture", "pdf")
    language: Language = "vi"
    charset: Literal["utf-8", "ascii"] = "utf-8"
    compressed: bool = True
    least_priority: Priority = "none"
    stations: tuple[str, ...] = ()
    signed_only: bool = False
    confirm: bool = False
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    kib_a_second: int = Field(default=0, ge=0)
    attempts: int = Field(default=12, ge=1, le=100)

    @model_validator(mode="after")
    def _reachable(self) -> "Destination":
        if self.protocol == "dicom" and not self.host:
            raise ValueError("host is missing")
        if self.protocol == "dicomweb" and not self.url:
            raise ValueError("url is missing")
        return self

    @property
    def place(self) -> str:
        """Where it is, as an administrator knows it."""
        if self.protocol == "dicomweb":
            return self.url
        return f"{self.ae_title}@{self.host}:{self.port}"

    def wants(self, priority: Priority, station_id: str, *, signed: bool) -> bool:
        """Is a study of that kind for it?"""
        if self.signed_only and not signed:
            return False
        if self.stations and station_id not in self.stations:
            return False
        return PRIORITIES.index(priority) <= PRIORITIES.index(self.least_priority)


def destinations_of(settings: Settings) -> tuple[Destination, ...]:
    """Those of the settings' file, none without one. Raises SettingsInvalid."""
    if settings.destinations is None:
        return ()
    try:
        tables = tomllib.loads(settings.destinations.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise _invalid(type(problem).__name__) from None
    found = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise _invalid(f"{name} is no table")
        try:
            found.append(Destination(**{"name": name} | table))
        except (ValidationError, TypeError) as problem:
            raise _invalid(f"{name}: {_first(problem)}") from None
    return tuple(found)


def _first(problem: Exception) -> str:
    """The field and what is wrong, never a value."""
    if not isinstance(problem, ValidationError):
        return "unusable"
    first = problem.errors()[0]
    return f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()


def _invalid(problem: str) -> SettingsInvalid:
    return SettingsInvalid("settings_invalid", name=VARIABLE, problem=problem)
