"""Rows of the audit trail seal what they tell of; a study's leading result has its foreign key.

What is there already has no seal: rows of the trail say that it is there, and that nobody knows
any more how it came. On SQLite the table of studies is made anew for the key.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from cxr_triage.errors import StoreInvalid

revision = "0010"
down_revision = "0009"
compatible_from = "0010"  # an older version would change what is sealed without sealing it

VERSION, CHUNK = "cxr-triage-audit-2", 1000
THERE = {
    "study": "SELECT id FROM studies WHERE id > :after ORDER BY id LIMIT :most",
    "result": "SELECT id FROM assessments WHERE id > :after ORDER BY id LIMIT :most",
    "reading": "SELECT id FROM reviews WHERE id > :after AND signed_at IS NOT NULL"
    " ORDER BY id LIMIT :most",
}
FIELDS = (
    "at", "action", "actor_kind", "actor_id", "study_id", "assessment_id", "subject_id",
    "fingerprint", "address", "request_id", "reason",
)  # fmt: skip
GONE = """UPDATE studies SET leading_id = NULL
WHERE NOT EXISTS (SELECT 1 FROM assessments WHERE assessments.id = studies.leading_id)"""


def upgrade() -> None:
    op.add_column("audit", sa.Column("seals", sa.Text(), nullable=False, server_default=""))
    _leading()
    _note_what_is_there()


def _leading() -> None:
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    with op.batch_alter_table("studies") as table:
        table.alter_column("leading_id", existing_type=sa.String(64), nullable=True)
        if sqlite:  # which checks no key while tables are made anew
            _refer(table)
    op.execute(GONE)
    if not sqlite:
        with op.batch_alter_table("studies") as table:
            _refer(table)
    op.create_index("ix_studies_leading_id", "studies", ["leading_id"])
    if sqlite and bind.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreInvalid("store_damaged")


def _refer(table: Any) -> None:  # noqa: ANN401 - Alembic's batch has no public type
    table.create_foreign_key(
        op.f("fk_studies_leading_id"),
        "assessments",
        ["leading_id"],
        ["id"],
        ondelete="SET NULL",
        deferrable=True,
        initially="DEFERRED",
    )


def _note_what_is_there() -> None:
    """Rows that chain on to those that are there; none in a store without studies."""
    bind = op.get_bind()
    head = bind.execute(sa.text("SELECT number, hash FROM audit_head")).first()
    if head is None:
        return
    number, made = head
    at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    blank = dict.fromkeys(FIELDS, "")
    row = blank | {"at": at, "action": "seals_begun", "actor_kind": "system"}
    for seals in _seals():
        words = [row[name] for name in FIELDS]
        parts = json.dumps([VERSION, made, *words, seals], separators=(",", ":"))
        previous, made = made, hashlib.sha256(parts.encode("ascii")).hexdigest()
        number += 1
        names = ("number", *FIELDS, "previous", "hash", "seals")
        values = ", ".join(f":{name}" for name in names)
        bind.execute(
            sa.text(f"INSERT INTO audit ({', '.join(names)}) VALUES ({values})"),  # noqa: S608
            row | {"number": number, "previous": previous, "hash": made, "seals": seals},
        )
    bind.execute(
        sa.text("UPDATE audit_head SET number = :number, hash = :hash"),
        {"number": number, "hash": made},
    )


def _seals() -> Iterator[str]:
    for kind, query in THERE.items():
        after = ""
        while ids := list(op.get_bind().scalars(sa.text(query), {"after": after, "most": CHUNK})):
            yield json.dumps({kind: dict.fromkeys(ids, "")}, separators=(",", ":"))
            after = ids[-1]
