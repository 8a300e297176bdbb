# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of one practice target share: its folder, speed, faults, clock and the log of what truly happened."""

import fcntl
import json
import os
import random
import time

# The only names that exist in this world: those of the practice profile, and the runbook's own (section 2), so that its commands work as written
RESOURCE_GROUPS = ("practice-group", "2dt-final-team4")
CLUSTERS = ("practice-aks", "nsc-aks-dev")
JUMPBOX_VMS = ("practice-jumpbox", "jump-aks-20260224-2dt026")
NAMESPACE = "txlookup"
API_DEPLOYMENT = "tx-lookup-api"
CONSUMER_DEPLOYMENT = "txlookup-consumer"
JUMPBOX_USER = "azureuser"
SUBSCRIPTION = "7c3f1f5e-2d4b-4b8e-9a60-5f0e2c1d9ab4"
SUBSCRIPTION_NAME = "practice"
TENANT = "3b8a5f0c-91d7-4c26-8e2f-6a4d0b7c1e95"
OPERATOR = "operator@practice.example"
API_POD = "tx-lookup-api-6d5f9c7b48-x2v9k"
SECOND_API_POD = "tx-lookup-api-6d5f9c7b48-zq7lm"  # only with the fault second-api-pod
CONSUMER_POD = "txlookup-consumer-7c9d8b5f64-m4qzt"
API_ADDRESS = "http://127.0.0.1:8000"

SPEEDS = {"1x": 1.0, "10x": 0.1, "instant": 0.0}  # latencies
PACES = {"1x": 1.0, "10x": 0.1, "instant": 0.02}   # the pods' own waits: idle limits, polls


class World:
    """One practice target. Everything that must survive a fork or be seen by another process lies in files below root."""

    def __init__(self, root, speed, faults, seed, port=0):
        self.root = root
        self.speed = speed
        self.factor = SPEEDS[speed]
        self.pace = PACES[speed]
        self.faults = frozenset(faults)
        self.seed = seed
        self.port = port       # of the API, for this computer
        self.pod_port = port   # of the API, for the pods: two ways to the same application

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def has(self, fault):
        return fault in self.faults

    def any(self, *faults):
        return any(fault in self.faults for fault in faults)

    def nap(self, seconds):
        """Waits as long as the real thing would at speed 1x; not at all at speed instant."""
        if self.factor > 0 and seconds > 0:
            self.sleep(seconds * self.factor)

    def wait(self, seconds):
        """A wait of a program in a pod, which says itself how long it waits: shorter here, never nothing."""
        self.sleep(seconds * self.pace)

    sleep = staticmethod(time.sleep)  # the real one: pods have theirs scaled

    def mark(self, name):
        """Something happened that faults wait for."""
        with open(self.path("run", "mark." + name), "w", encoding="ascii"):
            pass

    def marked(self, name):
        return os.path.exists(self.path("run", "mark." + name))

    def random(self, purpose):
        """A generator that gives the same numbers for the same seed and purpose."""
        return random.Random("%s:%s" % (self.seed, purpose))

    def set_gate(self, gate):
        """The gate whose script the jumpbox runs; faults of the API and the pods wait for theirs."""
        path = self.path("run", "gate")
        with open(path + ".part", "w", encoding="ascii", errors="replace") as f:
            f.write(gate)
        os.replace(path + ".part", path)

    def gate(self):
        try:
            with open(self.path("run", "gate"), encoding="ascii", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def at(self, gate, *faults):
        """True while the script of that gate runs, if one of the faults is on."""
        return self.any(*faults) and self.gate() == gate

    def truth(self, event, **fields):
        """One line in the log of what truly happened. A single write, so lines of several processes never mix."""
        line = {"event": event, "time": round(time.time(), 3)}
        line.update(fields)
        data = (json.dumps(line, ensure_ascii=True) + "\n").encode()
        fd = os.open(self.path("truth.jsonl"), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)

    def count(self, name):
        """How often this was called with that name, this call included; over all processes."""
        fd = os.open(self.path("run", "count." + name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            n = int(os.read(fd, 32) or b"0") + 1
            os.pwrite(fd, b"%d" % n, 0)
            return n
        finally:
            os.close(fd)

    def times(self, fault, limit=1):
        """True for the first `limit` calls if that fault is on."""
        return fault in self.faults and self.count(fault) <= limit

    def socket_address(self, name):
        """An address below 108 bytes for a socket in a folder with a name of any length. Keeps a descriptor open."""
        fd = os.open(self.path("run"), os.O_RDONLY | os.O_DIRECTORY)
        os.set_inheritable(fd, False)
        return "/proc/self/fd/%d/%s" % (fd, name)


_current = None


def set_current(world):
    global _current
    _current = world


def current():
    """The world of this process: set before the first fork, so that every command has it."""
    return _current
