# SPDX-License-Identifier: GPL-3.0-or-later
"""Publishes synthetic events; prints one JSON line with the ids, whatever became of them."""

import argparse
import json
import sys
import time
import uuid

from practice import broker, podfaults
from practice import world as w


def main():
    parser = argparse.ArgumentParser(prog="publish_synthetic_events.py")
    parser.add_argument("--scenario", choices=["happy", "duplicate", "error", "out_of_order"], default="happy")
    parser.add_argument("--run-id", default=None)
    args = parser.parse_args()
    world = w.current()
    run_id = args.run_id or uuid.uuid4().hex[:12]
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time()))
    world.nap(0.2)
    messages = podfaults.publishing(world, args.scenario, broker.scenario(args.scenario, run_id, when))
    if messages:
        client = broker.Client(world)
        for topic, value in messages:
            client.call("publish", topic=topic, value=json.dumps(value, ensure_ascii=True))
            world.truth("published", scenario=args.scenario, topic=topic, key=value.get("tx_id") or value.get("order_id"))
        client.close()
    print(json.dumps({"scenario": args.scenario, "run_id": podfaults.published_run_id(world, run_id), "order_id": "po-" + run_id,
                      "payment_tx_id": "tx-pay-" + run_id, "receive_tx_id": "tx-rec-" + run_id}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
