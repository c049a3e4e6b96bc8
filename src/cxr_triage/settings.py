"""Everything that can be set, in one frozen object; read from CXR_TRIAGE_* variables."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cxr_triage.domain.duty import Hours, hours_in
from cxr_triage.errors import SettingsInvalid
from cxr_triage.language import Language

MIB = 1024 * 1024
LANGUAGE_VARIABLES: Final = ("CXR_TRIAGE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""The first that says something counts, as POSIX has it."""
VIETNAMESE: Final = re.compile(r"vi(?:$|[_.@-])", re.IGNORECASE)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("not a time zone such as Asia/Ho_Chi_Minh") from None
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks_in(text: str) -> tuple[Network, ...]:
    """Addresses and networks with commas between them. Raises ValueError."""
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())


def _proxies(text: str) -> str:
    try:
        networks_in(text)
    except ValueError:
        raise ValueError("not addresses or networks, such as 10.0.0.2, 10.1.0.0/24") from None
    return text


def _ae_title(text: str) -> str:
    """PS3.5 6.2: at most 16 characters of ASCII without backslash, no blanks around them."""
    if not re.fullmatch(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?", text):
        raise ValueError("not an AE title: 1 to 16 characters of ASCII, no backslash")
    return text


AeTitle = Annotated[str, AfterValidator(_ae_title)]


def _hours(text: str) -> str:
    try:
        hours_in(text)
    except ValueError:
        raise ValueError("not hours such as mo-fr 07:00-17:00, sa 07:00-11:30") from None
    return text


def default_language() -> Language:
    """CXR_TRIAGE_LANGUAGE, else that of the environment; settings errors are said in it too."""
    said = (os.environ.get(name, "") for name in LANGUAGE_VARIABLES)
    return "vi" if VIETNAMESE.match(next(filter(None, said), "")) else "en"


class Settings(BaseSettings):
    """Defaults suit a small box; each can be set by an environment variable.

    `positions`: what the model says of the site's own films (`cxr-triage calibrate`); None: the
    films that were measured beside the model. `reference_films`: a folder like
    `models/reference-films`; None: that one. `threads` 0 means: the CPUs that this process may
    really use. `data_dir` (fetched models) None: the user's data folder, as the operating system
    has it. `catalog`: a folder of further model cards (a hospital's own). `worker_…`: one job of a
    process that reads and scores for the service; `queue`: jobs that may wait for one.

    The service: `store_dir` None: `store` in the data folder; it holds the images and,
    unless `database_url` says otherwise, the database. `trusted_proxies`: addresses or networks
    with commas between them, whose word is taken for where a request came from; without a
    certificate nobody else may come. `hosts`: names with commas between them, by which it may be
    asked besides that of `public_url`, localhost and the machine's own. A request that
    brings nothing for `idle_upload_s` is ended. `key_days`: for how long a new key of a
    station is good. `station_…_a_day`: what a station without a limit of its own may send;
    0: no limit. `metrics_token`: what Prometheus sends as its bearer token; empty: metrics
    are for this machine alone. `public_url`: where browsers reach the service. `oidc_…`: who
    signs people in elsewhere; `oidc_groups` is `group=role; group=station:ID`.
    `dicom_…`: X-ray machines and archives that send by C-STORE to `dicom_port` (0: none may).
    `dicom_callers`: `AE=station; AE@address=station; AE@network=station`. `dicom_tls_clients`: the
    authorities whose certificates callers must show. `destinations`: a file of archives that
    get results (TOML); None: none does. `dicom_idle_s`: an association that is silent
    for so long is ended.
    `time_zone`: of the place, for times on pages, reports and lists, and for its days.
    `store_check_hour`: of the place, at which every image is looked at; −1: never.
    `duty_hours`: when somebody reads (`mo-fr 07:00-17:00, sa 07:00-11:30`); empty: always.
    `duty_contact`: whom a station calls when nobody does.
    `heatmap_first`: the viewer shows a heatmap before anybody asks for it. `first_look`: what
    readers see of the AI before they have looked, unless they choose otherwise (see
    `store.records.FirstLook`). `demo`: accounts
    with known passwords may exist, so it listens on this machine alone.
    `backup_dir`: where `admin backup` puts its .zip files; `backup_download`: administrators may
    take the newest, which holds every patient, by the browser.
    `down_contacts`: whom stations call when the service does not answer, `Name: number` with
    semicolons between them. `report_place`, `report_address`: the head of a study's report;
    `report_names`: does it name the patient?
    """

    model_config = SettingsConfigDict(env_prefix="CXR_TRIAGE_", frozen=True, extra="ignore")

    model: str = ""
    policy: Path | None = None
    positions: Path | None = None
    reference_films: Path | None = None
    data_dir: Path | None = None
    catalog: Path | None = None
    language: Language = Field(default_factory=default_language)
    threads: int = Field(default=0, ge=0, le=1024)
    workers: int = Field(default=0, ge=0, le=256)
    max_file_mib: int = Field(default=256, ge=1)
    max_megapixels: int = Field(default=40, ge=1)
    decode_timeout_s: float = Field(default=20.0, gt=0)
    decode_memory_mib: int = Field(default=700, ge=64)
    worker_timeout_s: float = Field(default=40.0, gt=0)
    worker_memory_mib: int = Field(default=1500, ge=256)
    queue: int = Field(default=16, ge=0, le=1024)
    store_dir: Path | None = None
    database_url: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: Annotated[str, AfterValidator(_proxies)] = ""
    hosts: str = ""
    max_request_mib: int = Field(default=512, ge=1)
    max_files: int = Field(default=32, ge=1, le=1024)
    idle_upload_s: float = Field(default=20.0, gt=0)
    session_idle_minutes: int = Field(default=30, ge=1)
    session_hours: int = Field(default=12, ge=1)
    key_days: int = Field(default=365, ge=1, le=3650)
    station_images_a_day: int = Field(default=0, ge=0, le=10_000_000)
    station_mib_a_day: int = Field(default=0, ge=0, le=10_000_000)
    metrics_token: SecretStr = SecretStr("")
    dicom_port: int = Field(default=0, ge=0, le=65535)
    dicom_host: str = "127.0.0.1"
    dicom_ae_title: AeTitle = "CXRTRIAGE"
    dicom_callers: str = ""
    dicom_tls_certificate: Path | None = None
    dicom_tls_key: Path | None = None
    dicom_tls_clients: Path | None = None
    dicom_associations: int = Field(default=32, ge=1, le=512)
    dicom_idle_s: float = Field(default=300.0, gt=0)
    destinations: Path | None = None
    dicom_pdu_kib: int = Field(default=128, ge=16, le=1024)
    public_url: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scopes: str = "openid profile"
    oidc_groups_claim: str = "groups"
    oidc_groups: str = ""
    oidc_label: str = Field(default="", max_length=60)
    time_zone: ZoneName = "Asia/Ho_Chi_Minh"
    store_check_hour: int = Field(default=2, ge=-1, le=23)
    duty_hours: Annotated[str, AfterValidator(_hours)] = ""
    duty_contact: str = Field(default="", max_length=200)
    heatmap_first: bool = False
    first_look: Literal["off", "until_opinion", "until_asked"] = "off"
    backup_dir: Path | None = None
    backup_download: bool = False
    down_contacts: str = Field(default="", max_length=500)
    report_place: str = Field(default="", max_length=160)
    report_address: str = Field(default="", max_length=240)
    report_names: bool = True
    demo: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """Of the place: every time that people read is told in it, whatever the machine's is."""
        return ZoneInfo(self.time_zone)

    @property
    def duty(self) -> Hours:
        """When somebody reads; empty: always."""
        return hours_in(self.duty_hours)

    @property
    def proxy_networks(self) -> tuple[Network, ...]:
        """Where trusted proxies are."""
        return networks_in(self.trusted_proxies)


def read_settings() -> Settings:
    """Settings from the environment, and from files that are named as its variables are, in
    small letters, in the folder CXR_TRIAGE_SECRETS_DIR. Raises SettingsInvalid naming the
    variable."""
    folder = os.environ.get("CXR_TRIAGE_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        problem = "no such folder"
        raise SettingsInvalid("settings_invalid", name="CXR_TRIAGE_SECRETS_DIR", problem=problem)
    try:
        return Settings(_secrets_dir=folder or None)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = "CXR_TRIAGE_" + ".".join(map(str, first["loc"])).upper()
        raise SettingsInvalid("settings_invalid", name=name, problem=first["msg"]) from None
