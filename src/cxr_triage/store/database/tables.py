"""The tables. Patients have one of their own, and no other holds what names them.

JSON stands in text columns: `codec.py` writes and reads it. What a query sorts or filters
by has a column of its own. Changing anything here needs a migration; a test compares.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
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
    UniqueConstraint,
    false,
    text,
)

from cxr_triage.store.database.columns import (
    document,
    identifier,
    moment,
    reference,
    searched,
    text_column,
    words_unless_older,
)
from cxr_triage.store.rows.keys import LONGEST

SCHEMA: Final = "0015"
"""The newest migration."""


def _read_whole(name: str, *columns: str) -> Index:
    """What a search reads from end to end. PostgreSQL reads such tables as fast, and its indexes
    take no long texts."""
    return Index(name, *columns).ddl_if(dialect="sqlite")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

stations = Table(
    "stations",
    metadata,
    identifier(),
    text_column("name", 200),
    moment("created_at"),
    moment("disabled_at", optional=True),
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
    identifier(),
    reference("stations", index=True),
    Column("prefix", String(16), nullable=False, unique=True),
    text_column("sha256", 64),
    moment("created_at"),
    moment("expires_at", optional=True),
    moment("revoked_at", optional=True),
    Column("scope", String(8), nullable=False, server_default="both"),
    words_unless_older("machine", 64),
)
"""scope: see `records.KeyScope`; a version that knows none makes keys for both. machine: the id of
its first key, which the keys that followed it bear too; empty: of a version that knows none."""

people = Table(
    "people",
    metadata,
    identifier(),
    Column("name", String(64), nullable=False, unique=True),
    text_column("full_name", 200),
    text_column("role", 16),
    reference("stations", optional=True),
    text_column("language", 2),
    text_column("password_hash", 255),
    moment("created_at"),
    moment("disabled_at", optional=True),
    Column("elsewhere", String(64)),
    Column("first_look", String(16)),
    Index("ix_people_elsewhere", "elsewhere", unique=True),
    CheckConstraint(
        "role IN ('station', 'clinician', 'radiologist', 'administrator')", name="role"
    ),
)
"""elsewhere: SHA-256 of who vouches for the person and by which name; null: signs in by
password. first_look: see `records.FirstLook`; null: as the site has it."""

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    reference("people", index=True),
    moment("created_at"),
    moment("last_seen"),
    moment("expires_at"),
)

known_places = Table(
    "known_places",
    metadata,
    Column("person_id", String(64), ForeignKey("people.id"), primary_key=True),
    Column("place", String(64), primary_key=True),
    moment("last_at"),
)
"""From where somebody has signed in. place: hash of an address, or of a browser's token."""

seen_answers = Table(
    "seen_answers",
    metadata,
    Column("person_id", String(64), ForeignKey("people.id"), primary_key=True),
    moment("until"),
)
"""Until when somebody has seen the readings that were signed."""

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    text_column("account", 64),
    text_column("address", 64),
    moment("at"),
    Index("ix_sign_in_attempts_account_at", "account", "at"),
    Index("ix_sign_in_attempts_address_at", "address", "at"),
)
"""Failed attempts. account: SHA-256 of the name, for people type passwords there."""

patients = Table(
    "patients",
    metadata,
    identifier(),
    reference("stations"),
    text_column("key", 64),
    text_column("patient_id", LONGEST),
    text_column("issuer", LONGEST),
    text_column("name", LONGEST),
    text_column("birth_date", 32),
    text_column("sex", 16),
    Column("folded", Text, nullable=False),
    UniqueConstraint("station_id", "key"),
    Index("ix_patients_patient_id", "patient_id"),
    _read_whole("ix_patients_folded", "station_id", "folded", "id"),
)
"""key: hash of who they are, for uniqueness. folded: name and numbers as people search them,
see `domain.folded`."""

ORDER = ("priority_rank", "band", "received_at", "id")
"""Columns that put the worklist in order, all ascending; but for what waits too long."""

WAITING = ("priority_rank", "received_at", "id")
"""Columns that find what waits too long, among what is `IS_UNREAD`."""

IS_UNREAD = "state IN ('new', 'opened', 'changed')"
"""A query that wants the index says just this."""


