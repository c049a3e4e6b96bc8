"""The tables. Patients have one of their own, and no other holds what names them.

JSON stands in text columns: `codec.py` writes and reads it. What a query sorts or filters
by has a column of its own. Changing anything here needs a migration; a test compares.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

SCHEMA: Final = "0005"
"""The newest migration."""


class Moment(TypeDecorator[datetime]):
    """A time in UTC, as text that sorts; the same in every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else stored_moment(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else datetime.fromisoformat(value)


def stored_moment(moment: datetime) -> str:
    """`2026-03-04T05:06:07.000000Z`. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", String(64), primary_key=True)


def _to(table: str, *, optional: bool = False, index: bool = False) -> Column[str]:
    """A reference to a row of `table`, named for what one row is."""
    one = {"people": "person", "studies": "study"}.get(table, table.removesuffix("s"))
    return Column(
        f"{one}_id", String(64), ForeignKey(f"{table}.id"), nullable=optional, index=index
    )


def _words(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False)


def _unless_older(name: str, length: int) -> Column[str]:
    """Words that rows from before a migration lack."""
    return Column(name, String(length), nullable=False, server_default="")


def _json(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _at(name: str, *, optional: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=optional)


stations = Table(
    "stations",
    metadata,
    _id(),
    _words("name", 200),
    _at("created_at"),
    _at("disabled_at", optional=True),
    Column("images_a_day", Integer),
    Column("mib_a_day", Integer),
)
"""images_a_day, mib_a_day: what it may send; 0 without limit, null as the setting has it."""

station_days = Table(
    "station_days",
    metadata,
    Column("station_id", String(64), ForeignKey("stations.id"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("images", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)
"""New images that a station sent, by day of the place."""

station_keys = Table(
    "station_keys",
    metadata,
    _id(),
    _to("stations", index=True),
    Column("prefix", String(16), nullable=False, unique=True),
    _words("sha256", 64),
    _at("created_at"),
    _at("expires_at", optional=True),
    _at("revoked_at", optional=True),
)

people = Table(
    "people",
    metadata,
    _id(),
    Column("name", String(64), nullable=False, unique=True),
    _words("full_name", 200),
    _words("role", 16),
    _to("stations", optional=True),
    _words("language", 2),
    _words("password_hash", 255),
    _at("created_at"),
    _at("disabled_at", optional=True),
    Column("elsewhere", String(64)),
    Index("ix_people_elsewhere", "elsewhere", unique=True),
    CheckConstraint(
        "role IN ('station', 'clinician', 'radiologist', 'administrator')", name="role"
    ),
)
"""elsewhere: SHA-256 of who vouches for the person and by which name; null: signs in by
password."""

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    _to("people", index=True),
    _at("created_at"),
    _at("last_seen"),
    _at("expires_at"),
)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    _words("account", 64),
    _words("address", 64),
    _at("at"),
    Index("ix_sign_in_attempts_account_at", "account", "at"),
    Index("ix_sign_in_attempts_address_at", "address", "at"),
)
"""Failed attempts. account: SHA-256 of the name, for people type passwords there."""

patients = Table(
    "patients",
    metadata,
    _id(),
    _to("stations"),
    _words("patient_id", 255),
    _words("name", 255),
    _words("birth_date", 32),
    _words("sex", 16),
    UniqueConstraint("station_id", "patient_id", "name", "birth_date", "sex"),
    Index("ix_patients_patient_id", "patient_id"),
)

ORDER = ("priority_rank", "margin_order", "received_at", "id")
"""Columns that put the worklist in order, all ascending."""

studies = Table(
    "studies",
    metadata,
    _id(),
    _to("stations"),
    _to("patients", index=True),
    Column("study_uid", String(128), nullable=False, index=True),
    Column("accession", String(128), nullable=False, index=True),
    _at("received_at"),
    Column("priority_rank", SmallInteger, nullable=False),
    Column("margin_order", Float, nullable=False),
    _words("state", 8),
    Column("opened_by", String(64)),
    _at("opened_at", optional=True),
    Column("images", Integer, nullable=False),
    Column("assessed", Integer, nullable=False),
    _words("leading_id", 64),
    UniqueConstraint("station_id", "study_uid"),
    CheckConstraint("state IN ('new', 'opened', 'reviewed', 'signed')", name="state"),
    Index("ix_studies_order", *ORDER),
    Index("ix_studies_state_order", "state", *ORDER),
    Index("ix_studies_station_order", "station_id", *ORDER),
    Index("ix_studies_station_state_order", "station_id", "state", *ORDER),
    Index("ix_studies_received_at", "received_at"),
)
"""priority_rank: place in domain.PRIORITIES. margin_order: −margin. leading_id: the current
assessment that makes the priority; no foreign key, since it points back. opened_by: the person
who opened it last before it was read."""

images = Table(
    "images",
    metadata,
    _id(),
    _to("studies", index=True),
    _to("stations"),
    _words("sop_uid", 128),
    _words("series_uid", 128),
    _words("digest", 64),
    _words("pixel_digest", 64),
    Column("rows", Integer, nullable=False),
    Column("columns", Integer, nullable=False),
    _at("received_at"),
    UniqueConstraint("station_id", "sop_uid"),
)

models = Table("models", metadata, _id(), _json("card"))
"""Cards by the SHA-256 of their JSON."""

assessments = Table(
    "assessments",
    metadata,
    _id(),
    _to("images", index=True),
    Column("digest", String(64), nullable=False, index=True),
    _words("fingerprint", 64),
    _to("models"),
    _words("outcome", 16),
    Column("priority_rank", SmallInteger, nullable=False),
    Column("margin_order", Float, nullable=False),
    _json("document"),
    _at("received_at"),
    Column("is_current", Boolean, nullable=False),
    _words("maps_shape", 64),
    Column("maps", LargeBinary, nullable=False),
)
"""digest: of the file that was assessed, a blob. document, maps: see triage.packing."""

reviews = Table(
    "reviews",
    metadata,
    _id(),
    _to("assessments", index=True),
    _to("studies", index=True),
    _to("people"),
    _json("verdicts"),
    _json("missed"),
    Column("overall", String(8)),
    Column("note", Text, nullable=False),
    Column("impression", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _at("saved_at"),
    _at("signed_at", optional=True),
    Column("addendum_of", String(64), ForeignKey("reviews.id")),
    Index(
        "ix_reviews_one_reading",
        "assessment_id",
        unique=True,
        sqlite_where=text("addendum_of IS NULL"),
        postgresql_where=text("addendum_of IS NULL"),
    ),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    _at("at"),
    _words("action", 32),
    _words("actor_kind", 8),
    _words("actor_id", 64),
    Column("study_id", String(64), nullable=False, index=True),
    _words("assessment_id", 64),
    _words("subject_id", 64),
    _words("fingerprint", 64),
    _words("address", 64),
    _words("request_id", 64),
    *(
        _unless_older(name, length)
        for name, length in (("reason", 200), ("previous", 64), ("hash", 64))
    ),
    sqlite_autoincrement=True,
)
"""Appended to only: triggers refuse anything else. No foreign keys: rows outlive all else.
Each row's hash takes in the one before it: see `chain`."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    _words("hash", 64),
    CheckConstraint("id = 1", name="one"),
)
"""One row: the newest of `audit`. Who adds to the trail locks it."""

purging = Table("purging", metadata, Column("study_id", String(64), primary_key=True))
"""Studies whose signed readings may be removed: for as long as the transaction that does it."""

compatibility = Table(
    "compatibility",
    metadata,
    Column("id", Integer, primary_key=True),
    _words("oldest", 32),
    CheckConstraint("id = 1", name="one"),
)
"""One row: the oldest schema whose software may still work with this one."""

LOCAL_ROWS: Final = (stations, audit_head, compatibility)
"""Tables that a new database has rows in already."""

UNSAVED: Final = (sessions, sign_in_attempts)
"""Tables that no backup takes along: a restored store signs nobody in."""
