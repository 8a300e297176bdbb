# SPDX-License-Identifier: GPL-3.0-or-later
"""Real migrations on SQLite, with the schema bo attached; the log names the implementation that the deployment has."""

from logging.config import fileConfig

import sqlalchemy
from alembic import context
from alembic.ddl.sqlite import SQLiteImpl

from practice import database
from practice import databasefaults
from practice import world as w


class PostgresqlImpl(SQLiteImpl):
    """SQLite's DDL is transactional like PostgreSQL's once the driver leaves transactions alone."""

    __dialect__ = "sqlite"
    transactional_ddl = True


config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

world = w.current()
databasefaults.connecting(world, "alembic")
public, bo = database.paths(world)
engine = sqlalchemy.create_engine("sqlite:///" + public, connect_args={"timeout": 30})


@sqlalchemy.event.listens_for(engine, "connect")
def connected(connection, _record):
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("ATTACH DATABASE ? AS bo", (bo,))
    connection.execute("PRAGMA bo.synchronous=OFF")


@sqlalchemy.event.listens_for(engine, "begin")
def begun(connection):
    connection.exec_driver_sql("BEGIN")


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    databasefaults.migrating(world, context)
    with context.begin_transaction():
        context.run_migrations()
