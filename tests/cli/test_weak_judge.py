#!/usr/bin/python3
# test_weak_judge.py: a build whose judge is blind to one rule finds that out by itself, sends nothing and never gives GO
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import Case, FILES, main, read  # noqa: E402


class WeakJudge(Case):
    def test_it_does_not_trust_itself(self):
        done = self.practice(expect=3)
        decision, classification, folder = self.last_line(done)
        self.assertEqual((decision, classification), ("NO_GO", "ENVIRONMENT_BLOCKED"))
        first = dict(self.head(folder, "01_precheck.log"))
        self.assertEqual((first["result"], first["verdict"], first["exit_code"]), ("BLOCKED", "BLOCKED", "not_run"))
        self.assertRegex(first["self_test"], r"^\d+ of \d+ planted defects caught; missed: .*the payload was never complete \(idempotency/complete\)")
        caught, planted = first["self_test"].split(" planted", 1)[0].split(" of ")
        self.assertLess(int(caught), int(planted))
        self.assertIn("can't be trusted", first["reason"])
        self.assertTrue(first["next"])
        summary = read(os.path.join(folder, "99_summary.md"))
        self.assertIn("\nself_test: " + first["self_test"] + "\n", summary)
        self.assertIn("\n## What to do next\n", summary)
        judged = self.rehearse("judge", folder, expect=3)
        self.assertEqual(self.last_line(judged)[:2], ("NO_GO", "ENVIRONMENT_BLOCKED"))
        # nothing was sent: no attempt in the journal, no call in any file
        events = [json.loads(line) for line in read(os.path.join(folder, "attestation", "journal.jsonl")).splitlines()]
        self.assertEqual([e["event"] for e in events if e["event"] in ("self_test", "attempt_started", "gate_started")], ["self_test"])
        self.assertEqual(next(e["result"] for e in events if e["event"] == "self_test"), "failed")
        for name in FILES:
            self.assertNotIn("--- call ", read(os.path.join(folder, name)), name)


if __name__ == "__main__":
    main()
