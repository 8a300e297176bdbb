# SPDX-License-Identifier: GPL-3.0-or-later
"""One answer of the HTTP API."""

import json


class Answer(Exception):
    def __init__(self, status, body, content_type="application/json", headers=(), plain=False):
        super().__init__(status)
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        self.content_type = content_type
        self.headers = list(headers)
        self.plain = plain  # without x-correlation-id, as an answer from outside the application
