"""Work that can wait. The version before leaves it to newer ones."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
compatible_from = "0006"  # neither it nor 0007 knows the table

STATES = "state IN ('waiting', 'running', 'done', 'dead')"


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(64), nullable=True),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("due_at", sa.String(27), nullable=False),
        sa.Column("lease", sa.String(64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(64), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("key", name=op.f("uq_tasks_key")),
        sa.CheckConstraint(STATES, name=op.f("ck_tasks_state")),
    )
    op.create_index("ix_tasks_state_due_at", "tasks", ["state", "due_at"])
    op.create_index("ix_tasks_kind_ended_at", "tasks", ["kind", "ended_at"])
