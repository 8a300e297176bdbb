# SPDX-License-Identifier: GPL-3.0-or-later
"""What both consumers do with one message: the exec'ed one in its pod and the deployed one in the service."""

from . import broker as b
from . import database, podfaults


def apply(world, topic, row):
    """Writes one valid record; True if it was not older than what is there."""
    db = database.connect(world)
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            written = database.upsert_ledger_entry(db, row) if topic == b.LEDGER_TOPIC else database.upsert_payment_order(db, row)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
    finally:
        db.close()
    return written


def take(world, topic, row, who):
    """One valid message, consumed by that member of the group."""
    changed = podfaults.row_to_write(world, topic, row)
    written = apply(world, topic, changed) if changed is not None else False
    world.truth("consumed", by=who, topic=topic, key=row.get("tx_id") or row.get("order_id"), written=written, as_sent=changed == row)


def drain(world, broker, parse, who):
    """The deployed consumer takes all that lies on the topics."""
    member = "deployed"
    with broker.condition:
        if broker.owner is not None:
            return
        broker.owner = member
    try:
        while True:
            message = broker.poll(member, 0)
            if message is None:
                if world.gate() == "idempotency":
                    world.mark("duplicates-consumed")
                return
            try:
                take(world, message["topic"], parse(message["value"]), who)
            except Exception as error:
                world.truth("dead_letter", by=who, topic=message["topic"], error=str(error))
    finally:
        broker.leave(member)
