# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployed consumer: a member of the same group that runs all the time in its pod.

By default it is slow to fetch (an exec'ed consumer that joins the group gets the messages); with `deployed-consumer-takes` it is as quick as the recorded one
and has everything before the exec'ed one has joined; with `deployed-consumer-slow` it keeps the partitions and takes the messages some seconds later.
"""

import json
import time


SLOW_SECONDS = 60.0   # of this computer's time, whatever the speed: how long messages may lie
LATE_SECONDS = 5.0    # scaled
OFF = ("consume-deployed-stuck", "consume-idle-nothing", "consume-ghost-member", "consume-offset-latest", "consumer-crash-loop", "consumer-missing",
       "consumer-scaled-to-zero", "broker-refused", "broker-silent", "duplicate-not-consumed", "consume-interrupted", "consume-hangs", "consume-killed",
       "consume-ends-by-sigterm", "consume-no-such-topic", "consume-not-authorized", "consume-backlog", "consume-fresh-group", "consume-connection-lost", "duplicate-crashes-consumer")


def takes(world):
    return world.any("deployed-consumer-takes", "deployed-consumer-slow") and not world.any(*OFF)


def run(world, broker):
    if world.any(*OFF):
        return
    delay = 0.0 if world.has("deployed-consumer-takes") else LATE_SECONDS * world.pace if world.has("deployed-consumer-slow") else SLOW_SECONDS
    while True:
        with broker.condition:
            broker.condition.wait_for(lambda: broker.owner is None and broker.published_at > 0 and any(
                len(broker.log[t]) > broker.committed[t] for t in broker.log))
            left = max(broker.published_at, broker.left_at) + delay - time.monotonic()
            if left > 0:
                broker.condition.wait(left)
                continue
        from . import consuming
        consuming.drain(world, broker, json.loads, "deployed")
