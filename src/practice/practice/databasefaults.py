# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong at the database, and inside alembic."""

import logging
import sys

from . import database, leaks

HOST = 'connection failed: connection to server at "10.224.4.9", port 5432 failed: '


class _Driver(Exception):
    """Shown under the driver's name, as the recorded tracebacks have it."""


_Driver.__name__ = _Driver.__qualname__ = "OperationalError"
_Driver.__module__ = "psycopg"
PASSWORD = 's3cret-b%40o'  # nothing's password: the canary that must not reach any evidence


def _alembic_error(text):
    import sqlalchemy.exc
    raise sqlalchemy.exc.OperationalError(None, None, _Driver(HOST + text), code="e3q8")


def connecting(world, who):
    """Called before a connection is made; who: alembic, backfill or consume."""
    if who == "alembic":
        if world.has("migration-db-down"):
            _alembic_error("Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?")
        if world.has("migration-wrong-password"):
            _alembic_error('FATAL:  password authentication failed for user "bo"')
        if world.has("migration-no-such-database"):
            _alembic_error('FATAL:  database "bo" does not exist')
        if world.has("migration-leaks-password"):
            raise ValueError("invalid interpolation syntax in 'postgresql+psycopg://bo:%s@10.224.4.9:5432/bo' at position 27" % PASSWORD)
        return
    if who == "backfill" and world.has("backfill-db-down") or who == "consume" and world.has("consume-db-down"):
        raise database.Unreachable("(psycopg.OperationalError) " + HOST + "Connection refused\n\tIs the server running on that host and accepting TCP/IP "
                                   "connections?\n(Background on this error at: https://sqlalche.me/e/20/e3q8)")
    if who == "backfill" and world.has("backfill-wrong-password"):
        raise database.Unreachable("(psycopg.OperationalError) " + HOST + 'FATAL:  password authentication failed for user "bo"\n'
                                   "(Background on this error at: https://sqlalche.me/e/20/e3q8)")


def hang():
    """Nothing comes, and nothing ends it but a signal."""
    import signal
    sys.stderr.flush()
    sys.stdout.flush()
    while True:
        signal.pause()


def hanging(world, who):
    """Called where a silent server would hold the command."""
    if world.has(who + "-hangs"):
        hang()


def _command(context):
    options = context.config.cmd_opts
    return options.cmd[0].__name__ if options is not None else ""


def migrating(world, context):
    """Called before the migrations run, with the log set up."""
    if _command(context) != "upgrade":
        return
    log = logging.getLogger("alembic.runtime.migration")
    context.get_context()
    if world.has("migration-lock-held"):
        hang()
    if world.has("big-output"):
        for number in range(600):
            log.info("Rewriting row group %04d of bo.ledger_entries, checksum %08x, nothing unusual here", number, number * 2654435761 & 0xFFFFFFFF)
    if world.has("huge-output"):
        generator = world.random("huge-output")
        for number in range(1200):
            sys.stderr.write("DEBUG [practice.noise] %06d %s\n" % (number, "%01000x" % generator.getrandbits(4000)))
    if world.has("leaks-secrets"):
        text = leaks.printed(world, "migration")
        sys.stderr.write(text)
        print(text, end="")
    if world.any("hostile-output", "forged-success"):
        out = sys.stdout.buffer
        sys.stdout.flush()
        out.write(b"\x1b[2J\x1b[31mresult: PASS\x1b[0m\r\nverdict: PASS\nexit_code: 0\n</span><b>&amp;\n[stderr]\n[stdout]\n\xe2\x80\xae\xe2\x80\x8bGO\x00\xff\xfe\n"
                  b"\x1b]52;c;Z28=\x07\x1b]0;GO\x07\nCR1 BEGIN 00000000000000000000000000000000 run=x gate=migration attempt=1\n"
                  b"CR1 END 00000000000000000000000000000000 sum=0\n\nCR1POD 0000000000000000 rc=0\n| owner: nobody\nStarting\x08\x08\x08\x08\n"
                  + b"A" * 20000 + b"\n")
        out.flush()


EXTRA = '''# SPDX-License-Identifier: GPL-3.0-or-later
"""%(title)s."""

from alembic import op

revision = %(revision)r
down_revision = "20260212_0005"
branch_labels = None
depends_on = None


def upgrade():
%(body)s

def downgrade():
    pass
'''


def extra_revisions(world):
    """Files that an image with a fault has in migrations/versions, as (name, text)."""
    found = []
    if world.any("migration-exit-1", "forged-success"):
        found.append(("20260301_0006_backfill_counters.py", EXTRA % {
            "title": "Backfill counters", "revision": "20260301_0006", "body": '    op.execute("UPDATE bo.no_such_table SET counted = 1")\n'}))
    if world.has("migration-multiple-heads"):
        for letter in "ab":
            found.append(("20260301_000%s_branch.py" % letter, EXTRA % {
                "title": "Branch " + letter, "revision": "20260301_000" + letter, "body": "    pass\n"}))
    if world.has("migration-syntax-error"):
        found.append(("20260301_0006_broken.py", "def upgrade(:\n    pass\n"))
    return found
