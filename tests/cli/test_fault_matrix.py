#!/usr/bin/python3
# test_fault_matrix.py: every fault of the catalogue gives its verdict, its classification and its exit status; none gives GO unless it says so
# SPDX-License-Identifier: GPL-3.0-or-later
import concurrent.futures
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import Case, FILES, SOURCE, main, read  # noqa: E402

CATALOGUE = json.loads(read(os.path.join(SOURCE, "data", "practice-faults.json")))


class Matrix(Case):
    # An az that hangs is waited for until the gate's limit and two minutes more: with the shortest limits, and begun first
    SLOW = "az-hangs"

    def play(self, fault):
        root = tempfile.mkdtemp(dir=self.root)
        limits = [word for gate in ("precheck", "migration", "backfill", "sync", "smoke", "idempotency")
                  for word in ("--set", f"limits.{gate}=30")] if fault["name"] == self.SLOW else []
        return fault, self.rehearse("run", "--profile", "practice", "--owner", "h.kim", "--evidence-root", root, "--set", "practice.speed=instant",
                                    "--fault", fault["name"], "--json", *limits, timeout=600)

    def test_every_fault(self):
        self.assertGreaterEqual(len(CATALOGUE), 10)
        with concurrent.futures.ThreadPoolExecutor(max_workers=(os.cpu_count() or 2) + 1) as pool:
            for fault, done in pool.map(self.play, sorted(CATALOGUE, key=lambda fault: fault["name"] != self.SLOW)):
                with self.subTest(fault=fault["name"]):
                    self.check(fault, done)

    def check(self, fault, done):
        shown = f"{fault}\nstdout: {done.stdout[-2500:]}\nstderr: {done.stderr[-2500:]}"
        good = fault["verdict"] == "PASS"
        expected = 0 if good else 3 if fault["classification"] == "ENVIRONMENT_BLOCKED" else 1
        self.assertEqual(done.returncode, expected, shown)
        decision, classification, folder = self.last_line(done)
        self.assertEqual(decision, "GO" if good else "NO_GO", shown)
        self.assertEqual(classification, fault["classification"], shown)
        self.assertEqual([n for n in FILES if not os.path.exists(os.path.join(folder, n))], [], shown)
        judged = self.rehearse("judge", folder)
        self.assertEqual(judged.returncode, expected, judged.stdout + shown)
        if good:
            return
        result = json.loads("\n".join(done.stdout.rstrip("\n").split("\n")[:-1]))
        bad = next(g for g in result["gates"] if g["verdict"] != "PASS")
        self.assertEqual(bad["id"], fault["gate"], shown)
        self.assertEqual(bad["verdict"], fault["verdict"], shown)
        # what failed and what to do next, in words, on the screen and in the summary
        self.assertTrue(bad["reason"], shown)
        self.assertTrue(bad["next"], shown)
        summary = read(os.path.join(folder, "99_summary.md"))
        self.assertIn("## What failed", summary)
        self.assertIn("## What to do next", summary)
        after = False
        for gate in result["gates"]:
            if after:
                self.assertEqual(gate["verdict"], "NOT_RUN", shown)
            after = after or gate["verdict"] != "PASS"


if __name__ == "__main__":
    main()
