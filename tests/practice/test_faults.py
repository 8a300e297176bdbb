# SPDX-License-Identifier: GPL-3.0-or-later
"""Rehearsals against the practice target, judged by the evaluator in reference.py: GO without faults, the catalogue's verdict with each of them.

CR_PRACTICE_FAULTS=all runs the whole catalogue (some minutes); a comma-separated list runs those.
"""

import json
import os
import unittest

import reference

QUICK = ("migration-exit-1", "backfill-all-dead-lettered", "consume-idle-nothing", "smoke-500", "missing-id-200", "duplicate-changes-amount", "script-failure-hidden",
         "output-cut", "az-not-signed-in", "cluster-stopped", "az-operation-group", "kubectl-drop-exit-0", "duplicate-not-consumed", "die-after-submit", "big-output",
         "jumpbox-restarts", "deployed-consumer-takes", "hostile-output", "forged-success")

with open(os.path.join(reference.DATA, "practice-faults.json"), encoding="utf-8") as file:
    CATALOGUE = {fault["name"]: fault for fault in json.load(file)}


class Rehearsals(unittest.TestCase):
    def check_truth(self, truth, run):
        """A GO is only allowed if all of this truly happened, once."""
        def happened(event, **fields):
            return [line for line in truth if line["event"] == event and all(line.get(k) == v for k, v in fields.items())]
        keys = ("po-" + run, "tx-pay-" + run, "tx-rec-" + run)
        self.assertEqual(sorted(line["key"] for line in happened("published", scenario="happy")), sorted(keys))
        self.assertEqual(len(happened("published", scenario="duplicate")), 6)
        for key in keys:
            self.assertEqual(len([line for line in happened("consumed", key=key) if line["written"]]), 3, key)  # once, and the duplicate's two copies
        self.assertEqual(sorted(line["key"] for line in happened("backfilled")), sorted(("po-bf-" + run, "tx-bf-pay-" + run, "tx-bf-rec-" + run)))
        self.assertEqual(happened("dead_letter"), [])
        for gate in reference.CLASSIFICATIONS:
            self.assertGreaterEqual(len(happened("script_started", run=run, gate=gate, mode="run")), 1)

    def test_go(self):
        with reference.Target() as target:
            rehearsal = reference.Rehearsal(target)
            self.assertEqual(rehearsal.rehearse(), ("PASS", "", ""))
            truth = target.truth()
            self.check_truth(truth, rehearsal.run)
            self.assertEqual([line["revision"] for line in truth if line["event"] == "migration_ran"],
                             ["20260205_0001", "20260205_0002", "20260205_0003", "20260209_0004", "20260212_0005"])
            self.assertEqual(len([line for line in truth if line["event"] == "script_started"]), 6)

    def test_faults(self):
        wanted = os.environ.get("CR_PRACTICE_FAULTS", ",".join(QUICK))
        for name in CATALOGUE if wanted == "all" else wanted.split(","):
            with self.subTest(fault=name):
                fault = CATALOGUE[name]
                with reference.Target(name) as target:
                    rehearsal = reference.Rehearsal(target, az_limit=12 if name == "az-hangs" else 60)
                    verdict, gate, why = rehearsal.rehearse()
                    self.assertEqual((verdict, gate), (fault["verdict"], fault["gate"]), why)
                    if verdict == "PASS":
                        self.check_truth(target.truth(), rehearsal.run)
                    # no attempt is ever executed twice, whatever az does
                    done = [(line["event"], line.get("revision"), line.get("key")) for line in target.truth()
                            if line["event"] == "migration_ran" or (line["event"] == "published" and line["scenario"] == "happy")]
                    self.assertEqual(len(done), len(set(done)))


if __name__ == "__main__":
    unittest.main()
