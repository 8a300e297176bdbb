# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in the pods' own programs. Without faults each function does what the program does anyway."""

import logging
import os
import signal
import sys
import time

from . import broker, leaks

JOIN_SECONDS = 3.0
BROKER = "10.224.4.20:9092"


def log_level(world):
    """Called before logging is configured."""
    if world.has("consume-log-level-warning") and world.gate() == "sync":
        os.environ["LOG_LEVEL"] = "WARNING"


# -- backfill --------------------------------------------------------------------------------------------------------------------------------------

def before_backfill(world):
    """Called before the first row is read."""
    if world.has("jumpbox-restarts"):
        with open(world.path("run", "backfill-runs"), "w"):
            pass
        time.sleep(1)
    if world.has("backfill-killed"):
        raise Killed
    if world.has("backfill-file-lost"):
        for argument in sys.argv:
            if argument.endswith(".jsonl") and os.path.exists(argument):
                os.unlink(argument)
    if world.has("backfill-dlq-unwritable"):
        with open("dlq", "w"):
            pass
    if world.has("backfill-exit-3"):
        sys.exit(3)


class Killed(BaseException):
    """The program ends by a signal: SIGKILL, as from the kernel when memory runs out, unless another one is given."""

    def __init__(self, signum=signal.SIGKILL):
        super().__init__(signum)
        self.signum = signum


def backfill_row(world, kind, number, row):
    """The row as the backfill sees it, or None where it passes over it without a word."""
    if world.any("backfill-all-dead-lettered", "backfill-dlq-unwritable"):
        row.pop("wallet_id" if kind == "ledger" else "status", None)
    if world.has("backfill-one-dead-lettered") and kind == "ledger" and number == 1:
        row.pop("wallet_id", None)
    if world.has("backfill-writes-nothing"):
        return None
    if world.has("backfill-orders-missing") and kind != "ledger":
        return None
    if world.has("backfill-receipt-missing") and row.get("entry_type") == "RECEIVE":
        return None
    return row


def written_row(world, kind, row):
    """The row as the backfill writes it."""
    row = dict(row)
    if world.has("backfill-amount-changed") and kind == "ledger":
        row["amount"] = "10.00"
    if world.has("backfill-time-shifted") and kind == "ledger":
        from . import database
        row["event_time"] = row["created_at"] = database.stamp(database.instant(row["event_time"]) + 9 * 3600)
    if world.has("backfill-status-pending") and kind != "ledger":
        row["status"] = "PENDING"
    if world.has("backfill-merchant-changed") and kind != "ledger":
        row["merchant_name"] = "MERCHANT-UNKNOWN"
    return row


def after_backfill(world):
    """Called after the last row."""
    if world.has("backfill-error-logged"):
        logging.getLogger("src.db.observability").error("Commit took longer than its lease; state of the last batch unknown")


# -- publishing ------------------------------------------------------------------------------------------------------------------------------------

def _kafka(level, word, client, text):
    sys.stderr.write("%%%d|%.3f|%s|rdkafka#%s-1| %s\n" % (level, time.time(), word, client, text))
    sys.stderr.flush()


def publishing(world, scenario, messages):
    """The messages that really reach the topics; waits as long as librdkafka would (scaled)."""
    if world.has("broker-refused"):
        for _ in range(2):
            _kafka(3, "FAIL", "producer", "[thrd:%s/bootstrap]: %s/bootstrap: Connect to ipv4#%s failed: Connection refused (after 0ms in state CONNECT)"
                   % (BROKER, BROKER, BROKER))
        world.wait(300)
        return []
    if world.has("broker-silent"):
        _kafka(4, "REQTMOUT", "producer", "[thrd:%s/bootstrap]: %s/bootstrap: Timed out 1 in-flight, 0 retry-queued, 0 out-queue, 0 partially-sent requests"
               % (BROKER, BROKER))
        world.wait(300)
        return []
    if world.has("publish-no-such-topic"):
        world.wait(30)
        return []
    if world.has("publish-rejected"):
        for topic in (broker.LEDGER_TOPIC, broker.ORDER_TOPIC):
            _kafka(5, "PARTCNT", "producer", "[thrd:%s/1]: Topic %s partition count changed from 1 to 0" % (BROKER, topic))
        return []
    if world.has("publish-lost") or (world.has("duplicate-publish-lost") and scenario == "duplicate"):
        return []
    if world.any("sync-old-event", "sync-future-event"):
        from . import database
        when = database.stamp(time.time() + 86400) if world.has("sync-future-event") else "2020-01-01T00:00:00Z"
        for _topic, value in messages:
            for key in ("event_time", "created_at", "updated_at"):
                if key in value:
                    value[key] = when
    if world.has("sync-invalid-messages") and scenario == "happy":
        for _topic, value in messages:
            value.pop("wallet_id", None)
            value.pop("status", None)
    return messages


