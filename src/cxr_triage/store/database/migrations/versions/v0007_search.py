"""Names of files as people search them; on SQLite, indexes that a search reads whole."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
compatible_from = "0006"  # what an older version keeps is found by all but the file's name

INDEXES = {
    "images": ("ix_images_folded", ("station_id", "folded", "study_id", "hidden_at")),
}
INDEXES_OF_SQLITE = {
    "patients": ("ix_patients_folded", ("station_id", "folded", "id")),
    "studies": ("ix_studies_searched", ("station_id", "accession", "flags", "id")),
}


def upgrade() -> None:
    op.add_column("images", sa.Column("folded", sa.Text(), nullable=False, server_default=""))
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, (name, columns) in (INDEXES | (INDEXES_OF_SQLITE if sqlite else {})).items():
        op.create_index(name, table, list(columns))
