# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployed consumer: a member of the same group that runs all the time in its pod.

By default it is slow to fetch (an exec'ed consumer that joins the group gets the messages); with `deployed-consumer-takes` it is as quick as the recorded one
and has everything before the exec'ed one has joined.
"""

import json
import time

from . import consuming

SLOW_SECONDS = 60.0  # how long messages may lie before the deployed consumer fetches them


def run(world, broker):
    if world.any("deployed-consumer-stuck", "consumer-crash-loop", "consumer-missing", "consumer-scaled-to-zero"):
        return
    quick = world.has("deployed-consumer-takes")
    while True:
        with broker.condition:
            broker.condition.wait_for(lambda: broker.owner is None and broker.published_at > 0 and any(
                len(broker.log[t]) > broker.committed[t] for t in broker.log))
            if not quick:
                left = broker.published_at + SLOW_SECONDS - time.monotonic()
                if left > 0:
                    broker.condition.wait(left)
                    continue
        consuming.drain(world, broker, json.loads, "deployed")
