# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record must look like before it may be written."""

import datetime
import decimal

from src.consumer import contract_normalizer


class EventValidationError(ValueError):
    """The record can't be used: error code parse_error in the dead letter queue."""


REQUIRED = {
    "ledger": ("tx_id", "wallet_id", "entry_type", "amount", "event_time"),
    "payment_order": ("order_id", "amount", "status", "created_at"),
}


def _instant(name, text):
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError) as error:
        raise EventValidationError("%s must be ISO-8601 string (got %r)" % (name, text)) from error


def validate(kind, row):
    """Raises one of the errors above."""
    missing = [name for name in REQUIRED[kind] if row.get(name) in (None, "")]
    if kind == "ledger" and "event_time" in missing and row.get("created_at"):
        row["event_time"] = row["created_at"]
        missing.remove("event_time")
    if missing:
        raise EventValidationError("Missing core required fields for %s: %s" % (kind, ", ".join(missing)))
    if kind == "ledger":
        contract_normalizer.check_aliases(row)
    for name in ("amount", "amount_signed"):
        if row.get(name) is not None:
            try:
                decimal.Decimal(row[name])
            except (decimal.InvalidOperation, TypeError, ValueError) as error:
                raise EventValidationError("%s must be numeric (got %r)" % (name, row[name])) from error
    for name in ("event_time", "created_at", "updated_at"):
        if row.get(name) is not None:
            _instant(name, row[name])


def in_range(kind, row, since, until):
    """Both ends belong to the range; ledger rows by event_time, orders by updated_at, else created_at."""
    text = row["event_time"] if kind == "ledger" else row.get("updated_at") or row["created_at"]
    when = _instant("time", text)
    return (since is None or when >= since) and (until is None or when <= until)
