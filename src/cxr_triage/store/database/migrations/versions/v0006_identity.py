"""Several patients under one number; whole keys; what was corrected; names of files.

Tables whose constraints change are made anew on SQLite, which cannot drop one.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from cxr_triage.errors import StoreInvalid

revision = "0006"
down_revision = "0005"
compatible_from = "0006"  # an older version would put two patients into one study

CHUNK = 1000
WIDER = {
    "studies": ("study_uid", "accession"),
    "images": ("sop_uid", "series_uid"),
    "patients": ("patient_id", "name"),
}
STATES = "state IN ('new', 'opened', 'reviewed', 'signed', 'changed')"


KEPT = (
    "id, assessment_id, person_id, verdicts, missed, overall, note, impression, version, saved_at,"
    " signed_at, addendum_of, agrees"
)
"""What never changes of a signed reading: which study it is of follows its film."""

REOPENED = """UPDATE studies SET state = CASE WHEN EXISTS (
    SELECT 1 FROM reviews JOIN assessments ON assessments.id = reviews.assessment_id
    WHERE reviews.study_id = studies.id AND reviews.signed_at IS NOT NULL
    AND NOT assessments.is_current) THEN 'changed' ELSE 'opened' END
WHERE state = 'signed' AND EXISTS (
    SELECT 1 FROM images JOIN assessments ON assessments.image_id = images.id
    WHERE images.study_id = studies.id AND assessments.is_current AND NOT EXISTS (
        SELECT 1 FROM reviews WHERE reviews.assessment_id = assessments.id
        AND reviews.addendum_of IS NULL AND reviews.signed_at IS NOT NULL))"""
"""One signed reading signed a study, whatever other films it had, and newer results left it so."""

SQLITE = (
    "DROP TRIGGER reviews_stay_signed",
    f"""CREATE TRIGGER reviews_stay_signed BEFORE UPDATE OF {KEPT} ON reviews
    WHEN OLD.signed_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a signed reading does not change'); END""",
)
POSTGRES = (
    "DROP TRIGGER reviews_stay_signed ON reviews",
    f"""CREATE TRIGGER reviews_stay_signed BEFORE UPDATE OF {KEPT} ON reviews
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change('a signed reading does not change')""",
)


