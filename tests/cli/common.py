# common.py: what the tests of `rehearse` share
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every script is called as SCRIPT REHEARSE SOURCE_DIR."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

REHEARSE, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
FILES = ["01_precheck.log", "02_alembic_upgrade.log", "03_backfill.log", "04_sync_happy.log", "05_smoke_200.log", "06_smoke_404.log",
         "07_idempotency_duplicate.log", "08_cutover_decision.log", "09_rollback_or_no_rollback.log", "99_summary.md"]
CONTRACT = ["command", "exit_code", "UTC timestamp", "owner", "result"]


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def read_bytes(path):
    with open(path, "rb") as stream:
        return stream.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def environment(**extra):
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "NO_COLOR")}
    env.update(CR_DATA_DIR=os.path.join(SOURCE, "data"), CR_PRACTICE_DIR=os.path.join(SOURCE, "src", "practice"), LC_ALL="C.UTF-8", LANGUAGE="en")
    env.update(extra)
    return env


class Case(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="cr-test-")
        self.addCleanup(self.remove)

    def remove(self):
        for folder, _, _ in os.walk(self.root):
            os.chmod(folder, 0o700)
        shutil.rmtree(self.root)

    def rehearse(self, *args, expect=None, env=None, timeout=170, **kwargs):
        done = subprocess.run([REHEARSE, *args], capture_output=True, text=True, env=env or environment(), cwd=self.root, timeout=timeout,
                              stdin=subprocess.DEVNULL, **kwargs)
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"{args}\nstdout: {done.stdout[-3000:]}\nstderr: {done.stderr[-3000:]}")
        return done

    def practice(self, *args, expect=None, **kwargs):
        return self.rehearse("run", "--profile", "practice", "--owner", "h.kim", "--evidence-root", self.root, "--set", "practice.speed=instant",
                             *args, expect=expect, **kwargs)

    @staticmethod
    def last_line(done):
        """The fields of `decision=... failure_classification=... evidence=...`"""
        line = done.stdout.rstrip("\n").split("\n")[-1]
        decision, classification, evidence = line.split(" ", 2)
        return decision.split("=", 1)[1], classification.split("=", 1)[1], evidence.split("=", 1)[1]

    @staticmethod
    def head(folder, name):
        """The `key: value` lines at the start of an evidence file, as a list of pairs"""
        pairs = []
        with open(os.path.join(folder, name), encoding="utf-8") as stream:
            for line in stream:
                key, colon, value = line.rstrip("\n").partition(": ")
                if not colon or line.startswith(("|", "-", "#")):
                    break
                pairs.append((key, value))
        return pairs


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
