"""Patients are found by their number."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_patients_patient_id", "patients", ["patient_id"])
