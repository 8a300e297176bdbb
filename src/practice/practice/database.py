# SPDX-License-Identifier: GPL-3.0-or-later
"""The database of the service: SQLite, the schema bo as an attached file, so that it can be dropped while public.alembic_version stays."""

import datetime
import decimal
import os
import sqlite3
import time


class Unreachable(Exception):
    """The database server can't be reached."""


def paths(world):
    return world.path("database", "public.db"), world.path("database", "bo.db")


def connect(world):
    public, bo = paths(world)
    connection = sqlite3.connect(public, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("ATTACH DATABASE ? AS bo", (bo,))
    connection.execute("PRAGMA bo.synchronous=OFF")
    connection.row_factory = sqlite3.Row
    return connection


def create(world):
    os.makedirs(world.path("database"), mode=0o700)
    for path in paths(world):
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")


def drop_schema(world):
    """What a reload does before it starts: every table of bo is gone, public.alembic_version says what it said."""
    with sqlite3.connect(paths(world)[1]) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            connection.execute('DROP TABLE "%s"' % name)


def instant(text):
    """ISO 8601 text to Unix seconds."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def upsert_ledger_entry(db, row):
    """Last writer wins by version; an equal version is written again, so a replay moves the times. True if something was written."""
    known = db.execute("SELECT source_version FROM bo.ledger_entries WHERE tx_id = ?", (row["tx_id"],)).fetchone()
    if known is not None and (row.get("version") or 0) < (known[0] or 0):
        return False
    db.execute(
        "INSERT OR REPLACE INTO bo.ledger_entries (tx_id, wallet_id, entry_type, amount, amount_signed, related_id, related_type, event_time, created_at, "
        "updated_at, source_version, ingested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row["tx_id"], row["wallet_id"], row["entry_type"], _money(row["amount"]), _money(row.get("amount_signed")), row.get("related_id"),
         row.get("related_type"), row["event_time"], row.get("created_at"), row.get("updated_at"), row.get("version"), time.time()))
    if row.get("related_id"):
        legs = {r["entry_type"]: r["tx_id"] for r in
                db.execute("SELECT tx_id, entry_type FROM bo.ledger_entries WHERE related_id = ?", (row["related_id"],))}
        if "PAYMENT" in legs and "RECEIVE" in legs:
            db.execute("INSERT OR REPLACE INTO bo.payment_ledger_pairs (payment_order_id, payer_tx_id, payee_tx_id, event_time, ingested_at) "
                       "VALUES (?, ?, ?, ?, ?)", (row["related_id"], legs["PAYMENT"], legs["RECEIVE"], row["event_time"], time.time()))
    return True


def upsert_payment_order(db, row):
    known = db.execute("SELECT source_version FROM bo.payment_orders WHERE order_id = ?", (row["order_id"],)).fetchone()
    if known is not None and (row.get("version") or 0) < (known[0] or 0):
        return False
    db.execute(
        "INSERT OR REPLACE INTO bo.payment_orders (order_id, user_id, merchant_name, amount, status, created_at, updated_at, source_version, ingested_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row["order_id"], row.get("user_id"), row.get("merchant_name"), _money(row["amount"]), row["status"], row["created_at"], row.get("updated_at"),
         row.get("version"), time.time()))
    return True


def _money(text):
    return None if text is None else str(decimal.Decimal(text).quantize(decimal.Decimal("0.01")))
