"""Until when somebody has seen the readings that were signed; readings by when they were signed;
what is urgent and signed by nobody.

Who has seen none yet is told of the last days.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
compatible_from = "0013"  # who knows that one never looks who has seen what

OLDEST = ("received_at", "id", "priority_rank")
CALLING = (
    "priority_rank IN (0, 1) AND state IN ('new', 'opened', 'changed', 'reviewed') AND images > 0"
)


def upgrade() -> None:
    op.create_table(
        "seen_answers",
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_seen_answers_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_seen_answers"),
    )
    op.create_index("ix_reviews_signed_at", "reviews", ["signed_at"])
    where = sa.text(CALLING)
    for name, columns in (
        ("ix_studies_calling", OLDEST),
        ("ix_studies_station_calling", ("station_id", *OLDEST)),
    ):
        op.create_index(name, "studies", list(columns), sqlite_where=where, postgresql_where=where)
