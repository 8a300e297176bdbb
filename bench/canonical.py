#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canonical JSON and its SHA-256 against python3, jq, and sha256sum of the bare bytes. canonical.py [--quick]

Targets P1 (10 and 100 MB: at most 0.14 of python3, memory at most 1.5 times the input) and P2 (600 B: at most 0.15).
"""
import json
import os
import sys
import tempfile

import benchlib

PEER = """
import hashlib, json, sys
value = json.loads(open(sys.argv[1], "rb").read())
for key in ("event_time", "data_lag_sec"):
    value.pop(key, None)
print(hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest())
"""


def write(path, size, shape):
    with open(path, "w", encoding="utf-8") as out:
        value = benchlib.payload(size if shape == "compact" else size * 5 // 8)
        json.dump(value, out, ensure_ascii=False, indent=None if shape == "compact" else 2)


def main():
    ours = benchlib.program()
    missed = 0
    sizes = [600, 10 ** 6, 10 ** 7] + ([] if benchlib.QUIET else [10 ** 8])
    with tempfile.TemporaryDirectory(prefix="cr-bench-") as folder:
        for size in sizes:
            for shape in ("compact", "pretty"):
                path = os.path.join(folder, "payload.json")
                benchlib.apart(write, path, size, shape)
                length = os.path.getsize(path)
                commands = {
                    "ours": [ours, "hash", path],
                    "python3 json + hashlib": ["/usr/bin/python3", "-c", PEER, path],
                    "jq -S -c | sha256sum": ["sh", "-c", "jq -S -c 'del(.event_time, .data_lag_sec)' \"$1\" | sha256sum", "sh", path],
                    "sha256sum of the bare bytes": ["sha256sum", path],
                }
                results = benchlib.measure(commands, 15 if size < 10 ** 6 else 7 if size < 10 ** 8 else 3)
                target = {10 ** 7: .14, 10 ** 8: .14, 600: .15}.get(size)
                benchlib.show("canonical hash, %s, %.1f MB" % (shape, length / 1e6) if size > 600 else "canonical hash, %s, %d B" % (shape, length),
                              results, "ours", {"python3 json + hashlib": target} if target else None)
                if results["ours"][2] != results["python3 json + hashlib"][2]:
                    missed += 1
                    print("  NOT the hash that python3 gives")
                if size >= 10 ** 7:
                    share = results["ours"][1] * 1024 * 1024 / length
                    print("  memory %.2f of the input   target <= 1.50: %s" % (share, "held" if share <= 1.5 else "MISSED"))
    return 1 if missed else 0


sys.exit(main())
