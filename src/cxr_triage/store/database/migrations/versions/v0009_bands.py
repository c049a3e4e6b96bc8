"""Within a priority, bands of rarity in place of margins; what waits too long; early reading.

What was kept before had no rarity: the middle band.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
compatible_from = "0009"  # an older version writes margins

WAITING = ("state", "priority_rank", "received_at", "id")


def upgrade() -> None:
    for table in ("studies", "assessments"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN margin_order TO band")
        op.execute(f"UPDATE {table} SET band = 1")  # noqa: S608 - names of ours
    op.create_index("ix_studies_waiting", "studies", list(WAITING))
    op.create_index("ix_studies_station_waiting", "studies", ["station_id", *WAITING])
