# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's HTTP API on loopback: the answers of the recordings, byte for byte, from the rows that are really there."""

import email.utils
import socketserver
import sqlite3
import time
import urllib.parse
import uuid

from . import apifaults, database
from .answer import Answer

REASONS = {200: "OK", 302: "Found", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error",
           502: "Bad Gateway", 503: "Service Unavailable"}
STATUS_GROUPS = {"SETTLED": "SUCCESS", "COMPLETED": "SUCCESS", "FAILED": "FAIL", "CANCELLED": "FAIL", "REFUNDED": "FAIL", "PENDING": "IN_PROGRESS",
                 "CREATED": "IN_PROGRESS", "PROCESSING": "IN_PROGRESS"}


class Api:
    def __init__(self, world):
        self.world = world

    def _time_text(self, text):
        if self.world.has("seoul-time-zone"):
            return time.strftime("%Y-%m-%dT%H:%M:%S+09:00", time.gmtime(database.instant(text) + 9 * 3600))
        return text

    def _lag(self, row):
        return max(0, int(time.time() - max(row["ingested_at"], database.instant(row["event_time"]))))

    def _audit(self, db, action, target, found, request):
        db.execute("INSERT INTO bo.admin_audit_logs (actor_id, actor_roles, action, resource_id, result, status_code, correlation_id, requested_at, result_count) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   (request.headers.get("x-actor-id", "anonymous"), request.headers.get("x-actor-roles", ""), action, target,
                    "FOUND" if found else "NOT_FOUND", 200 if found else 404, request.correlation, database.stamp(time.time()), 1 if found else 0))

    def _order_status(self, order):
        status = order["status"] if order is not None else None
        return status, "UNKNOWN" if status is None else STATUS_GROUPS.get(status, "UNKNOWN")

    def transaction(self, db, tx_id, request):
        row = db.execute("SELECT * FROM bo.ledger_entries WHERE tx_id = ?", (tx_id,)).fetchone()
        order = counterpart = None
        if row is not None and row["related_id"]:
            order = db.execute("SELECT * FROM bo.payment_orders WHERE order_id = ?", (row["related_id"],)).fetchone()
            counterpart = db.execute("SELECT * FROM bo.ledger_entries WHERE related_id = ? AND tx_id != ? AND entry_type != ?",
                                     (row["related_id"], tx_id, row["entry_type"])).fetchone()
        db.execute("SELECT 1 FROM bo.payment_orders LIMIT 1")
        db.execute("SELECT 1 FROM bo.payment_ledger_pairs LIMIT 1")
        self._audit(db, "GET_TX", tx_id, row is not None, request)
        if row is None:
            raise Answer(404, {"detail": "tx_id not found"})
        status, group = self._order_status(order)
        payer, payee = (row, counterpart) if row["entry_type"] == "PAYMENT" else (counterpart, row)
        return {
            "tx_id": row["tx_id"], "event_time": self._time_text(row["event_time"]), "entry_type": row["entry_type"], "amount": row["amount"],
            "amount_signed": row["amount_signed"], "status": status, "status_group": group,
            "sender_wallet_id": payer["wallet_id"] if payer is not None else None,
            "receiver_wallet_id": payee["wallet_id"] if payee is not None else None,
            "related": {"related_id": row["related_id"], "related_type": row["related_type"]} if row["related_id"] else None,
            "paired_tx_id": counterpart["tx_id"] if counterpart is not None else None,
            "merchant_name": order["merchant_name"] if order is not None else None,
            "pairing_status": "UNKNOWN" if not row["related_id"] else "COMPLETE" if counterpart is not None else "INCOMPLETE",
            "data_lag_sec": self._lag(row),
        }

    def payment_order(self, db, order_id, request):
        order = db.execute("SELECT * FROM bo.payment_orders WHERE order_id = ?", (order_id,)).fetchone()
        legs = db.execute("SELECT * FROM bo.ledger_entries WHERE related_id = ? ORDER BY entry_type", (order_id,)).fetchall()
        self._audit(db, "GET_PAYMENT_ORDER", order_id, order is not None, request)
        if order is None:
            raise Answer(404, {"detail": "order_id not found"})
        status, group = self._order_status(order)
        pairing = "COMPLETE" if len(legs) == 2 else "INCOMPLETE"
        entries = []
        for leg in legs:
            others = [o["tx_id"] for o in legs if o["tx_id"] != leg["tx_id"]]
            entries.append({"tx_id": leg["tx_id"], "event_time": self._time_text(leg["event_time"]), "entry_type": leg["entry_type"], "amount": leg["amount"],
                            "amount_signed": leg["amount_signed"], "wallet_id": leg["wallet_id"], "status": status, "status_group": group,
                            "paired_tx_id": others[0] if others else None, "pairing_status": pairing, "data_lag_sec": self._lag(leg)})
        return {"order": {"order_id": order["order_id"], "user_id": order["user_id"], "merchant_name": order["merchant_name"], "amount": order["amount"],
                          "status": status, "status_group": group, "created_at": self._time_text(order["created_at"])},
                "ledger_entries": entries, "pairing_status": pairing}

    def wallet(self, db, wallet_id, request):
        query = urllib.parse.parse_qs(request.query)
        since = database.instant(query["from"][0]) if "from" in query else 0
        limit = int(query.get("limit", ["20"])[0])
        rows = [r for r in db.execute("SELECT * FROM bo.ledger_entries WHERE wallet_id = ? ORDER BY event_time DESC", (wallet_id,))
                if database.instant(r["event_time"]) >= since][:limit]
        self._audit(db, "GET_WALLET_TX", wallet_id, bool(rows), request)
        entries = [{"tx_id": r["tx_id"], "event_time": self._time_text(r["event_time"]), "entry_type": r["entry_type"], "amount": r["amount"],
                    "amount_signed": r["amount_signed"], "wallet_id": r["wallet_id"], "status": None, "status_group": "UNKNOWN", "paired_tx_id": None,
                    "pairing_status": "INCOMPLETE", "data_lag_sec": self._lag(r)} for r in rows]
        return {"wallet_id": wallet_id, "entries": entries, "count": len(entries)}

    def _authorize(self, request):
        if not self.world.any("auth-required", "auth-no-role"):
            return
        header = request.headers.get("authorization")
        if header is None:
            raise Answer(401, {"detail": "Authorization header missing"})
        if not header.startswith("Bearer "):
            raise Answer(401, {"detail": "Authorization header must be Bearer token"})
        if header != "Bearer practice-token":
            raise Answer(401, {"detail": "Invalid token"})
        if self.world.has("auth-no-role"):
            raise Answer(403, {"detail": "Forbidden"})

    def answer(self, request):
        """The Answer to one request."""
        parts = request.path.split("/")
        wrong = apifaults.before(self.world, request)
        if wrong is not None:
            return wrong
        route = None
        if len(parts) == 4 and parts[:2] == ["", "admin"] and parts[3]:
            route = {"tx": self.transaction, "payment-orders": self.payment_order}.get(parts[2])
        elif len(parts) == 5 and parts[:3] == ["", "admin", "wallets"] and parts[4] == "tx" and parts[3]:
            route = self.wallet
        if self.world.has("router-404") or self.world.at("smoke", "smoke-router-404"):
            route = None  # the application sits behind another prefix: its router knows none of these paths
        if route is None:
            return Answer(404, {"detail": "Not Found"})
        if request.method != "GET":
            return Answer(405, {"detail": "Method Not Allowed"}, headers=[("allow", "GET")])
        target = urllib.parse.unquote(parts[3])
        try:
            self._authorize(request)
            db = database.connect(self.world)
            try:
                apifaults.stale_rows(self.world, db, target)
                return Answer(200, apifaults.body(self.world, request, route(db, target, request)))
            finally:
                db.close()
        except Answer as answer:
            return apifaults.missing(self.world, request, target, answer)
        except (sqlite3.Error, ValueError) as error:
            self.world.truth("api_error", path=request.path, error=str(error))
            return Answer(500, b"Internal Server Error", "text/plain; charset=utf-8", plain=True)


