# SPDX-License-Identifier: GPL-3.0-or-later
"""Data and measuring for the benchmarks beside it. Runs of all programs take turns, the best of each counts: the machine may be busy, and
ratios within one run are what is comparable."""
import os
import random
import subprocess
import sys
import time

QUIET = "--quick" in sys.argv
BYTES_OF_ITEM = 288  # of payload(), compact


def program(name="bench/bench-core"):
    """A built program: $CR_BUILD_DIR, or _build beside this folder"""
    build = os.environ.get("CR_BUILD_DIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "_build"))
    path = os.path.join(build, name)
    if not os.path.exists(path):
        sys.exit("%s is missing; build it first: ninja -C %s %s" % (path, build, name))
    return path


def once(command, limit):
    """(seconds, MiB at most, output), or None if it took longer than @limit seconds or failed; a diff that found something exits with 1"""
    reader, writer = os.pipe()
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(writer)
    output = b""
    os.set_blocking(reader, False)
    usage = None
    while usage is None:
        try:
            output += os.read(reader, 1 << 20)
        except BlockingIOError:
            pass
        done, status, used = os.wait4(child.pid, os.WNOHANG)
        if done:
            usage = used
        elif time.perf_counter() - start > limit:
            os.killpg(child.pid, 9)
            os.wait4(child.pid, 0)
            child.returncode = -9
            os.close(reader)
            return None
        else:
            time.sleep(0.0002)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    try:
        while more := os.read(reader, 1 << 20):
            output += more
    except BlockingIOError:
        pass
    os.close(reader)
    if child.returncode not in (0, 1):
        return None
    return seconds, usage.ru_maxrss / 1024, output


def measure(commands, repeats, limit=60):
    """{name: (best seconds, MiB, output) or None} of {name: argv}"""
    best = {}
    for _ in range(repeats):
        for name, command in commands.items():
            if name in best and best[name] is None:
                continue
            result = once(command, limit)
            if result is None or name not in best or result[0] < best[name][0]:
                best[name] = result
    return best


def show(title, results, ours, targets=None):
    """One line a program: time, memory, and ours as a share of it"""
    print("\n%s" % title)
    for name, result in results.items():
        if result is None:
            print("  %-34s took too long, or gave up" % name)
            continue
        seconds, memory, _ = result
        share = results[ours][0] / seconds
        target = (targets or {}).get(name)
        verdict = "" if target is None else "   target <= %.2f: %s" % (target, "held" if share <= target else "MISSED")
        print("  %-34s %10.1f ms %8.0f MiB   ours / this %7.3f%s" % (name, seconds * 1000, memory, share, verdict))


def transaction(r, i):
    return {
        "tx_id": "tx-pay-%08d" % i, "status": r.choice(["SETTLED", "PENDING", "FAILED"]), "merchant_id": "m-%05d" % r.randrange(20000),
        "offered_amount": round(r.uniform(1, 9999), 2), "rate": r.random(), "event_time": "2026-02-24T%02d:%02d:%02dZ" % (
            r.randrange(24), r.randrange(60), r.randrange(60)),
        "paired": r.random() < .5, "note": r.choice([None, "", "café", "한국어 가맹점", "line\nbreak", "plain text of some length"]),
        "legs": [{"side": "pay", "n": r.randrange(10 ** 6)}, {"side": "receive", "n": r.randrange(10 ** 12)}]}


def payload(size, seed=1):
    """A payload of about @size bytes as Python's objects"""
    r = random.Random(seed)
    count = max(1, size // BYTES_OF_ITEM)
    return {"tx_id": "tx-pay-1", "status": "SETTLED", "event_time": "2026-02-24T17:13:50Z", "data_lag_sec": 1.25,
            "items": [transaction(r, i) for i in range(count)], "total": count}


def edited(value, share, seed=2):
    """@value with @share of its items touched: values changed, items inserted and deleted"""
    r = random.Random(seed)
    items = []
    for item in value["items"]:
        if r.random() >= share:
            items.append(item)
            continue
        kind = r.randrange(10)
        if kind == 0:
            continue
        if kind == 1:
            items.append(transaction(r, 10 ** 7 + r.randrange(10 ** 7)))
            items.append(item)
            continue
        item = dict(item)
        for key in r.sample(["status", "offered_amount", "event_time", "merchant_id", "rate"], r.randrange(1, 4)):
            item[key] = transaction(r, 0)[key]
        items.append(item)
    return dict(value, items=items)


def apart(work, *arguments):
    """Does @work in a process of its own: a child's peak memory counts what its parent had when it was forked, so this one stays small"""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(*arguments)
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit("The data could not be written")
