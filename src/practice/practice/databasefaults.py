# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong at the database."""

from . import database  # noqa: F401


def connecting(world, who):
    """Called before a connection is made."""


def hanging(world, who):
    """Called where a silent server would hold the command."""


def migrating(world, context):
    """Called before the migrations run."""


def migrated(world, context):
    """Called after the migrations ran, before the transaction is committed."""
