# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong at the HTTP API: groups H and T. Most faults wait for the smoke gate, so that the gates before it pass."""

import gzip
import time

from . import database
from .answer import Answer

LOGIN = b"<!DOCTYPE html>\n<html><head><title>Sign in to your account</title></head><body><form action=\"/login\"></form></body></html>\n"


def closes(world, request):
    """True if the connection ends without an answer."""
    if world.has("api-down") or (request.direct and world.has("direct-api-down")):
        return True
    if world.at("smoke", "smoke-connection-closed"):
        return True
    if world.at("smoke", "smoke-hangs"):
        time.sleep(12)
        return True
    return False


def before(world, request):
    """An Answer from something in front of the application, or None."""
    if world.has("api-500"):
        return Answer(500, b"Internal Server Error", "text/plain; charset=utf-8", plain=True)
    if world.gate() != "smoke":
        return None
    if world.has("smoke-500"):
        return Answer(500, b"Internal Server Error", "text/plain; charset=utf-8", plain=True)
    if world.has("smoke-503"):
        return Answer(503, b"upstream connect error or disconnect/reset before headers. reset reason: connection failure", "text/plain", plain=True)
    if world.has("smoke-html-200"):
        return Answer(200, LOGIN, "text/html; charset=utf-8", plain=True)
    if world.has("smoke-redirect"):
        return Answer(302, b"", "text/html", headers=[("location", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=practice")], plain=True)
    if world.has("smoke-empty-200"):
        return Answer(200, b"")
    return None


def body(world, request, value):
    """The body of a good answer."""
    if world.has("direct-differs") and request.direct and value.get("tx_id", "").startswith("tx-pay-") and world.count("direct-differs") > 1:
        return dict(value, amount="999.00")  # not yet for the sync gate's look
    if world.gate() == "smoke" and "tx_id" in value:
        if world.has("smoke-other-id"):
            return dict(value, tx_id="tx-pay-somebody-else")
    if world.marked("duplicates-consumed") and "tx_id" in value:
        if world.has("duplicate-changes-mask-type"):
            return dict(value, data_lag_sec=str(value["data_lag_sec"]))
        if world.has("duplicate-adds-field"):
            return dict(value, replayed=True)
        if world.has("duplicate-drops-field"):
            return {k: v for k, v in value.items() if k != "merchant_name"}
        if world.has("duplicate-makes-404"):
            raise Answer(404, {"detail": "tx_id not found"})
        if world.has("duplicate-makes-500"):
            raise Answer(500, b"Internal Server Error", "text/plain; charset=utf-8", plain=True)
    return value


def missing(world, request, target, answer):
    """The answer to an id that is not there."""
    if world.gate() == "smoke" and answer.status == 404:
        if world.has("missing-id-200"):
            now = database.stamp(time.time())
            return Answer(200, {"tx_id": target, "event_time": now, "entry_type": "PAYMENT", "amount": "0.00", "amount_signed": "0.00", "status": "SETTLED",
                                "status_group": "SUCCESS", "sender_wallet_id": None, "receiver_wallet_id": None, "related": None, "paired_tx_id": None,
                                "merchant_name": None, "pairing_status": "UNKNOWN", "data_lag_sec": 0})
        if world.has("missing-id-500"):
            return Answer(500, b"Internal Server Error", "text/plain; charset=utf-8", plain=True)
        if world.has("missing-id-other-text"):
            return Answer(404, {"detail": "Not Found"})
        if world.has("missing-id-proxy-404"):
            return Answer(404, b"<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr>nginx</body></html>\r\n",
                          "text/html", plain=True)
    return answer


def stale_rows(world, db, target):
    """Rows of an earlier attempt with the same ids."""
    if not world.has("backfill-rows-there-before") or not target.startswith(("tx-bf-pay-", "tx-bf-rec-")):
        return
    run_id = target[len("tx-bf-pay-"):]
    if db.execute("SELECT 1 FROM bo.payment_orders WHERE order_id = ?", ("po-bf-" + run_id,)).fetchone():
        return
    when = database.stamp(time.time() - 7200)
    for tx_id, wallet, kind, sign in (("tx-bf-pay-", "wallet-bf-payer", "PAYMENT", "-"), ("tx-bf-rec-", "wallet-bf-payee", "RECEIVE", "")):
        database.upsert_ledger_entry(db, {"tx_id": tx_id + run_id, "wallet_id": wallet, "entry_type": kind, "amount": "100.00", "amount_signed": sign + "100.00",
                                          "related_id": "po-bf-" + run_id, "related_type": "PAYMENT_ORDER", "event_time": when, "created_at": when, "version": 1})
    database.upsert_payment_order(db, {"order_id": "po-bf-" + run_id, "user_id": "user-bf", "merchant_name": "MERCHANT-BF", "amount": "100.00",
                                       "status": "SETTLED", "created_at": when, "updated_at": when, "version": 1})


def writes_otherwise(world, out, request, answer, head, body_bytes):
    """Writes the answer in a broken way; True if it did. The connection ends after it."""
    if world.gate() != "smoke" or answer.status != 200:
        return False
    if world.has("smoke-body-cut"):
        out.write(head + body_bytes[:len(body_bytes) // 2])
        return True
    lines = [line for line in head.decode("latin-1").split("\r\n") if line and not line.startswith("content-length:")]
    if world.has("smoke-chunk-cut"):
        half = body_bytes[:len(body_bytes) // 2]
        out.write("\r\n".join(lines + ["transfer-encoding: chunked", "", ""]).encode("latin-1") + b"%x\r\n" % len(half) + half + b"\r\n")
        return True
    if world.has("smoke-gzip-bomb"):
        bomb = gzip.compress(b"\0" * (100 << 20), 1)
        out.write("\r\n".join(lines + ["content-encoding: gzip", "content-length: %d" % len(bomb), "", ""]).encode("latin-1") + bomb)
        return True
    if world.has("smoke-endless-body"):
        out.write("\r\n".join(lines + ["connection: close", "", ""]).encode("latin-1"))
        for _ in range(4096):
            out.write(b" " * 65536)
        return True
    if world.has("smoke-duplicate-key"):
        bad = b'{"tx_id":"tx-pay-somebody-else",' + body_bytes[1:]
        out.write("\r\n".join(lines + ["content-length: %d" % len(bad), "", ""]).encode("latin-1") + bad)
        return True
    if world.has("smoke-invalid-utf8"):
        bad = body_bytes.replace(b"MERCHANT", b"\xffERCHANT")
        out.write("\r\n".join(lines + ["content-length: %d" % len(bad), "", ""]).encode("latin-1") + bad)
        return True
    return False
