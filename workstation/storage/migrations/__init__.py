"""Alembic migrations, run by the program itself: each tested up, each refused down."""