def published_run_id(world, run_id):
    return "e2-3-20260101000000" if world.has("publish-other-run") else run_id


# -- consuming -------------------------------------------------------------------------------------------------------------------------------------

def row_to_write(world, topic, row):
    """The row of a message as it is written, or None where it is lost; for whoever consumes it."""
    gate = world.gate()
    ledger = topic == broker.LEDGER_TOPIC
    if gate == "sync":
        if world.has("sync-order-lost") and not ledger:
            return None
        if world.has("sync-receipt-lost") and row.get("entry_type") == "RECEIVE":
            return None
        if world.has("sync-status-pending") and not ledger:
            return dict(row, status="PENDING")
        if world.has("sync-amount-changed") and ledger:
            return dict(row, amount="1.00")
        if world.has("sync-merchant-changed") and not ledger:
            return dict(row, merchant_name="MERCHANT-UNKNOWN")
    if gate == "idempotency":
        if world.has("duplicate-changes-amount") and ledger:
            return dict(row, amount="200.00", amount_signed="-200.00" if row["entry_type"] == "PAYMENT" else "200.00")
        if world.has("duplicate-changes-status") and not ledger:
            return dict(row, status="REFUNDED")
        if world.has("duplicate-changes-merchant") and not ledger:
            return dict(row, merchant_name="MERCHANT-SYNTHETIC-2")
        if world.has("duplicate-ignored"):
            return None
        if world.has("duplicate-breaks-pair") and row.get("entry_type") == "RECEIVE":
            return dict(row, related_id="po-elsewhere")
    return row


def consume(world, args, loop):
    """The consumer's run, from joining the group to its last line; returns the exit status."""
    log = logging.getLogger("__main__")
    again = world.gate() == "idempotency"
    if not again:
        if world.has("consume-no-such-topic"):
            raise KafkaException('KafkaError{code=UNKNOWN_TOPIC_OR_PART,val=3,str="Subscribed topic not available: %s: Broker: Unknown topic or partition"}'
                                 % broker.LEDGER_TOPIC)
        if world.has("consume-not-authorized"):
            raise KafkaException('KafkaError{code=GROUP_AUTHORIZATION_FAILED,val=30,str="JoinGroup failed: Broker: Group authorization failed"}')
        if world.has("consume-hangs"):
            from . import databasefaults
            databasefaults.hang()
        if world.has("consume-ends-by-sigterm"):
            raise Killed(signal.SIGTERM)
        if world.has("consume-killed"):
            raise Killed
        if world.has("consume-interrupted"):
            log.info("Consumer interrupted; shutting down")
            return 0
    elif world.has("duplicate-crashes-consumer"):
        raise RuntimeError("duplicate key value violates unique constraint \"ledger_entries_pkey\"")
    if world.any("broker-refused", "broker-silent"):
        _kafka(3, "FAIL", "consumer", "[thrd:%s/bootstrap]: %s/bootstrap: Connect to ipv4#%s failed: Connection refused (after 0ms in state CONNECT)"
               % (BROKER, BROKER, BROKER))
    nothing = world.any("broker-refused", "broker-silent") or (
        world.has("duplicate-not-consumed") if again else
        world.any("consume-idle-nothing", "consume-ghost-member", "consume-deployed-stuck", "consume-offset-latest"))
    if nothing:
        world.wait(args.max_idle_seconds)
        log.info("Idle for %d seconds; exiting", args.max_idle_seconds)
        if world.has("consume-deployed-stuck"):
            _kafka(5, "REQTMOUT", "consumer", "[thrd:GroupCoordinator]: GroupCoordinator/1: Timed out LeaveGroupRequest in flight (after 5005ms, timeout #0): "
                   "possibly held back by preceeding blocking JoinGroupRequest with timeout in 296320ms")
        return 0
    if world.has("leaks-secrets"):
        sys.stderr.write(leaks.printed(world, "consume"))
    client = broker.Client(world)
    world.nap(JOIN_SECONDS)
    client.call("join", member="exec-%d" % os.getpid())
    try:
        ending = loop(world, args, client)
    except KeyboardInterrupt:
        log.info("Consumer interrupted; shutting down")
        return 0
    finally:
        client.close()
    if again:
        world.mark("duplicates-consumed")
    if world.has("consume-table-locked") and not again:
        logging.getLogger("src.db.observability").warning("Slow query 40777.31 ms op=INSERT table=ledger_entries sql=INSERT INTO bo.ledger_entries (tx_id, ...")
    if world.has("consume-says-nothing") and not again:
        return 0
    if ending == "count":
        log.info("Processed %d messages; exiting", args.max_messages)
    else:
        log.info("Idle for %d seconds; exiting", args.max_idle_seconds)
    return 0


class KafkaException(Exception):
    """The client library's exception."""


KafkaException.__module__ = "cimpl"
