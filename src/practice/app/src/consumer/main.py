# SPDX-License-Identifier: GPL-3.0-or-later
"""The consumer's command line: backfill from JSONL files, consume from the topics. Exit statuses and log lines as recorded from the real one."""

import argparse
import datetime
import json
import logging
import os
import sqlite3
import sys
import time
import uuid
from pathlib import Path

from practice import broker, consuming, database, databasefaults, podfaults
from practice import world as w
from src.common.logging import configure_logging
from src.consumer import contract_normalizer, events

logger = logging.getLogger(__name__)
KINDS = {broker.LEDGER_TOPIC: "ledger", broker.ORDER_TOPIC: "payment_order"}
WORDS = {"ledger": "ledger", "payment_order": "payment order"}


def _parse_iso_datetime(text):
    value = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)


def _iter_json_lines(path):
    with Path(path).open("r", encoding="utf-8") as handle:
        for line in handle:
            line = line.strip()
            if line:
                yield json.loads(line)


def _write_dlq_payload(world, topic, payload, error):
    if isinstance(error, contract_normalizer.ContractCoreViolationError):
        code = "contract_core_violation"
    elif isinstance(error, events.EventValidationError):
        code = "parse_error"
    else:
        code = "internal_error"
    entry = {"topic": topic, "payload": payload, "error": code, "error_detail": str(error), "profile_id": "canonical-v1",
             "correlation_id": str(uuid.uuid4()), "ingested_at": database.stamp(time.time())}
    try:
        os.makedirs("dlq", exist_ok=True)
        with open(os.path.join("dlq", "failed_events.jsonl"), "a", encoding="utf-8") as handle:
            handle.write(json.dumps(entry, ensure_ascii=True) + "\n")
    except OSError:
        logger.exception("Failed to write DLQ to file")
    world.truth("dead_letter", by=os.environ.get("HOSTNAME"), topic=topic, error=str(error))


def _database_trouble(error):
    if isinstance(error, (sqlite3.Error, database.Unreachable)):
        operation, table = ("UNKNOWN", "unknown") if isinstance(error, database.Unreachable) else ("INSERT", "ledger_entries")
        logging.getLogger("src.db.observability").warning("DB error after %.2f ms op=%s table=%s", 0.0, operation, table, extra={"corr": str(uuid.uuid4())})


def run_backfill(args, since, until):
    world = w.current()
    logger.info("Starting backfill profile=canonical-v1 ledger_topic=%s payment_order_topic=%s", broker.LEDGER_TOPIC, broker.ORDER_TOPIC)
    world.nap(0.4)
    databasefaults.hanging(world, "backfill")
    podfaults.before_backfill(world)
    for kind, topic, path in (("ledger", "backfill-ledger", args.ledger_file), ("payment_order", "backfill-payment-order", args.payment_order_file)):
        if not path:
            continue
        for number, row in enumerate(_iter_json_lines(path)):
            row = podfaults.backfill_row(world, kind, number, row)
            if row is None:
                continue
            try:
                events.validate(kind, row)
                if not events.in_range(kind, row, since, until):
                    world.truth("backfill_out_of_range", key=row.get("tx_id") or row.get("order_id"))
                    continue
                databasefaults.connecting(world, "backfill")
                consuming.apply(world, broker.LEDGER_TOPIC if kind == "ledger" else broker.ORDER_TOPIC, podfaults.written_row(world, kind, row))
            except Exception as error:
                _database_trouble(error)
                _write_dlq_payload(world, topic, row, error)
                logger.exception("Backfill %s failed; sent to DLQ", WORDS[kind])
                continue
            world.truth("backfilled", key=row.get("tx_id") or row.get("order_id"))
    podfaults.after_backfill(world)
    return 0


def run_consumer(args):
    world = w.current()
    logger.info("Starting consumer profile=canonical-v1 ledger_topic=%s payment_order_topic=%s", broker.LEDGER_TOPIC, broker.ORDER_TOPIC)
    return podfaults.consume(world, args, _consume)


def _consume(world, args, client):
    """Polls until the count is reached or nothing came for --max-idle-seconds; returns "count" or "idle"."""
    idle_limit = args.max_idle_seconds
    processed, waited_since = 0, time.monotonic()
    while args.max_messages is None or processed < args.max_messages:
        left = idle_limit - (time.monotonic() - waited_since) if idle_limit is not None else 3600.0
        message = client.call("poll", timeout=max(0.0, left * world.pace))
        if message is None:
            if idle_limit is not None:
                return "idle"
            continue
        waited_since = time.monotonic()
        row = json.loads(message["value"])
        kind = KINDS[message["topic"]]
        try:
            events.validate(kind, row)
            databasefaults.connecting(world, "consume")
            consuming.take(world, message["topic"], row, os.environ.get("HOSTNAME"))
        except Exception as error:
            _database_trouble(error)
            _write_dlq_payload(world, message["topic"], row, error)
            logger.exception("Failed to process message; sent to DLQ")
            continue
        processed += 1
    return "count"


def main():
    parser = argparse.ArgumentParser(prog="python -m src.consumer.main", description="Backoffice sync consumer")
    commands = parser.add_subparsers(dest="command")
    consume = commands.add_parser("consume", help="Run Kafka consumer")
    consume.add_argument("--max-messages", type=int)
    consume.add_argument("--max-idle-seconds", type=int)
    backfill = commands.add_parser("backfill", help="Run backfill from JSONL")
    backfill.add_argument("--ledger-file")
    backfill.add_argument("--payment-order-file")
    backfill.add_argument("--since")
    backfill.add_argument("--until")
    args = parser.parse_args()
    if args.command is None:
        parser.print_help()
        return 0
    podfaults.log_level(w.current())
    if args.command == "consume":
        configure_logging()
        return run_consumer(args)
    since = _parse_iso_datetime(args.since) if args.since is not None else None
    until = _parse_iso_datetime(args.until) if args.until is not None else None
    configure_logging()
    return run_backfill(args, since, until)


if __name__ == "__main__":
    sys.exit(main())
