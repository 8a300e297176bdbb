# SPDX-License-Identifier: GPL-3.0-or-later
"""The state in which the rehearsal finds database, pods and jumpbox."""

import contextlib
import fcntl
import io
import os
import sqlite3

from . import database, databasefaults
from . import world as w

TIMEOUT = """#!/bin/sh
# timeout of the practice target: a command that hangs is given %(seconds)s seconds here, whatever limit the plan sets
while :; do
  case $1 in
    -k|-s|--kill-after|--signal) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
shift
exec /usr/bin/timeout -k 2 %(seconds)s "$@"
"""
HANGING = ("migration-lock-held", "backfill-hangs", "consume-hangs")
_held = []


def prepare(world):
    """By default the database is empty: the migration gate has five steps to do."""
    if world.any("migration-nothing-to-do", "schema-dropped-at-head", "migration-tables-exist", "audit-table-missing", "migration-unknown-revision"):
        _migrate(world)
    if world.has("schema-dropped-at-head"):
        database.drop_schema(world)
    if world.has("audit-table-missing"):
        _execute(world, 1, "DROP TABLE admin_audit_logs")
    if world.has("migration-tables-exist"):
        _execute(world, 0, "DROP TABLE alembic_version")
    if world.has("migration-unknown-revision"):
        _execute(world, 0, "UPDATE alembic_version SET version_num = '20990101_9999'")
    for pod in os.listdir(world.path("pods")):
        _pod(world, world.path("pods", pod))
    _jumpbox(world)


def _pod(world, place):
    for name, text in databasefaults.extra_revisions(world):
        with open(os.path.join(place, "app", "migrations", "versions", name), "w", encoding="utf-8") as f:
            f.write(text)
    if world.has("migration-wrong-folder"):
        with open(os.path.join(place, "app", "alembic.ini"), "w", encoding="ascii") as f:
            f.write("[alembic]\n")
    if world.any(*HANGING) and world.speed != "1x":
        _program(os.path.join(place, "bin", "timeout"), TIMEOUT % {"seconds": "2" if world.speed == "instant" else "8"})
    if world.has("backfill-file-changed"):
        _program(os.path.join(place, "bin", "base64"), "#!/bin/sh\n/usr/bin/base64 \"$@\" && echo\n")


def _jumpbox(world):
    spool = world.path("jumpbox", "spool")
    if world.any(*HANGING) and world.speed != "1x":
        _program(world.path("jumpbox", "bin", "timeout"), TIMEOUT % {"seconds": "6" if world.speed == "instant" else "20"})
    if world.has("spool-not-writable"):
        os.rmdir(spool)
        with open(spool, "w", encoding="ascii") as f:
            f.write("a file stands where the folder should be\n")
    if world.has("jumpbox-busy"):
        lock = open(os.path.join(spool, "lock"), "w", encoding="ascii")
        fcntl.flock(lock, fcntl.LOCK_EX)
        _held.append(lock)  # held as long as the service runs
        with open(os.path.join(spool, "holder"), "w", encoding="ascii") as f:
            f.write("e2-3-20260101000000.migration.1\n")


def _program(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o755)


def _execute(world, which, sql):
    with sqlite3.connect(database.paths(world)[which]) as connection:
        connection.execute(sql)


def _migrate(world):
    """Runs the migrations of the API pod, as an earlier deployment would have."""
    from alembic import command
    from alembic.config import Config
    here = os.getcwd()
    os.chdir(world.path("pods", w.API_POD, "app"))
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            config = Config()
            config.set_main_option("script_location", "migrations")
            command.upgrade(config, "head")
    finally:
        os.chdir(here)
