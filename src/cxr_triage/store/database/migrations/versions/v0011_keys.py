"""What a station's key is for, which machine it is, and which machine sent an image; from where a
person has signed in.

Keys of before send and read, as they did; each is a machine of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
compatible_from = "0009"  # its keys send and read, and it never looks from where somebody comes


def upgrade() -> None:
    op.add_column(
        "station_keys", sa.Column("scope", sa.String(8), nullable=False, server_default="both")
    )
    op.add_column(
        "station_keys", sa.Column("machine", sa.String(64), nullable=False, server_default="")
    )
    op.execute("UPDATE station_keys SET machine = id")
    op.add_column("images", sa.Column("machine", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "known_places",
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("last_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_known_places_person_id"),
        sa.PrimaryKeyConstraint("person_id", "place", name="pk_known_places"),
    )
