# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations tell here that they ran."""

from . import world as w


def note(revision):
    w.current().truth("migration_ran", revision=revision)