IS_CALLING = (
    "priority_rank IN (0, 1) AND state IN ('new', 'opened', 'changed', 'reviewed') AND images > 0"
)
"""Critical or urgent, and signed by nobody. A query that wants the index says just this."""


def _of_calling(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(IS_CALLING), postgresql_where=text(IS_CALLING))


def _of_unread(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(IS_UNREAD), postgresql_where=text(IS_UNREAD))


studies = Table(
    "studies",
    metadata,
    identifier(),
    reference("stations"),
    reference("patients", index=True),
    Column("filed_patient_id", String(64), ForeignKey("patients.id"), nullable=False, index=True),
    Column("study_uid", String(LONGEST), nullable=False, index=True),
    Column("accession", String(LONGEST), nullable=False, index=True),
    moment("received_at"),
    Column("priority_rank", SmallInteger, nullable=False),
    Column("band", Float, nullable=False),
    text_column("state", 8),
    Column("opened_by", String(64)),
    moment("opened_at", optional=True),
    Column("signed_by", String(64)),
    moment("signed_at", optional=True),
    Column("images", Integer, nullable=False),
    Column("assessed", Integer, nullable=False),
    Column(
        "leading_id",
        String(64),
        # After the rows it leads to, which point back; what is gone leads no more.
        ForeignKey(
            "assessments.id",
            use_alter=True,
            ondelete="SET NULL",
            deferrable=True,
            initially="DEFERRED",
        ),
        index=True,
    ),
    Column("flags", Text, nullable=False),
    Column("contested", Boolean, nullable=False),
    moment("settled_at", optional=True),
    Column("version", Integer, nullable=False),
    document("corrected"),
    Column("decided_by", String(64)),
    CheckConstraint("state IN ('new', 'opened', 'reviewed', 'signed', 'changed')", name="state"),
    Index("ix_studies_station_uid", "station_id", "study_uid"),
    Index("ix_studies_order", *ORDER),
    Index("ix_studies_state_order", "state", *ORDER),
    Index("ix_studies_station_order", "station_id", *ORDER),
    Index("ix_studies_station_state_order", "station_id", "state", *ORDER),
    _of_unread("ix_studies_waiting", *WAITING),
    _of_unread("ix_studies_station_waiting", "station_id", *WAITING),
    _of_calling("ix_studies_calling", "received_at", "id", "priority_rank"),
    _of_calling("ix_studies_station_calling", "station_id", "received_at", "id", "priority_rank"),
    Index("ix_studies_received_at", "received_at"),
    _read_whole("ix_studies_searched", "station_id", "accession", "flags", "id"),
)
"""One patient's films under one Study Instance UID: several rows may bear the same one, and are
`contested` then, until a doctor says at `settled_at` that it is right so.

patient_id: whom they show; filed_patient_id: whom the files say they show. priority_rank: place
in domain.PRIORITIES of the priority that holds: that of the doctor decided_by, else the AI's. band:
see `Result.band`. leading_id: the current assessment that makes the AI's priority; null where that
is gone. flags: labels of its flagged findings, each between
blanks. opened_by: the person who opened it last before it was read. signed_by, signed_at: who
signed for the whole study. version: of what was corrected, 0 where nothing was; corrected: JSON
of what holds instead of what the files say (see `store.rows.corrected`)."""

images = Table(
    "images",
    metadata,
    identifier(),
    reference("studies", index=True),
    reference("stations"),
    reference("patients", index=True),
    text_column("sop_uid", LONGEST),
    text_column("series_uid", LONGEST),
    text_column("digest", 64),
    text_column("pixel_digest", 64),
    text_column("file_name", 255),
    words_unless_older("machine", 64),
    Column("rows", Integer, nullable=False),
    Column("columns", Integer, nullable=False),
    moment("received_at"),
    Column("twin", Boolean, nullable=False),
    Column("placed_by_hand", Boolean, nullable=False),
    moment("identified_at"),
    moment("hidden_at", optional=True),
    document("corrected"),
    searched("file_name"),
    Index("ix_images_station_sop", "station_id", "sop_uid"),
    Index("ix_images_folded", "station_id", "folded", "study_id", "hidden_at"),
)
"""patient_id: whom the file says it shows. file_name: as it was called where it came from; a name
of a patient can stand there. machine: whose key sent it first; empty: no key's. twin:
another image bears the same SOP Instance UID. placed_by_hand: a doctor says which study it is of.
identified_at: when a file last said whom it shows. hidden_at: it was sent by mistake, nobody sees
it. corrected: JSON of what holds instead of what the file says (see `store.rows.corrected`).
folded: the file's name as people search it."""

