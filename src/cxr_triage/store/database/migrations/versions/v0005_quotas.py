"""What a station may send in a day, and what it sent; who signs in elsewhere.

The version before keeps images without counting them, and knows nobody from elsewhere.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
compatible_from = "0004"


def upgrade() -> None:
    op.add_column("stations", sa.Column("images_a_day", sa.Integer(), nullable=True))
    op.add_column("stations", sa.Column("mib_a_day", sa.Integer(), nullable=True))
    op.create_table(
        "station_days",
        sa.Column("station_id", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_station_days_station_id"),
        sa.PrimaryKeyConstraint("station_id", "day", name="pk_station_days"),
    )
    op.add_column("people", sa.Column("elsewhere", sa.String(64), nullable=True))
    op.create_index("ix_people_elsewhere", "people", ["elsewhere"], unique=True)
