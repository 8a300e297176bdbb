#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says of each document on stdin (separated by U+001E) whether data/plan.schema.json takes it: one word a line.

"skip" alone where python3-jsonschema is not installed.
"""
import json
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skip")
    sys.exit(0)


def reject_duplicates(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for text in sys.stdin.read().split("\x1e"):
    try:
        document = json.loads(text, object_pairs_hook=reject_duplicates)
    except ValueError:
        print("no-json")
        continue
    print("taken" if validator.is_valid(document) else "refused")
