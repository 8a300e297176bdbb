#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Line diff against GNU diff and git, structural diff against jsondiffpatch and fast-json-patch. diff.py [--quick]

Targets P3 (line diff: at most 0.9, 0.4, 0.15 of GNU diff's time with 0.1, 5, 50 % of the items touched, and never slower than git) and P4
(structural diff, 1,000,000 lines: at most 1/20 of jsondiffpatch by id and 1/2 of fast-json-patch). The last two come from
$CR_BENCH_NODE_MODULES, a folder where `npm install jsondiffpatch fast-json-patch` was run; without it they are left out.
"""
import json
import os
import sys
import tempfile

import benchlib

LINES_OF_ITEM = 20
NODE = {
    "jsondiffpatch by id": """
        import fs from 'fs'; import {create} from 'jsondiffpatch';
        const [a, b] = process.argv.slice(-2).map(f => JSON.parse(fs.readFileSync(f, 'utf8')));
        const d = create({objectHash: o => o.tx_id ?? o.side}).diff(a, b); console.log(Object.keys(d ?? {}).length)""",
    "fast-json-patch": """
        import fs from 'fs'; import jsonpatch from 'fast-json-patch';
        const [a, b] = process.argv.slice(-2).map(f => JSON.parse(fs.readFileSync(f, 'utf8')));
        console.log(jsonpatch.compare(a, b).length)""",
}


def write(path, value, pretty):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False, sort_keys=pretty, indent=2 if pretty else None)
        out.write("\n")


def write_pair(a, b, lines, share, pretty):
    value = benchlib.payload(lines // LINES_OF_ITEM * benchlib.BYTES_OF_ITEM)
    write(a, value, pretty)
    write(b, benchlib.edited(value, share), pretty)


def main():
    ours = benchlib.program()
    modules = os.environ.get("CR_BENCH_NODE_MODULES")
    with tempfile.TemporaryDirectory(prefix="cr-bench-") as folder:
        a, b = os.path.join(folder, "a.json"), os.path.join(folder, "b.json")
        for lines in (1000, 100000) if benchlib.QUIET else (1000, 100000, 1000000):
            for share, target in ((.001, .9), (.05, .4), (.5, .15)):
                benchlib.apart(write_pair, a, b, lines, share, True)
                commands = {
                    "ours": [ours, "lines", a, b],
                    "GNU diff": ["diff", a, b],
                    "git diff --diff-algorithm=myers": ["git", "diff", "--no-index", "--diff-algorithm=myers", a, b],
                    "git diff --histogram": ["git", "diff", "--no-index", "--histogram", a, b],
                }
                results = benchlib.measure(commands, 9 if lines < 10 ** 6 else 3)
                targets = {"GNU diff": target, "git diff --diff-algorithm=myers": 1, "git diff --histogram": 1} if lines >= 10 ** 5 else None
                benchlib.show("line diff, %d lines, %g %% of the items touched; ours: %s" % (
                    lines, share * 100, results["ours"][2].decode().strip()), results, "ours", targets)
                if lines < 100000:
                    continue
                benchlib.apart(write_pair, a, b, lines, share, False)
                commands = {"ours": [ours, "structure", a, b]}
                targets = {}
                if modules:
                    for name, script in NODE.items():
                        path = os.path.join(modules, "bench-%s.mjs" % name.split()[0])
                        with open(path, "w", encoding="utf-8") as out:
                            out.write(script)
                        commands[name] = ["node", "--max-old-space-size=2000", path, a, b]
                    targets = {"jsondiffpatch by id": .05, "fast-json-patch": .5} if lines == 10 ** 6 else {}
                results = benchlib.measure(commands, 5 if lines < 10 ** 6 else 2)
                benchlib.show("structural diff, %d lines pretty, %g %% touched; ours: %s" % (
                    lines, share * 100, results["ours"][2].decode().strip()), results, "ours", targets)
    return 0


sys.exit(main())
