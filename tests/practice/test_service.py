# SPDX-License-Identifier: GPL-3.0-or-later
"""The practice target as a program: how it starts, how it ends, what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

import reference


def below(pid):
    """The processes below pid."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, "rb") as f:
                parent = int(f.read().rsplit(b")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(name)] + below(int(name))
    return found


def gone(pids):
    """Waits until none of them lives; True then."""
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        import select
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        ended = bool(poller.poll(20000))
        os.close(fd)
        if not ended:
            return False
    return True


class Service(unittest.TestCase):
    def test_unknown_fault(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([reference.PROGRAM, "serve", "--root", folder + "/x", "--faults", "az-not-signed-in,nonsense"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout, os.path.exists(folder + "/x")), (2, "", False))
            self.assertIn('There is no fault "nonsense"', done.stderr)

    def test_a_used_folder_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/mine", "w", encoding="ascii") as f:
                f.write("x")
            done = subprocess.run([reference.PROGRAM, "serve", "--root", folder], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, os.listdir(folder)), (2, ["mine"]))

    def test_ready_line(self):
        with reference.Target() as target:
            ready = target.ready
            self.assertIs(ready["ready"], True)
            self.assertTrue(os.access(ready["az"], os.X_OK))
            self.assertEqual((ready["az"], ready["spool_dir"]), (ready["root"] + "/bin/az", ready["root"] + "/jumpbox/spool"))
            self.assertEqual(ready["jumpbox_path"], ready["root"] + "/jumpbox/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            self.assertEqual(target.get("/admin/tx/x")[0], 500)  # it listens, and there are no tables yet

    def busy_target(self):
        """A target with a script that never ends."""
        target = reference.Target()
        self.addCleanup(target.stop)
        flag = os.path.join(target.folder.name, "flag")
        os.mkfifo(flag)
        az = subprocess.Popen([target.ready["az"], "vm", "run-command", "invoke", "-g", reference.GROUP, "-n", reference.VM, "--command-id", "RunShellScript",
                               "--scripts", "#!/bin/sh\necho up >%s\nsetsid sh -c 'trap \"\" TERM HUP; read x <%s' &\nread x <%s\n" % (flag, flag, flag)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(az.wait)
        with open(flag, encoding="ascii") as f:
            f.read(3)
        return target, below(target.process.pid)

    def test_ends_with_sigterm(self):
        target, children = self.busy_target()
        self.assertGreaterEqual(len(children), 3)
        target.process.send_signal(signal.SIGTERM)
        self.assertEqual(target.process.wait(20), 0)
        self.assertTrue(gone(children))

    def test_ends_with_its_input(self):
        target, children = self.busy_target()
        target.process.stdin.close()
        self.assertEqual(target.process.wait(20), 0)
        self.assertTrue(gone(children))

    def test_leaves_nothing_behind_when_killed(self):
        target, children = self.busy_target()
        target.process.kill()
        target.process.wait(20)
        self.assertTrue(gone(children))

    def test_ends_with_the_parent(self):
        with tempfile.TemporaryDirectory() as folder:
            # a shell that gives the target an input which stays open, says the pids and ends
            read, write = os.pipe()
            out = subprocess.run(["/bin/sh", "-c", '"$1" serve --root "$2" --parent-pid $$ <&%d >"$2.ready" & echo $!; '
                                  'while ! grep -q ready "$2.ready" 2>/dev/null; do sleep 0.05; done' % read, "sh", reference.PROGRAM, folder + "/root"],
                                 stdout=subprocess.PIPE, text=True, pass_fds=(read,), check=True)
            pid = int(out.stdout)
            self.assertTrue(gone([pid]))
            os.close(read)
            os.close(write)

    def test_catalogue(self):
        done = subprocess.run([reference.PROGRAM, "faults", "--json"], capture_output=True, text=True, check=True)
        faults = json.loads(done.stdout)
        with open(os.path.join(reference.DATA, "practice-faults.json"), encoding="utf-8") as f:
            self.assertEqual(faults, json.load(f))
        names = [fault["name"] for fault in faults]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 60)
        for fault in faults:
            self.assertRegex(fault["name"], r"\A[a-z0-9]+(-[a-z0-9]+)+\Z")
            self.assertIn(fault["group"], ("A", "B", "E", "H", "T"))
            self.assertTrue(fault["summary"] and "\n" not in fault["summary"] and not fault["summary"].endswith("."))
            if fault["verdict"] == "PASS":
                self.assertEqual((fault["classification"], fault["gate"]), ("NONE", ""), fault["name"])
            elif fault["verdict"] == "BLOCKED":
                self.assertEqual(fault["classification"], "ENVIRONMENT_BLOCKED", fault["name"])
            else:
                self.assertIn(fault["verdict"], ("FAIL", "UNPROVEN"))
                self.assertEqual(fault["classification"], reference.CLASSIFICATIONS[fault["gate"]], fault["name"])

    def test_every_fault_is_played_somewhere(self):
        """A name in the catalogue that no code asks for would be a fault that does not happen."""
        sources = ""
        for folder, _folders, files in os.walk(os.path.dirname(reference.PROGRAM)):
            for name in files:
                if name.endswith(".py"):
                    with open(os.path.join(folder, name), encoding="utf-8") as f:
                        sources += f.read()
        with open(os.path.join(reference.DATA, "practice-faults.json"), encoding="utf-8") as f:
            catalogue = [fault["name"] for fault in json.load(f)]
        hangs = {name + "-hangs" for name in ("backfill", "consume")}
        self.assertEqual([name for name in catalogue if '"%s"' % name not in sources and name not in hangs], [])
        import re
        asked = set(re.findall(r'(?:world\.(?:has|times)\(|self\.world\.has\()"([a-z0-9-]+)"', sources))
        self.assertEqual(asked - set(catalogue), set())


if __name__ == "__main__":
    sys.exit(unittest.main())
