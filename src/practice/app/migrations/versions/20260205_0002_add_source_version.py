# SPDX-License-Identifier: GPL-3.0-or-later
"""Add source_version columns for version-based LWW."""

import sqlalchemy as sa
from alembic import op

from practice import applied

revision = "20260205_0002"
down_revision = "20260205_0001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("ledger_entries", sa.Column("source_version", sa.BigInteger), schema="bo")
    op.add_column("payment_orders", sa.Column("source_version", sa.BigInteger), schema="bo")
    applied.note(revision)


def downgrade():
    op.drop_column("payment_orders", "source_version", schema="bo")
    op.drop_column("ledger_entries", "source_version", schema="bo")
