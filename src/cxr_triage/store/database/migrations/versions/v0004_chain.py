"""The audit trail as a hash chain, with reasons; studies that are purged; which versions fit.

Every database says from here on which versions of this software may work with it while
another one has already migrated it: see `store.database.migrate`.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
compatible_from = "0004"  # an older version would add rows that are not part of the chain

VERSION, FIRST, CHUNK = "cxr-triage-audit-1", "0" * 64, 1000
FIELDS = (
    "at, action, actor_kind, actor_id, study_id, assessment_id, subject_id, fingerprint,"
    " address, request_id, reason"
)

APPENDED_TO_ONLY = """CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is appended to only'); END"""

SQLITE = (
    APPENDED_TO_ONLY,
    """CREATE TRIGGER audit_is_chained BEFORE INSERT ON audit WHEN NEW.hash = ''
    BEGIN SELECT RAISE(ABORT, 'the audit trail is a chain'); END""",
    "DROP TRIGGER reviews_are_kept",
    """CREATE TRIGGER reviews_are_kept BEFORE DELETE ON reviews
    WHEN OLD.signed_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM purging WHERE study_id = OLD.study_id)
    BEGIN SELECT RAISE(ABORT, 'a signed reading does not change'); END""",
)
POSTGRES = (
    """CREATE TRIGGER audit_keeps_rows BEFORE DELETE OR UPDATE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the audit trail is appended to only')""",
    """CREATE TRIGGER audit_is_chained BEFORE INSERT ON audit
    FOR EACH ROW WHEN (NEW.hash = '')
    EXECUTE FUNCTION refuse_change('the audit trail is a chain')""",
    "DROP TRIGGER reviews_stay_signed ON reviews",
    """CREATE TRIGGER reviews_stay_signed BEFORE UPDATE ON reviews
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change('a signed reading does not change')""",
    """CREATE FUNCTION keep_review() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM purging WHERE study_id = OLD.study_id) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION USING MESSAGE = 'a signed reading does not change',
            ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE TRIGGER reviews_are_not_removed BEFORE DELETE ON reviews
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION keep_review()""",
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, length in (("reason", 200), ("previous", 64), ("hash", 64)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("audit", column)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one")),
    )
    op.create_table(
        "purging",
        sa.Column("study_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_purging")),
    )
    op.create_table(
        "compatibility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("oldest", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compatibility")),
        sa.CheckConstraint("id = 1", name=op.f("ck_compatibility_one")),
    )
    op.execute(
        "DROP TRIGGER audit_keeps_values" if sqlite else "DROP TRIGGER audit_keeps_rows ON audit"
    )
    _chain(op.get_bind())
    for statement in SQLITE if sqlite else POSTGRES:
        op.execute(statement)


def _chain(connection: sa.Connection) -> None:
    """Chain what is there, oldest first."""
    number, made = 0, FIRST
    while rows := connection.execute(
        sa.text(
            f"SELECT number, {FIELDS} FROM audit WHERE number > :after"  # noqa: S608
            f" ORDER BY number LIMIT {CHUNK}"
        ),
        {"after": number},
    ).all():
        changes = []
        for number, *values in rows:
            parts = json.dumps([VERSION, made, *values], separators=(",", ":"))
            previous, made = made, hashlib.sha256(parts.encode("ascii")).hexdigest()
            changes.append({"number": number, "previous": previous, "hash": made})
        connection.execute(
            sa.text("UPDATE audit SET previous = :previous, hash = :hash WHERE number = :number"),
            changes,
        )
    connection.execute(
        sa.text("INSERT INTO audit_head (id, number, hash) VALUES (1, :number, :hash)"),
        {"number": number, "hash": made},
    )
