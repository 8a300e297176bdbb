# SPDX-License-Identifier: GPL-3.0-or-later
"""Create consumer DLQ events table."""

import sqlalchemy as sa
from alembic import op

from practice import applied

revision = "20260209_0004"
down_revision = "20260205_0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "consumer_dlq_events",
        sa.Column("id", sa.Integer, primary_key=True), sa.Column("topic", sa.Text, nullable=False), sa.Column("payload", sa.Text),
        sa.Column("error", sa.Text), sa.Column("correlation_id", sa.Text), sa.Column("ingested_at", sa.Text, nullable=False), schema="bo")
    applied.note(revision)


def downgrade():
    op.drop_table("consumer_dlq_events", schema="bo")
