"""What archives have of our results. The version before sends none."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
compatible_from = "0013"  # what is older leaves tasks of kinds that it does not know to newer ones


def upgrade() -> None:
    op.create_table(
        "sent_objects",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("destination", sa.String(32), nullable=False),
        sa.Column("study_id", sa.String(64), nullable=False),
        sa.Column("source_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("sop_class_uid", sa.String(64), nullable=False),
        sa.Column("sop_uid", sa.String(64), nullable=False),
        sa.Column("series_uid", sa.String(64), nullable=False),
        sa.Column("study_uid", sa.String(512), nullable=False),
        sa.Column("patient_version", sa.String(160), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_objects")),
    )
    op.create_index(op.f("ix_sent_objects_study_id"), "sent_objects", ["study_id"])
    op.create_index(op.f("ix_sent_objects_source_id"), "sent_objects", ["source_id"])
