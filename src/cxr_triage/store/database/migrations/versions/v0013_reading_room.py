"""First looks without the AI, who reads what, what the AI got wrong, and texts for impressions."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
compatible_from = "0013"  # an older version would show a reader what they have not looked at yet


def upgrade() -> None:
    op.add_column("people", sa.Column("first_look", sa.String(16), nullable=True))
    op.create_table(
        "first_opinions",
        sa.Column("assessment_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("opinion", sa.String(8), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        _gone_with("first_opinions", "assessments", "assessment"),
        _person("first_opinions"),
        sa.PrimaryKeyConstraint("assessment_id", "person_id", name="pk_first_opinions"),
    )
    op.create_table(
        "claims",
        sa.Column("study_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        _gone_with("claims", "studies", "study"),
        _person("claims"),
        sa.PrimaryKeyConstraint("study_id", name="pk_claims"),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("assessment_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        _gone_with("incidents", "assessments", "assessment"),
        _person("incidents"),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.UniqueConstraint(
            "assessment_id", "person_id", "kind", "label", name="uq_incidents_assessment_id"
        ),
    )
    op.create_table(
        "phrases",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        _person("phrases"),
        sa.PrimaryKeyConstraint("id", name="pk_phrases"),
    )
    op.create_index("ix_phrases_person_id", "phrases", ["person_id"])


def _gone_with(table: str, of: str, one: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{one}_id"
    return sa.ForeignKeyConstraint([f"{one}_id"], [f"{of}.id"], name=name, ondelete="CASCADE")


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=f"fk_{table}_person_id")
