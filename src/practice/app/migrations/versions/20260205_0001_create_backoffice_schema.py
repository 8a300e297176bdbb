# SPDX-License-Identifier: GPL-3.0-or-later
"""Create backoffice schema and core tables."""

import sqlalchemy as sa
from alembic import op

from practice import applied

revision = "20260205_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "ledger_entries",
        sa.Column("tx_id", sa.Text, primary_key=True), sa.Column("wallet_id", sa.Text, nullable=False), sa.Column("entry_type", sa.Text, nullable=False),
        sa.Column("amount", sa.Text, nullable=False), sa.Column("amount_signed", sa.Text), sa.Column("related_id", sa.Text),
        sa.Column("related_type", sa.Text), sa.Column("event_time", sa.Text, nullable=False), sa.Column("created_at", sa.Text),
        sa.Column("updated_at", sa.Text), sa.Column("ingested_at", sa.REAL, nullable=False), schema="bo")
    op.create_table(
        "payment_orders",
        sa.Column("order_id", sa.Text, primary_key=True), sa.Column("user_id", sa.Text), sa.Column("merchant_name", sa.Text),
        sa.Column("amount", sa.Text, nullable=False), sa.Column("status", sa.Text, nullable=False), sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Text), sa.Column("ingested_at", sa.REAL, nullable=False), schema="bo")
    op.create_table(
        "payment_ledger_pairs",
        sa.Column("payment_order_id", sa.Text, primary_key=True), sa.Column("payer_tx_id", sa.Text), sa.Column("payee_tx_id", sa.Text),
        sa.Column("event_time", sa.Text), sa.Column("ingested_at", sa.REAL, nullable=False), schema="bo")
    applied.note(revision)


def downgrade():
    for table in ("payment_ledger_pairs", "payment_orders", "ledger_entries"):
        op.drop_table(table, schema="bo")
