# SPDX-License-Identifier: GPL-3.0-or-later
"""The state in which the rehearsal finds database and pods."""

import contextlib
import io
import os

from . import world as w


def prepare(world):
    """By default the database is empty: the migration gate has five steps to do."""
    if world.any("migration-nothing-to-do", "schema-dropped-at-head"):
        migrate(world)
    if world.has("schema-dropped-at-head"):
        from . import database
        database.drop_schema(world)


def migrate(world, revision="head"):
    """Runs the migrations of the API pod, as an earlier deployment would have."""
    from alembic import command
    from alembic.config import Config
    place = world.path("pods", w.API_POD, "app")
    here = os.getcwd()
    os.chdir(place)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            config = Config()
            config.set_main_option("script_location", "migrations")
            command.upgrade(config, revision)
    finally:
        os.chdir(here)
