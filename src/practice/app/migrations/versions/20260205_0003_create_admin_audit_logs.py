# SPDX-License-Identifier: GPL-3.0-or-later
"""Create admin audit logs table."""

import sqlalchemy as sa
from alembic import op

from practice import applied

revision = "20260205_0003"
down_revision = "20260205_0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "admin_audit_logs",
        sa.Column("id", sa.Integer, primary_key=True), sa.Column("actor_id", sa.Text), sa.Column("actor_roles", sa.Text),
        sa.Column("action", sa.Text, nullable=False), sa.Column("resource_id", sa.Text), sa.Column("result", sa.Text),
        sa.Column("status_code", sa.Integer), sa.Column("correlation_id", sa.Text), sa.Column("requested_at", sa.Text, nullable=False), schema="bo")
    applied.note(revision)


def downgrade():
    op.drop_table("admin_audit_logs", schema="bo")