corrections = Table(
    "corrections",
    metadata,
    identifier(),
    reference("studies", index=True),
    Column("image_id", String(64)),
    Column("version", Integer, nullable=False),
    moment("at"),
    text_column("kind", 16),
    text_column("actor_kind", 8),
    text_column("actor_id", 64),
    Column("reason", Text, nullable=False),
    Column("patient_before", String(64), ForeignKey("patients.id"), index=True),
    Column("patient_after", String(64), ForeignKey("patients.id"), index=True),
    document("changes"),
)
"""What was put right, one row each, numbered by study. kind: see `store.rows.history`. Names stand
in `patients` alone; changes: JSON of the rest, field → [before, after]."""

models = Table("models", metadata, identifier(), document("card"))
"""Cards by the SHA-256 of their JSON."""

assessments = Table(
    "assessments",
    metadata,
    identifier(),
    reference("images", index=True),
    Column("digest", String(64), nullable=False, index=True),
    text_column("fingerprint", 64),
    reference("models"),
    text_column("outcome", 16),
    Column("priority_rank", SmallInteger, nullable=False),
    Column("band", Float, nullable=False),
    document("document"),
    moment("received_at"),
    Column("is_current", Boolean, nullable=False),
    text_column("maps_shape", 64),
    Column("maps", LargeBinary, nullable=False),
)
"""digest: of the file that was assessed, a blob. band: see `Result.band`. document, maps: see
`result.document`."""

IS_READING = "addendum_of IS NULL AND withdrawn_at IS NULL"
"""The one that stands for a result."""

IS_PENDING = "signs_at IS NOT NULL AND signed_at IS NULL"
"""Its signature can still be taken back."""

reviews = Table(
    "reviews",
    metadata,
    identifier(),
    reference("assessments", index=True),
    reference("studies", index=True),
    reference("people"),
    document("verdicts"),
    document("missed"),
    Column("overall", String(8)),
    Column("agrees", Boolean, nullable=False, server_default=false()),
    Column("note", Text, nullable=False),
    Column("impression", Text, nullable=False),
    Column("version", Integer, nullable=False),
    moment("saved_at"),
    moment("signed_at", optional=True),
    Column("addendum_of", String(64), ForeignKey("reviews.id")),
    Column("priority", String(16)),
    Column("others", Text, nullable=False, server_default="[]"),
    moment("signs_at", optional=True),
    Column("signs_whole", Text),
    moment("withdrawn_at", optional=True),
    Column("withdrawn_by", String(64)),
    Column("withdrawn_why", Text, nullable=False, server_default=""),
    Index(
        "ix_reviews_one_reading",
        "assessment_id",
        unique=True,
        sqlite_where=text(IS_READING),
        postgresql_where=text(IS_READING),
    ),
    Index(
        "ix_reviews_signs_at",
        "signs_at",
        sqlite_where=text(IS_PENDING),
        postgresql_where=text(IS_PENDING),
    ),
    Index("ix_reviews_signed_at", "signed_at"),
)
"""priority: the doctor's own. others: JSON, findings in words that no label has. signs_at: the
signature that was given counts from then on; signs_whole: JSON, the results that it stands for as
a whole, null for this film. withdrawn_…: when a signature that counted was taken back, by whom and
why."""


def _gone_with(table: str, one: str, *, key: bool = False) -> Column[str]:
    """A reference to a row of `table`, with which this one goes."""
    there = ForeignKey(f"{table}.id", ondelete="CASCADE")
    return Column(f"{one}_id", String(64), there, nullable=False, primary_key=key)


first_opinions = Table(
    "first_opinions",
    metadata,
    _gone_with("assessments", "assessment", key=True),
    Column("person_id", String(64), ForeignKey("people.id"), primary_key=True),
    text_column("opinion", 8),
    Column("asked", Boolean, nullable=False),
    moment("at"),
)
"""What a reader said of a film before they saw what the AI says. opinion: see `records.Opinion`;
empty: none. asked: they wanted to see it."""

