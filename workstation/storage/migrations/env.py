"""Alembic's entry: runs the revisions on the connection, and in the transaction, that `storage.migrate` hands over."""

from alembic import context

from workstation.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
