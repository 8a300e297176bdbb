# SPDX-License-Identifier: GPL-3.0-or-later
"""Add result_count column to admin_audit_logs."""

import sqlalchemy as sa
from alembic import op

from practice import applied

revision = "20260212_0005"
down_revision = "20260209_0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("admin_audit_logs", sa.Column("result_count", sa.Integer), schema="bo")
    applied.note(revision)


def downgrade():
    op.drop_column("admin_audit_logs", "result_count", schema="bo")
