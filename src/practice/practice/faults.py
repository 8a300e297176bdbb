# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of faults: one JSON file, which the programs in C read too."""

import json
import os

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PLACES = (os.path.join(HERE, "..", "practice-faults.json"), os.path.join(HERE, "..", "..", "data", "practice-faults.json"))


def path():
    places = list(PLACES)
    if os.environ.get("CR_DATA_DIR"):
        places.insert(0, os.path.join(os.environ["CR_DATA_DIR"], "practice-faults.json"))
    for place in places:
        if os.path.exists(place):
            return os.path.realpath(place)
    raise FileNotFoundError("practice-faults.json is neither installed nor in the source tree")


def load():
    with open(path(), encoding="utf-8") as f:
        return json.load(f)


def check(names):
    """A sentence for the first name that is no fault, or None."""
    known = {fault["name"] for fault in load()}
    for name in names:
        if name not in known:
            return 'There is no fault "%s": `rehearse faults` lists them all.' % name
    return None
