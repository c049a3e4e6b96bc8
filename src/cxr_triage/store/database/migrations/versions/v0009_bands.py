"""Within a priority, bands of rarity in place of margins; what waits too long; early reading.

What was kept before had no rarity: the middle band.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
compatible_from = "0009"  # an older version writes margins

WAITING = ("priority_rank", "received_at", "id")
UNREAD = "state IN ('new', 'opened', 'changed')"


def upgrade() -> None:
    for table in ("studies", "assessments"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN margin_order TO band")
        op.execute(f"UPDATE {table} SET band = 1")  # noqa: S608 - names of ours
    where = sa.text(UNREAD)
    for name, columns in (
        ("ix_studies_waiting", WAITING),
        ("ix_studies_station_waiting", ("station_id", *WAITING)),
    ):
        op.create_index(name, "studies", list(columns), sqlite_where=where, postgresql_where=where)
