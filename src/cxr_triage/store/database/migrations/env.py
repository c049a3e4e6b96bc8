"""Run by Alembic: migrations in the transaction that `store.database.migrate` has begun."""

from alembic import context

from cxr_triage.store.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