class Request:
    def __init__(self, method, target, headers, direct):
        self.method = method
        self.path, _question, self.query = target.partition("?")
        self.headers = headers
        self.correlation = headers.get("x-correlation-id") or str(uuid.uuid4())
        self.direct = direct


class _Handler(socketserver.StreamRequestHandler):
    timeout = 60
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while self._one():
                pass
        except (OSError, ValueError):
            pass

    def _one(self):
        line = self.rfile.readline(65537)
        if not line.strip():
            return False
        try:
            method, target, version = line.decode("latin-1").split()
        except ValueError:
            return False
        headers = {}
        while True:
            line = self.rfile.readline(65537)
            if line in (b"\r\n", b"\n", b""):
                break
            name, _colon, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if length:
            self.rfile.read(min(length, 1 << 20))
        request = Request(method, target, headers, self.server.direct)
        keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        return self.server.respond(self, request, keep)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = False
    request_queue_size = 64

    def __init__(self, application, direct):
        self.api = application
        self.world = application.world
        self.direct = direct  # for this computer; else for the pods
        super().__init__(("127.0.0.1", 0), _Handler)

    def respond(self, handler, request, keep):
        """Writes the answer; True to go on with this connection."""
        if apifaults.closes(self.world, request):
            self.world.truth("api_silent", path=request.path)
            return False
        answer = self.api.answer(request)
        head, body = self.render(answer, request)
        self.world.truth("api_answer", method=request.method, path=request.path, status=answer.status, direct=self.direct)
        if apifaults.writes_otherwise(self.world, handler.wfile, request, answer, head, body):
            return False
        handler.wfile.write(head + body)
        return keep

    @staticmethod
    def render(answer, request):
        lines = ["HTTP/1.1 %d %s" % (answer.status, REASONS[answer.status]), "date: " + email.utils.formatdate(usegmt=True), "server: uvicorn"]
        lines += ["%s: %s" % header for header in answer.headers]
        lines += ["content-length: %d" % len(answer.body), "content-type: " + answer.content_type]
        if not answer.plain:
            lines.append("x-correlation-id: " + request.correlation)
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), b"" if request.method == "HEAD" else answer.body

    def handle_error(self, request, client_address):
        pass
