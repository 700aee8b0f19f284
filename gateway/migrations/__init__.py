"""The four rooms' schemas, made and moved by Alembic. Ships in the wheel."""
