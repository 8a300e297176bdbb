# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that mean the same thing must not differ."""


class ContractCoreViolationError(ValueError):
    """Two fields that mean the same thing differ: contract_core_violation."""


def check_aliases(row):
    if row.get("created_at") is not None and row["created_at"] != row["event_time"]:
        raise ContractCoreViolationError("Alias conflict detected for ledger.event_time in profile canonical-v1: event_time=%r, created_at=%r"
                                         % (row["event_time"], row["created_at"]))
