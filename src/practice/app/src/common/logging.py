# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines on stderr in the service's form; LOG_LEVEL decides how many."""

import logging
import os
import sys
import time


class _Correlation(logging.Filter):
    def filter(self, record):
        if not hasattr(record, "corr"):
            record.corr = "-"
        return True


def configure_logging():
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s corr=%(corr)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = lambda _seconds: time.gmtime(time.time())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_Correlation())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("LOG_LEVEL", "INFO").upper())
    logging.getLogger("src.common.otel").info("APPLICATIONINSIGHTS_CONNECTION_STRING not set; OTel disabled")
