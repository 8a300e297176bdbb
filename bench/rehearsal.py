#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole practice rehearsal against a plain shell script that sends the same az calls and the same scripts to a fresh target of the same kind.
rehearsal.py [--quick]

Targets P7 (at most 1.05 of the shell script's time) and P8 (at most 6 remote calls, plus local az calls).
"""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

import benchlib

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GATES = ["01_precheck.log", "02_alembic_upgrade.log", "03_backfill.log", "04_sync_happy.log", "05_smoke_200.log", "07_idempotency_duplicate.log"]


def rehearse(root):
    env = dict(os.environ, CR_DATA_DIR=os.path.join(SOURCE, "data"), CR_PRACTICE_DIR=os.path.join(SOURCE, "src", "practice"))
    start = time.perf_counter()
    done = subprocess.run([benchlib.program("src/cli/rehearse"), "run", "--profile", "practice", "--owner", "bench", "--evidence-root", root, "--set",
                           "practice.speed=instant"], capture_output=True, text=True, env=env, check=True)
    return time.perf_counter() - start, done.stdout.rstrip("\n").split("evidence=")[-1]


def calls_of(folder):
    """Every az call of the run, as (argv without az, script or None), in order"""
    calls = []
    for name in GATES:
        text = open(os.path.join(folder, name), encoding="utf-8").read()
        for part in re.split(r"^--- call ", text, flags=re.M)[1:]:
            argv = re.search(r"^\| \$ (.*)$", part, flags=re.M).group(1)
            script = re.search(r"^--- script as sent.*\n((?:\|.*\n)+)", part, flags=re.M)
            calls.append((argv, re.sub(r"^\| ?", "", script.group(1), flags=re.M) if script else None))
    return calls


def replay(calls, folder):
    """The same calls from a shell script, on a fresh target: (seconds, seconds of the target's start)"""
    root = os.path.join(folder, "target")
    start = time.perf_counter()
    target = subprocess.Popen([os.path.join(SOURCE, "src", "practice", "practice-target"), "serve", "--root", root, "--speed", "instant", "--seed", "1"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ready = json.loads(target.stdout.readline())
    old = calls[0][0].split("/bin/az")[0]
    lines = ["#!/bin/sh"]
    for i, (argv, script) in enumerate(calls):
        words = argv.replace(old, ready["root"]).split(" ")
        line = " ".join(shlex.quote(w) for w in words)
        if script is not None:
            path = os.path.join(folder, f"script-{i}")
            with open(path, "w", encoding="utf-8") as out:
                out.write(script.replace(old, ready["root"]))
            line += " <" + shlex.quote(path)
        lines.append(line + " >/dev/null || exit 1")
    path = os.path.join(folder, "run.sh")
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    subprocess.run(["sh", path], check=True)
    target.stdin.close()
    target.terminate()
    target.wait()
    return time.perf_counter() - start


def main():
    repeats = 2 if benchlib.QUIET else 5
    ours, theirs, remote, local = [], [], 0, 0
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="cr-bench-") as folder:
            seconds, evidence = rehearse(os.path.join(folder, "evidence"))
            ours.append(seconds)
            calls = calls_of(evidence)
            remote = sum(script is not None for _, script in calls)
            local = len(calls) - remote
            theirs.append(replay(calls, folder))
    ratio = min(ours) / min(theirs)
    print("\nwhole practice rehearsal, instant (target's start and end included on both sides)")
    print("  rehearse run                       %8.0f ms" % (min(ours) * 1000))
    print("  the same calls from a shell script %8.0f ms   ours / this %.3f   target <= 1.05: %s" % (min(theirs) * 1000, ratio, "held" if ratio <= 1.05 else "MISSED"))
    print("  remote calls %d   target <= 6: %s;   local az calls %d   target <= 2: %s" % (remote, "held" if remote <= 6 else "MISSED", local,
                                                                                       "held" if local <= 2 else "MISSED"))
    return 0


sys.exit(main())