def upgrade() -> None:
    op.add_column(
        "reviews", sa.Column("agrees", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)
    _patients()
    _studies()
    _images()
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("study_id", sa.String(64), nullable=False),
        sa.Column("image_id", sa.String(64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("actor_kind", sa.String(8), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("patient_before", sa.String(64), nullable=True),
        sa.Column("patient_after", sa.String(64), nullable=True),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_corrections_study_id"),
        sa.ForeignKeyConstraint(
            ["patient_before"], ["patients.id"], name="fk_corrections_patient_before"
        ),
        sa.ForeignKeyConstraint(
            ["patient_after"], ["patients.id"], name="fk_corrections_patient_after"
        ),
    )
    for column in ("study_id", "patient_before", "patient_after"):
        op.create_index(f"ix_corrections_{column}", "corrections", [column])
    op.execute(REOPENED)
    _check_references()


def _check_references() -> None:
    """SQLite did not while tables were made anew."""
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    if sqlite and bind.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreInvalid("store_damaged")


def _patients() -> None:
    added: dict[str, Any] = {"key": sa.String(64), "issuer": sa.String(512), "folded": sa.Text()}
    for name, kind in added.items():
        op.add_column("patients", sa.Column(name, kind, nullable=False, server_default=""))
    for row in _rows(
        "SELECT id, patient_id, name, birth_date, sex FROM patients"
        " WHERE id > :after ORDER BY id LIMIT :most"
    ):
        who = (row.patient_id, "", row.name, row.birth_date, row.sex)  # as `identity.patient_key`
        _set(
            "patients",
            row.id,
            key=hashlib.sha256(json.dumps(who).encode()).hexdigest(),
            folded=f"{_folded(row.name)}\n{_folded(row.patient_id)}",
        )
    with op.batch_alter_table("patients") as table:
        table.drop_constraint(op.f("uq_patients_station_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_patients_station_id"), ["station_id", "key"])
        _widen(table, "patients")
        for name in added:
            table.alter_column(name, server_default=None)


def _studies() -> None:
    added: dict[str, Any] = {
        "filed_patient_id": sa.String(64),
        "flags": sa.Text(),
        "contested": sa.Boolean(),
        "version": sa.Integer(),
        "corrected": sa.Text(),
    }
    first: dict[str, Any] = {"contested": sa.false(), "version": "0"}
    for name, kind in added.items():
        default = first.get(name, "")
        op.add_column("studies", sa.Column(name, kind, nullable=False, server_default=default))
    for name, length in (("signed_by", 64), ("signed_at", 27), ("settled_at", 27)):
        op.add_column("studies", sa.Column(name, sa.String(length), nullable=True))
    op.execute("UPDATE studies SET filed_patient_id = patient_id, corrected = '{}'")
    for row in _rows(
        "SELECT studies.id, document FROM studies JOIN assessments ON assessments.id = leading_id"
        " WHERE studies.id > :after ORDER BY studies.id LIMIT :most"
    ):
        _set("studies", row.id, flags=_flags(row.document))
    with op.batch_alter_table("studies") as table:
        table.drop_constraint(op.f("uq_studies_station_id"), type_="unique")
        if op.get_bind().dialect.name != "sqlite":  # which made the table anew without it
            table.drop_constraint(op.f("ck_studies_state"), type_="check")
        table.create_check_constraint(op.f("ck_studies_state"), STATES)
        table.create_foreign_key(
            op.f("fk_studies_filed_patient_id"), "patients", ["filed_patient_id"], ["id"]
        )
        _widen(table, "studies")
        for name in added:
            table.alter_column(name, server_default=None)
    op.create_index("ix_studies_filed_patient_id", "studies", ["filed_patient_id"])
    op.create_index("ix_studies_station_uid", "studies", ["station_id", "study_uid"])


def _images() -> None:
    added: dict[str, Any] = {
        "patient_id": sa.String(64),
        "file_name": sa.String(255),
        "identified_at": sa.String(27),
        "twin": sa.Boolean(),
        "placed_by_hand": sa.Boolean(),
        "corrected": sa.Text(),
    }
    first: dict[str, Any] = {"twin": sa.false(), "placed_by_hand": sa.false()}
    for name, kind in added.items():
        default = first.get(name, "")
        op.add_column("images", sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column("images", sa.Column("hidden_at", sa.String(27), nullable=True))
    op.execute(
        "UPDATE images SET corrected = '{}', identified_at = received_at, patient_id ="
        " (SELECT patient_id FROM studies WHERE studies.id = images.study_id)"
    )
    with op.batch_alter_table("images") as table:
        table.drop_constraint(op.f("uq_images_station_id"), type_="unique")
        table.create_foreign_key(op.f("fk_images_patient_id"), "patients", ["patient_id"], ["id"])
        _widen(table, "images")
        for name in added:
            table.alter_column(name, server_default=None)
    op.create_index("ix_images_patient_id", "images", ["patient_id"])
    op.create_index("ix_images_station_sop", "images", ["station_id", "sop_uid"])


def _widen(table: Any, name: str) -> None:  # noqa: ANN401 - Alembic's batch has no public type
    for column in WIDER[name]:
        table.alter_column(column, type_=sa.String(512), existing_nullable=False)


def _rows(query: str) -> Iterator[Any]:
    """Every row of a query by id, in memory a part at a time."""
    after = ""
    while part := op.get_bind().execute(sa.text(query), {"after": after, "most": CHUNK}).all():
        yield from part
        after = part[-1].id


def _set(table: str, row: str, **values: str) -> None:
    names = ", ".join(f"{name} = :{name}" for name in values)
    op.get_bind().execute(
        sa.text(f"UPDATE {table} SET {names} WHERE id = :id"),  # noqa: S608 - names of ours
        {**values, "id": row},
    )


def _folded(text: str) -> str:
    """As `domain.folded` had it when this was written."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    kept = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def _flags(document: str) -> str:
    findings = json.loads(document)["findings"]
    return "".join(f" {one['label'].replace(' ', '_')} " for one in findings if one["flagged"])
