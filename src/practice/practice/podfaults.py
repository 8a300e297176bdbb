# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in the pods' own programs. Without faults each function is what the program does anyway."""

import logging
import os

from . import broker

JOIN_SECONDS = 3.0


def log_level(world):
    """Called before logging is configured."""


def before_backfill(world):
    """Called before the first row is read."""


def backfill_row(world, kind, number, row):
    """The row as the backfill sees it."""
    return row


def written_row(world, kind, row):
    """The row as it is written."""
    return row


def after_backfill(world):
    """Called after the last row."""


def consumed_row(world, kind, row):
    """The row of a message as it is written, or None to drop it."""
    return row


def publishing(world, scenario, messages):
    """The messages that really reach the topics."""
    return messages


def published_run_id(world, run_id):
    return run_id


def consume(world, args, loop):
    """The consumer's run, from joining the group to its last line."""
    log = logging.getLogger("__main__")
    client = broker.Client(world)
    world.nap(JOIN_SECONDS)
    client.call("join", member="exec-%d" % os.getpid(), deployed_takes=world.has("deployed-consumer-takes"))
    try:
        ending = loop(world, args, client, args.max_idle_seconds)
    except KeyboardInterrupt:
        log.info("Consumer interrupted; shutting down")
        return 0
    finally:
        client.close()
    if ending == "count":
        log.info("Processed %d messages; exiting", args.max_messages)
    else:
        log.info("Idle for %d seconds; exiting", args.max_idle_seconds)
    return 0