claims = Table(
    "claims",
    metadata,
    _gone_with("studies", "study", key=True),
    reference("people"),
    moment("since"),
    moment("until"),
)
"""Who has a study open to read it; until: as long as nothing more is heard of them."""

incidents = Table(
    "incidents",
    metadata,
    identifier(),
    _gone_with("assessments", "assessment"),
    reference("people"),
    text_column("kind", 16),
    text_column("label", 64),
    moment("at"),
    UniqueConstraint("assessment_id", "person_id", "kind", "label"),
)
"""What a doctor says that the AI got wrong on a film. kind: see `records.IncidentKind`. label: of
the finding; empty: of none."""

phrases = Table(
    "phrases",
    metadata,
    identifier(),
    Column("person_id", String(64), ForeignKey("people.id"), index=True),
    text_column("language", 2),
    text_column("name", 64),
    Column("text", Text, nullable=False),
    moment("at"),
)
"""Texts that readers put into an impression. person_id: whose; null: everybody's."""

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    moment("at"),
    text_column("action", 32),
    text_column("actor_kind", 8),
    text_column("actor_id", 64),
    Column("study_id", String(64), nullable=False, index=True),
    text_column("assessment_id", 64),
    text_column("subject_id", 64),
    text_column("fingerprint", 64),
    text_column("address", 64),
    text_column("request_id", 64),
    *(
        words_unless_older(name, length)
        for name, length in (("reason", 200), ("previous", 64), ("hash", 64))
    ),
    Column("seals", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""Appended to only: triggers refuse anything else. No foreign keys: rows outlive all else.
Each row's hash takes in the one before it: see `chain`. seals: JSON, what its change left in the
other tables: see `audit.seals`."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    text_column("hash", 64),
    CheckConstraint("id = 1", name="one"),
)
"""One row: the newest of `audit`. Who adds to the trail locks it."""

purging = Table("purging", metadata, Column("study_id", String(64), primary_key=True))
"""Studies whose signed readings may be removed: for as long as the transaction that does it."""

tasks = Table(
    "tasks",
    metadata,
    identifier(),
    text_column("kind", 32),
    Column("key", String(64), unique=True),
    document("arguments"),
    Column("priority", SmallInteger, nullable=False),
    text_column("state", 8),
    moment("due_at"),
    Column("lease", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("most_attempts", Integer, nullable=False),
    text_column("error", 64),
    document("outcome"),
    moment("created_at"),
    moment("ended_at", optional=True),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'dead')", name="state"),
    Index("ix_tasks_state_due_at", "state", "due_at"),
    Index("ix_tasks_kind_ended_at", "kind", "ended_at"),
)
"""Work that can wait, written in the transaction that causes it: see `rows.tasks`.

key: what there may be once alone, null for the rest. arguments, outcome: JSON, identifiers of our
own alone. priority: 0 first. due_at: waiting, not before then; running, until when its lease lasts.
lease: of who runs it. error: code of the last attempt that failed, empty if none did. dead: failed
as often as it may."""

sent_objects = Table(
    "sent_objects",
    metadata,
    identifier(),
    text_column("destination", 32),
    Column("study_id", String(64), nullable=False, index=True),
    Column("source_id", String(64), nullable=False, index=True),
    text_column("kind", 16),
    text_column("language", 2),
    text_column("sop_class_uid", 64),
    text_column("sop_uid", 64),
    text_column("series_uid", 64),
    text_column("study_uid", LONGEST),
    text_column("patient_version", 160),
    moment("at"),
)
"""Objects that a destination has, as it answered: see `rows.deliveries`. study_id, source_id: of
the study and of the film (or study) that one is about, by our own ids; no foreign keys, for what
went out stays out when studies are merged. patient_version: of whom it names."""

compatibility = Table(
    "compatibility",
    metadata,
    Column("id", Integer, primary_key=True),
    text_column("oldest", 32),
    CheckConstraint("id = 1", name="one"),
)
"""One row: the oldest schema whose software may still work with this one."""

LOCAL_ROWS: Final = (stations, audit_head, tasks, compatibility)
"""Tables that a database has rows in already before anybody uses it."""

UNSAVED: Final = (sessions, sign_in_attempts, known_places, claims)
"""Tables that no backup takes along: a restored store signs nobody in, and nobody reads there."""
