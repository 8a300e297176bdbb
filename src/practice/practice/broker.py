# SPDX-License-Identifier: GPL-3.0-or-later
"""Two topics with one partition each, one consumer group with offsets and members; and the client the pods use."""

import json
import socket
import socketserver
import threading
import time

from . import deployed

LEDGER_TOPIC = "ledger.entry.upserted"
ORDER_TOPIC = "payment.order.upserted"
TOPICS = (ORDER_TOPIC, LEDGER_TOPIC)


class Broker:
    """Lives in the service. A group's messages go to one member at a time: the one that owns the partitions."""

    def __init__(self, world):
        self.world = world
        self.condition = threading.Condition()
        self.log = {topic: [] for topic in TOPICS}
        self.committed = {topic: 0 for topic in TOPICS}
        self.owner = None
        self.published_at = 0.0
        self.left_at = 0.0
        if world.any("consume-backlog", "consume-fresh-group"):
            self._backlog("happy", "e2-3-20260101000000")
        if world.has("consume-fresh-group"):
            self._backlog("error", "e2-3-20251231000000", first=True)

    def _backlog(self, name, run_id, first=False):
        """Messages of an earlier run that nobody has consumed."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
        for topic, value in scenario(name, run_id, when):
            self.log[topic].insert(0 if first else len(self.log[topic]), json.dumps(value))

    def publish(self, topic, value):
        with self.condition:
            self.log[topic].append(value)
            self.published_at = time.monotonic()
            self.condition.notify_all()
            return len(self.log[topic]) - 1

    def lag(self):
        with self.condition:
            return sum(len(self.log[t]) - self.committed[t] for t in TOPICS)

    def join(self, member):
        """An exec'ed consumer joins: it owns the partitions now. Where the deployed one takes everything, it had done so before the join ended, or it keeps
        the partitions."""
        with self.condition:
            if deployed.takes(self.world):
                if self.world.has("deployed-consumer-slow"):
                    return
                self.condition.wait_for(lambda: all(len(self.log[t]) == self.committed[t] for t in TOPICS), timeout=10)
            self.condition.wait_for(lambda: self.owner is None, timeout=10)
            self.owner = member
            self.condition.notify_all()

    def leave(self, member):
        with self.condition:
            if self.owner == member:
                self.owner = None
                self.left_at = time.monotonic()
            self.condition.notify_all()

    def poll(self, member, timeout):
        """The next message for that member, committed when it is handed out, or None."""
        deadline = time.monotonic() + timeout
        with self.condition:
            while True:
                if self.owner == member:
                    for topic in TOPICS:
                        offset = self.committed[topic]
                        if offset < len(self.log[topic]):
                            self.committed[topic] += 1
                            self.condition.notify_all()
                            return {"topic": topic, "offset": offset, "value": self.log[topic][offset]}
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self.condition.wait(left)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        broker = self.server.broker
        member = None
        try:
            for line in self.rfile:
                request = json.loads(line)
                operation = request["op"]
                if operation == "publish":
                    answer = broker.publish(request["topic"], request["value"])
                elif operation == "join":
                    member = request["member"]
                    answer = broker.join(member)
                elif operation == "poll":
                    answer = broker.poll(member, request["timeout"])
                elif operation == "lag":
                    answer = broker.lag()
                else:
                    answer = broker.leave(member)
                self.wfile.write(json.dumps(answer).encode() + b"\n")
        except (OSError, ValueError):
            pass
        finally:
            if member is not None:
                broker.leave(member)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, world, broker):
        self.broker = broker
        super().__init__(world.socket_address("broker"), _Handler)


class Client:
    """A pod's connection to the broker."""

    def __init__(self, world):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(world.socket_address("broker"))
        self.file = self.sock.makefile("rwb")

    def call(self, operation, **fields):
        self.file.write(json.dumps(dict(fields, op=operation)).encode() + b"\n")
        self.file.flush()
        line = self.file.readline()
        if not line:
            raise OSError("the broker is gone")
        return json.loads(line)

    def close(self):
        self.file.close()
        self.sock.close()


def scenario(name, run_id, when):
    """The messages of publish_synthetic_events.py, as (topic, value)."""
    order_id, pay, rec = "po-" + run_id, "tx-pay-" + run_id, "tx-rec-" + run_id

    def order(version=1, amount="100.00"):
        return ORDER_TOPIC, {"order_id": order_id, "user_id": "user-synthetic", "merchant_name": "MERCHANT-SYNTHETIC", "amount": amount,
                             "status": "SETTLED", "created_at": when, "updated_at": when, "version": version}

    def leg(tx_id, wallet, entry_type, sign, version=1, amount="100.00"):
        return LEDGER_TOPIC, {"tx_id": tx_id, "wallet_id": wallet, "entry_type": entry_type, "amount": amount, "amount_signed": sign + amount,
                              "related_id": order_id, "related_type": "PAYMENT_ORDER", "event_time": when, "created_at": when, "updated_at": when,
                              "version": version}

    def three(version=1, amount="100.00"):
        return [order(version, amount), leg(pay, "wallet-payer", "PAYMENT", "-", version, amount),
                leg(rec, "wallet-payee", "RECEIVE", "", version, amount)]

    if name == "happy":
        return three()
    if name == "duplicate":
        return [m for message in three() for m in (message, message)]
    if name == "out_of_order":
        return three(2, "200.00") + three(1, "100.00")
    topic, broken_order = order()
    broken_order.pop("status")
    leg_topic, broken_leg = leg(pay, "wallet-payer", "PAYMENT", "-")
    broken_leg.pop("wallet_id")
    return [(topic, broken_order), (leg_topic, broken_leg)]
