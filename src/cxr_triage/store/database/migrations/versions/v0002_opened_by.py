"""Who opened a study last, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("studies", sa.Column("opened_by", sa.String(64), nullable=True))
    op.add_column("studies", sa.Column("opened_at", sa.String(27), nullable=True))
