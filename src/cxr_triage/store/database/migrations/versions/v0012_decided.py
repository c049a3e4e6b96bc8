"""A doctor's own priority and findings in words; signatures that count after a while; withdrawals.

Readings of before say nothing of these, and their seals stay true: what is left out is not sealed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
compatible_from = "0012"  # an older version would put a study back to the AI's priority

KEPT = (
    "id, assessment_id, person_id, verdicts, missed, overall, note, impression, version, saved_at,"
    " signed_at, addendum_of, agrees, priority, others"
)
"""What never changes of a signed reading."""

WITHDRAWN = "withdrawn_at, withdrawn_by, withdrawn_why"
READING = "addendum_of IS NULL AND withdrawn_at IS NULL"
PENDING = "signs_at IS NOT NULL AND signed_at IS NULL"

SQLITE = (
    "DROP TRIGGER reviews_stay_signed",
    f"""CREATE TRIGGER reviews_stay_signed BEFORE UPDATE OF {KEPT} ON reviews
    WHEN OLD.signed_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a signed reading does not change'); END""",
    f"""CREATE TRIGGER reviews_stay_withdrawn BEFORE UPDATE OF {WITHDRAWN} ON reviews
    WHEN OLD.withdrawn_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a signed reading does not change'); END""",
)
POSTGRES = (
    "DROP TRIGGER reviews_stay_signed ON reviews",
    f"""CREATE TRIGGER reviews_stay_signed BEFORE UPDATE OF {KEPT} ON reviews
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change('a signed reading does not change')""",
    f"""CREATE TRIGGER reviews_stay_withdrawn BEFORE UPDATE OF {WITHDRAWN} ON reviews
    FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change('a signed reading does not change')""",
)


def upgrade() -> None:
    op.add_column("studies", sa.Column("decided_by", sa.String(64), nullable=True))
    for column in (
        sa.Column("priority", sa.String(16), nullable=True),
        sa.Column("others", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("signs_at", sa.String(27), nullable=True),
        sa.Column("signs_whole", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.String(27), nullable=True),
        sa.Column("withdrawn_by", sa.String(64), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("reviews", column)
    op.drop_index("ix_reviews_one_reading", "reviews")
    for name, of, unique, where in (
        ("ix_reviews_one_reading", "assessment_id", True, sa.text(READING)),
        ("ix_reviews_signs_at", "signs_at", False, sa.text(PENDING)),
    ):
        op.create_index(
            name, "reviews", [of], unique=unique, sqlite_where=where, postgresql_where=where
        )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)
