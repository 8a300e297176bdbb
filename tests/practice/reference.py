# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal in a few hundred lines of Python: drives the practice target with the shipped plan and judges by the contract's table, on its own.

It shares no code with the product or with the target: the script is the one of the transport's specification (format CR1), the judgement is the
table of verdict rules, written down a second time. What it says about a fault is the expectation for the product.
"""

import base64
import datetime
import gzip
import hashlib
import json
import os
import re
import secrets
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.join(os.environ.get("CR_PRACTICE_DIR", os.path.join(SOURCE, "src", "practice")), "practice-target")
DATA = os.environ.get("CR_DATA_DIR", os.path.join(SOURCE, "data"))
GROUP, CLUSTER, VM, NAMESPACE = "practice-group", "practice-aks", "practice-jumpbox", "txlookup"
API, CONSUMER = "tx-lookup-api", "txlookup-consumer"
CLASSIFICATIONS = {"precheck": "ENVIRONMENT_BLOCKED", "migration": "MIGRATION_FAILED", "backfill": "BACKFILL_FAILED", "sync": "SYNC_FAILED",
                   "smoke": "SMOKE_FAILED", "idempotency": "IDEMPOTENCY_FAILED"}
NOISE = (" ERROR ", " CRITICAL ", "Traceback", "sent to DLQ", "%0|", "%1|", "%2|", "%3|", "%4|")


class Target:
    """A running practice target in a folder of its own."""

    def __init__(self, faults="", speed="instant", seed=1):
        self.folder = tempfile.TemporaryDirectory(prefix="practice-test-")
        self.process = subprocess.Popen([PROGRAM, "serve", "--root", os.path.join(self.folder.name, "root"), "--speed", speed, "--faults", faults,
                                         "--seed", str(seed), "--parent-pid", str(os.getpid())],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the practice target did not start: exit %d" % self.process.wait())
        self.ready = json.loads(line)
        self.root = self.ready["root"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.process.stdin.close()
        self.process.stdout.close()
        self.folder.cleanup()

    def az(self, *args, stdin=None, timeout=60):
        """(exit code, stdout, stderr) of az; -1 where it did not end in time, or was killed, or said too much."""
        process = subprocess.Popen([self.ready["az"], *args], stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={"PATH": "/usr/bin:/bin", "HOME": self.folder.name})
        if stdin is not None:
            process.stdin.write(stdin.encode())
            process.stdin.close()
        selector, streams, end = selectors.DefaultSelector(), {process.stdout: b"", process.stderr: b""}, time.monotonic() + timeout
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, end - time.monotonic()))
            for key, _events in ready:
                data = os.read(key.fd, 1 << 20)
                streams[key.fileobj] += data
                if not data:
                    selector.unregister(key.fileobj)
            if not ready or any(len(s) > 64 << 20 for s in streams.values()):
                process.kill()
                break
        out, err = streams.values()
        code = process.wait()
        process.stdout.close()
        process.stderr.close()
        return code, out.decode("utf-8", "replace"), err[-65536:].decode("utf-8", "replace")

    def run_script(self, script, timeout=60):
        return self.az("vm", "run-command", "invoke", "-g", GROUP, "-n", VM, "--command-id", "RunShellScript", "--scripts", "@-", "-o", "json",
                       "--only-show-errors", stdin=script, timeout=timeout)

    def truth(self):
        path = os.path.join(self.root, "truth.jsonl")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def get(self, path, headers=None):
        """(status, headers, body) from this computer; status 0 without an answer."""
        request = urllib.request.Request(self.ready["api_url"] + path, headers=headers or {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)
        try:
            with opener.open(request, timeout=15) as answer:
                return answer.code, dict(answer.headers), answer.read(1 << 20)
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, dict(answer.headers), answer.read(1 << 20)
        except (OSError, ValueError) as error:
            return 0, {}, repr(error).encode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


HEAD = """#!/bin/sh
# CR1 run=%(run)s gate=%(gate)s attempt=1 mode=%(mode)s
main() {
set -u; umask 077; LC_ALL=C; export LC_ALL
PATH=%(path)s; export PATH
N=%(nonce)s B=%(spool)s; D="$B/%(run)s.%(gate)s.1"
exec 3>&1 </dev/null
say() { printf 'CR1 %%s %%s\\n' "$1" "$N$2" >&3; }
die() { say FATAL " $1"; exit 97; }
sha() { sha256sum | cut -c1-64; }
"""
RUN = """mkdir -p "$B" || die no-spool
exec 9>"$B/lock"; flock -n 9 || die "busy:$(head -c 200 "$B/holder")"
mkdir "$D" 2>/dev/null || die already-started
echo '%(run)s.%(gate)s.1' >"$B/holder" || die no-spool
printf '%%s\\n' "$$" >"$D/started" || die no-spool
cat >"$D/steps" <<'CR1-%(nonce)s' || die no-spool
%(steps)sCR1-%(nonce)s
[ "$(sha <"$D/steps")" = %(digest)s ] || die bad-payload-sum
exec >"$D/wrap.out" 2>"$D/wrap.err"
: >"$D/index"; : >"$D/bundle"; ok=1
. "$D/steps"
report
}
step() {
  [ "$ok" = 1 ] || return 0
  i=$1; c=$(cat); t0=$(date -u +%%s)
  timeout -k 10 "$2" sudo -n -u azureuser -H bash -lc 'umask 077; export KUBECONFIG="$HOME/.kube/cr-%(run)s.config"; '"$c" </dev/null >"$D/$i.out" 2>"$D/$i.err" 9>&-; r=$?
  p=na
  if [ "$3" != - ]; then p=lost; [ "$(tail -n 1 "$D/$i.out")" = "CR1POD $3 rc=$r" ] && p=ok; fi
  printf 'S %%s rc=%%s pod=%%s t0=%%s out=%%s err=%%s\\n' "$i" "$r" "$p" "$t0" "$(wc -c <"$D/$i.out")" "$(wc -c <"$D/$i.err")" >>"$D/index"
  cat "$D/$i.out" "$D/$i.err" >>"$D/bundle"
  { [ "$r" = 0 ] && [ "$p" != lost ]; } || [ "$4" = 1 ] || ok=0
}
report() {
  gzip -9nc <"$D/bundle" >"$D/bundle.gz"
  gz=$(wc -c <"$D/bundle.gz")
  { printf 'CR1 BEGIN %%s payload=%%s steps=%%s gz=%%s gzsha=%%s\\n' "$N" %(digest)s "$(wc -l <"$D/index")" "$gz" "$(sha <"$D/bundle.gz")"
    sed "s/^S /CR1 S $N /" "$D/index"; } >"$D/frame.tmp"
  room=$(( (3700 - $(wc -c <"$D/frame.tmp")) * 3 / 4 )); [ "$room" -gt 0 ] || room=0; [ "$gz" -ge "$room" ] || room=$gz
  printf 'CR1 D %%s len=%%s %%s\\n' "$N" "$room" "$(head -c "$room" "$D/bundle.gz" | base64 -w0)" >>"$D/frame.tmp"
  printf 'CR1 END %%s sum=%%s\\n' "$N" "$(sha <"$D/frame.tmp")" >>"$D/frame.tmp"
  mv "$D/frame.tmp" "$D/frame"; cat "$D/frame" >&3
}
main
"""
STATUS = """[ -d "$D" ] || { say STATUS ' never-started'; return 0; }
if [ -r "$D/frame" ]; then say STATUS ' done'; cat "$D/frame" >&3; return 0; fi
w=died; read -r pid <"$D/started"; kill -0 "$pid" 2>/dev/null && w=still-running
say STATUS " $w"
}
main
"""
PAGE = """[ -r "$D/bundle.gz" ] || die no-bundle
printf 'CR1 P %%s %%s\\n' "$N" "$(tail -c +%(from)d "$D/bundle.gz" | head -c 2700 | base64 -w0)" >&3
}
main
"""
RUNNER = ('m=$1 l=$2 n=$3; shift 3\nwhile [ "$n" -gt 0 ]; do printf %s "$2" | base64 -d >"$1"; echo "CR1FILE $(sha256sum <"$1" | cut -c1-64)"; '
          'shift 2; n=$((n-1)); done\ntimeout -k 5 "$l" "$@"; r=$?; printf "\\nCR1POD %s rc=%s\\n" "$m" "$r"; exit "$r"')


class Blocked(Exception):
    """Nothing of the gate ran."""


class Unproven(Exception):
    """Something a pass needs was not seen, or the outcome is unknown."""


class OpenEnd(Unproven):
    """Limit reached, connection lost, or killed: what runs in the pod may go on or be half done, so nothing seen after it is final."""


class Failed(Exception):
    """A witness contradicts."""


class Step:
    def __init__(self, code, pod, out, err):
        self.code, self.pod, self.out, self.err = code, pod, out, err


class Rehearsal:
    def __init__(self, target, az_limit=60):
        self.target = target
        self.az_limit = az_limit
        self.pages = 8
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.run = "e2-3-" + now.strftime("%Y%m%d%H%M%S")
        self.now = now
        stamp = "%Y-%m-%dT%H:%M:%SZ"
        event = (now - datetime.timedelta(hours=1)).strftime(stamp)
        order, pay, rec = "po-bf-" + self.run, "tx-bf-pay-" + self.run, "tx-bf-rec-" + self.run
        legs = [{"tx_id": t, "wallet_id": wallet, "entry_type": kind, "amount": "100.00", "amount_signed": sign + "100.00", "related_id": order,
                 "related_type": "PAYMENT_ORDER", "event_time": event, "created_at": event, "updated_at": event, "version": 1}
                for t, wallet, kind, sign in ((pay, "wallet-bf-payer", "PAYMENT", "-"), (rec, "wallet-bf-payee", "RECEIVE", ""))]
        orders = [{"order_id": order, "user_id": "user-bf", "merchant_name": "MERCHANT-BF", "amount": "100.00", "status": "SETTLED", "created_at": event,
                   "updated_at": event, "version": 1}]
        ready = target.ready
        self.vars = {
            "AZ": ready["az"], "SUBSCRIPTION": "", "RESOURCE_GROUP": GROUP, "CLUSTER": CLUSTER, "NAMESPACE": NAMESPACE, "API_DEPLOYMENT": API,
            "CONSUMER_DEPLOYMENT": CONSUMER, "API_ADDRESS": ready["api_address"], "API_URL": ready["api_url"], "TOKEN_COMMAND": "",
            "RUN_ID": self.run, "T_CUTOVER": now.strftime(stamp), "BACKFILL_SINCE": (now - datetime.timedelta(hours=24)).strftime(stamp),
            "BACKFILL_UNTIL": (now - datetime.timedelta(seconds=1)).strftime(stamp), "BACKFILL_EVENT_TIME": event, "BACKFILL_ORDER_ID": order,
            "BACKFILL_TX_ID": pay, "BACKFILL_RECEIVE_TX_ID": rec, "LEDGER_FILE": "/tmp/e2_3_ledger_%s.jsonl" % self.run,
            "PAYMENT_FILE": "/tmp/e2_3_payment_%s.jsonl" % self.run, "LEDGER_JSONL": "".join(json.dumps(r) + "\n" for r in legs),
            "PAYMENT_JSONL": "".join(json.dumps(r) + "\n" for r in orders), "SYNC_ORDER_ID": "po-" + self.run, "SYNC_TX_ID": "tx-pay-" + self.run,
            "SYNC_RECEIVE_TX_ID": "tx-rec-" + self.run, "MISSING_TX_ID": "tx-missing-" + self.run,
            "FENCE_POSTS": "", "FENCE_IDS": "", "FENCE_TIMES": "",
        }
        with open(os.path.join(DATA, "plans", "e2-3-reload-cutover.json"), encoding="utf-8") as f:
            self.plan = json.load(f)
        for gate in self.plan["gates"]:
            gate["steps"] = [step for step in gate["steps"] if "when" not in step or self.vars[step["when"]]]
        for name, lines in self.plan["programs"].items():
            self.vars["program:" + name] = "\n".join(lines)

    def fill(self, text):
        return re.sub(r"\$\{([^}]+)\}", lambda m: self.vars[m.group(1)], text)

    def argv(self, items):
        found = []
        for item in items:
            if isinstance(item, dict):
                if self.vars[item["when"]]:
                    found += self.argv(item["argv"])
            else:
                found.append(self.fill(item))
        return found

    # -- transport

    def script(self, gate, mode, nonce, **more):
        values = dict(run=self.run, gate=gate, mode=mode, nonce=nonce, path=shlex.quote(self.target.ready["jumpbox_path"]),
                      spool=shlex.quote(self.target.ready["spool_dir"]), **more)
        return (HEAD + {"run": RUN, "status": STATUS, "page": PAGE}[mode]) % values

    def payload(self, gate, nonce, mark):
        text = ""
        for step in gate["steps"]:
            if step["where"] not in ("jumpbox", "pod"):
                continue
            argv = self.argv(step["argv"])
            limit = gate["limit_seconds"]
            if step["where"] == "pod":
                files = []
                for file in step.get("files", []):
                    files += [self.fill(file["path"]), base64.b64encode(self.fill(file["content"]).encode()).decode()]
                argv = ["kubectl", "--context", CLUSTER, "-n", NAMESPACE, "exec", self.fill(step["pod"]), "--", "sh", "-c", RUNNER, "sh", mark,
                        str(limit - 10), str(len(files) // 2)] + files + argv
            text += "step %s %d %s %d <<'CMD-%s'\n%s\nCMD-%s\n" % (step["id"], limit, mark if step["where"] == "pod" else "-",
                                                               1 if step.get("keep_going") else 0, nonce, " ".join(map(shlex.quote, argv)), nonce)
        return text

    def send(self, script, tries=4):
        """The message of one run command. Raises Blocked where Azure took nothing; None where the outcome is unknown."""
        for attempt in range(tries):
            code, out, err = self.target.run_script(script, self.az_limit)
            if "does not have operation group" in err:
                return self.send_rest(script)
            if code != 0 and "execution is in progress" in err and attempt < tries - 1:
                time.sleep(0.2)
                continue
            break
        if code > 0 and re.search(r"az login|AADSTS|MSAL token cache|AuthorizationFailed|OperationNotAllowed|NotFound|execution is in progress|EOF when", err):
            raise Blocked(err.strip().splitlines()[0])
        return message_of(out) if code == 0 else None

    def send_rest(self, script):
        url = "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/virtualMachines/%s/runCommand?api-version=2024-07-01" % (
            "{subscriptionId}", GROUP, VM)
        code, out, err = self.target.az("rest", "--method", "post", "--url", url, "--body", "@-", "--verbose",
                                        stdin=json.dumps({"commandId": "RunShellScript", "script": script.split("\n")}))
        match = re.search(r"^INFO:     'Azure-AsyncOperation': '(\S+)'$", err, re.M)
        if code != 0 or not match:
            raise Blocked(err)
        while True:
            code, out, err = self.target.az("rest", "--method", "get", "--url", match.group(1))
            answer = json.loads(out)
            if answer["status"] != "InProgress":
                return message_of(json.dumps(answer["properties"]["output"])) if answer["status"] == "Succeeded" else None
            time.sleep(0.05)

    def remote(self, gate):
        """The steps of a gate by id, as they really went."""
        nonce, mark = secrets.token_hex(16), secrets.token_hex(8)
        steps = self.payload(gate, nonce, mark)
        digest = hashlib.sha256(steps.encode()).hexdigest()
        message = self.send(self.script(gate["id"], "run", nonce, steps=steps, digest=digest))
        frame = read_frame(message, nonce, digest)
        if frame is None:
            fatal = re.search(r"^CR1 FATAL %s (\S+)" % nonce, message or "", re.M)
            if fatal and fatal.group(1) != "already-started":
                raise Blocked(fatal.group(1))
            frame = self.status(gate["id"], nonce, digest)
        fields, data = frame
        while len(data) < int(fields["gz"]):
            if len(data) > self.pages * 2700:
                raise Unproven("output can't be fetched")
            page = secrets.token_hex(16)
            match = re.search(r"^CR1 P %s (\S+)$" % page, self.send(self.script(gate["id"], "page", page, **{"from": len(data) + 1})) or "", re.M)
            if match is None:
                raise Unproven("a page is missing")
            data += base64.b64decode(match.group(1))
        if hashlib.sha256(data).hexdigest() != fields["gzsha"]:
            raise Unproven("the bundle's digest differs")
        bundle, at, result = gzip.decompress(data), 0, {}
        for name, code, pod, out, err in fields["S"]:
            result[name] = Step(int(code), pod, bundle[at:at + int(out)], bundle[at + int(out):at + int(out) + int(err)])
            at += int(out) + int(err)
        return result

    def status(self, gate, nonce, digest):
        for _ in range(100):
            asked = secrets.token_hex(16)
            try:
                message = self.send(self.script(gate, "status", asked), 50) or ""
            except Blocked:
                raise Unproven("nobody can be asked")
            match = re.search(r"^CR1 STATUS %s (\S+)$" % asked, message, re.M)
            if match is None:
                raise Unproven("no answer to the question what became of it")
            if match.group(1) == "never-started":
                raise Blocked("never started")
            if match.group(1) == "done":
                frame = read_frame(message, nonce, digest)
                if frame is None:
                    raise Unproven("the stored frame is not ours")
                return frame
            if match.group(1) == "died":
                raise Unproven("died")
            time.sleep(0.05)
        raise Unproven("still running")

    # -- the gates

    def rehearse(self):
        """(verdict, gate, why): verdict PASS with gate "" for GO, else that of the first bad gate."""
        self.seen = {}
        for gate in self.plan["gates"]:
            try:
                getattr(self, gate["id"])(gate)
            except Blocked as problem:
                return "BLOCKED", gate["id"], str(problem)
            except Unproven as problem:
                return ("BLOCKED" if gate["id"] == "precheck" and str(problem) in () else "UNPROVEN"), gate["id"], str(problem)
            except Failed as problem:
                return ("BLOCKED" if gate["id"] == "precheck" else "FAIL"), gate["id"], str(problem)
        return "PASS", "", ""

    def gate_steps(self, gate):
        steps = self.remote(gate)
        for planned in gate["steps"]:
            if planned["where"] in ("jumpbox", "pod") and planned.get("environment"):
                step = steps.get(planned["id"])
                if step is None or step.code != 0 or step.pod == "lost":
                    raise Blocked("%s: %s" % (planned["id"], step.err.decode("utf-8", "replace")[-200:] if step else "did not run"))
        return steps

    def ended(self, steps, name):
        step = steps.get(name)
        if step is None:
            before = [n for n, s in steps.items() if s.code != 0 or s.pod == "lost"]
            if before:
                self.ended(steps, before[-1])
            raise Unproven(name + " did not run")
        if step.pod == "lost" or step.code in (124, 137):
            raise OpenEnd("%s: end not seen, or killed: code %d" % (name, step.code))
        if step.code != 0:
            raise Failed("%s ended with %d" % (name, step.code))
        return step

    def quiet(self, step, name):
        text = step.err.decode("utf-8", "replace")
        for pattern in NOISE:
            if pattern in text:
                raise Failed("%s: %r on stderr" % (name, pattern))

    def probe(self, steps, name):
        step = steps.get(name)
        if step is None or step.pod == "lost" or step.code in (124, 137):
            raise Unproven(name + " has no answer")
        lines = [line.split("=", 1) for line in step.out.decode("utf-8", "replace").splitlines() if "=" in line and not line.startswith("CR1")]
        facts = dict(lines)
        if len(facts) != len(lines):
            raise Unproven(name + ": a fact stands twice")
        if "HTTP_CODE" not in facts:
            raise Unproven(name + ": no fact")
        if facts["HTTP_CODE"] == "0":
            raise Unproven(name + ": no answer: " + facts.get("NO_ANSWER", ""))
        return int(facts["HTTP_CODE"]), base64.b64decode(facts["BODY_B64"]), facts

    def is_missing(self, answer, what):
        code, body, _facts = answer
        if code != 404 or parse(body) != {"detail": "tx_id not found"}:
            raise Failed("%s: %d %r" % (what, code, body[:80]))

    def is_complete(self, answer, **wanted):
        code, body, _facts = answer
        data = parse(body) if code == 200 else None
        if not isinstance(data, dict):
            raise Failed("read back: %d %r" % (code, body[:80]))
        data["related_id"] = (data.get("related") or {}).get("related_id")
        for key, value in wanted.items():
            if key == "event_time_min":
                when = instant(data["event_time"])
                if not instant(value) <= when <= time.time() + 5:
                    raise Failed("event_time %s" % data["event_time"])
            elif key == "event_time":
                if instant(data["event_time"]) != instant(value):
                    raise Failed("event_time %s" % data["event_time"])
            elif data.get(key) != value:
                raise Failed("%s is %r" % (key, data.get(key)))
        return data

    def agrees(self, answer, path, what):
        code, _headers, body = self.target.get(path)
        if code == 0:
            raise Unproven(what + ": no direct answer")
        mask = ("event_time", "data_lag_sec")
        mine, theirs = parse(body), parse(answer[1])
        if isinstance(mine, dict) and isinstance(theirs, dict):
            mine, theirs = ({k: v for k, v in d.items() if k not in mask} for d in (mine, theirs))
        if code != answer[0] or mine != theirs:
            raise Failed(what + ": this computer sees something else")

    def precheck(self, gate):
        results = {}
        for step in gate["steps"]:
            if step["where"] != "local":
                continue
            code, out, err = self.target.az(*self.argv(step["argv"])[1:])
            if code != 0:
                raise Blocked("%s: %s" % (step["id"], err.strip()[:200]))
            results[step["id"]] = json.loads(out)
        version = tuple(int(n) for n in results["az-version"]["azure-cli"].split("."))
        if version < (2, 20) or (2, 78) <= version < (2, 80):
            raise Failed("az %s" % (version,))
        if results["account"]["id"] != results["token"]["subscription"]:
            raise Failed("another subscription")
        if results["aks"]["provisioningState"] != "Succeeded" or results["aks"]["powerState"] != "Running":
            raise Failed("the cluster: %s" % results["aks"])
        steps = self.gate_steps(gate)
        if b"=missing" in steps["tools"].out or steps["tools"].out.count(b"TOOL ") != 8:
            raise Failed(steps["tools"].out.decode())
        if steps["namespace"].out != b"namespace/" + NAMESPACE.encode() + b"\n":
            raise Failed("namespace")
        rows = [line.split("|") for line in steps["deployments"].out.decode().splitlines()]
        if sorted(r[0] for r in rows) != sorted([API, CONSUMER]) or any(int(r[2] or 0) < 1 for r in rows):
            raise Failed("deployments: %s" % rows)
        for line in steps["pods"].out.decode().splitlines():
            if re.search(r"BackOff|ErrImagePull|,false,", line):
                raise Failed("pods: %s" % line)
        for name in ("jumpbox-clock", "api-clock", "consumer-clock"):
            clock = float(steps[name].out.split()[0])
            if abs(clock - time.time()) > 30:
                raise Failed("%s is %.0f s off" % (name, clock - time.time()))

    def migration(self, gate):
        steps = self.gate_steps(gate)
        self.strongest(lambda: self.ended(steps, "upgrade"), lambda: self.migration_at_head(steps), lambda: self.schema_usable(steps))

    def migration_at_head(self, steps):
        current = self.ended(steps, "current-after").out.decode().replace("CR1POD", "\nCR1POD").strip().splitlines()
        heads = [line for line in self.ended(steps, "heads").out.decode().splitlines() if line.endswith("(head)")]
        if len(heads) != 1 or current[0] != heads[0]:
            raise Failed("current %s, heads %s" % (current, heads))

    def schema_usable(self, steps):
        answer = self.probe(steps, "schema")
        self.is_missing(answer, "schema")
        self.agrees(answer, "/admin/tx/" + self.vars["MISSING_TX_ID"], "schema")

    def backfill(self, gate):
        self.agrees((404, b'{"detail":"tx_id not found"}'), "/admin/tx/" + self.vars["BACKFILL_TX_ID"], "before")
        steps = self.gate_steps(gate)
        self.strongest(lambda: self.backfill_ended(steps), lambda: self.backfill_read_back(steps))

    def strongest(self, *checks):
        """Runs all checks: a contradiction is stronger than something missing, and an open end than both."""
        problems = []
        for check in checks:
            try:
                check()
            except (Failed, Unproven) as problem:
                problems.append(problem)
        for kind in (OpenEnd, Failed, Unproven):
            for problem in problems:
                if isinstance(problem, kind):
                    raise problem

    def backfill_ended(self, steps):
        step = self.ended(steps, "backfill")
        sums = re.findall(rb"^CR1FILE ([0-9a-f]{64})$", step.out, re.M)
        if sums != [hashlib.sha256(self.vars[n].encode()).hexdigest().encode() for n in ("LEDGER_JSONL", "PAYMENT_JSONL")]:
            raise Failed("the files in the pod are other files")
        self.quiet(step, "backfill")
    def backfill_read_back(self, steps):
        for name in ("before-pay", "before-rec"):
            self.is_missing(self.probe(steps, name), name)
        for name, tx, other in (("after-pay", "BACKFILL_TX_ID", "BACKFILL_RECEIVE_TX_ID"), ("after-rec", "BACKFILL_RECEIVE_TX_ID", "BACKFILL_TX_ID")):
            answer = self.probe(steps, name)
            self.is_complete(answer, tx_id=self.vars[tx], paired_tx_id=self.vars[other], related_id=self.vars["BACKFILL_ORDER_ID"], status="SETTLED",
                             merchant_name="MERCHANT-BF", pairing_status="COMPLETE", amount="100.00", event_time=self.vars["BACKFILL_EVENT_TIME"])
            self.agrees(answer, "/admin/tx/" + self.vars[tx], name)

    def published(self, step, scenario):
        lines = [line for line in step.out.decode().splitlines() if line.startswith("{")]
        wanted = {"scenario": scenario, "run_id": self.run, "order_id": self.vars["SYNC_ORDER_ID"], "payment_tx_id": self.vars["SYNC_TX_ID"],
                  "receive_tx_id": self.vars["SYNC_RECEIVE_TX_ID"]}
        if [json.loads(line) for line in lines] != [wanted]:
            raise Failed("the publisher's ids")
        self.quiet(step, "publish")

    def consumed(self, steps, count):
        step = self.ended(steps, "consume")
        self.quiet(step, "consume")
        text = step.err.decode()
        if "Consumer interrupted" in text:
            raise Failed("interrupted")
        self.who = "exec" if "Processed %d messages; exiting" % count in text else "deployed" if "Idle for 20 seconds; exiting" in text else None

    def sync(self, gate):
        steps = self.gate_steps(gate)
        self.who = None
        self.strongest(lambda: self.published(self.ended(steps, "publish"), "happy"), lambda: self.consumed(steps, 3), lambda: self.sync_read_back(steps))
        if self.who is None:
            raise Unproven("who consumed")

    def sync_read_back(self, steps):
        answer = self.probe(steps, "readback")
        self.is_complete(answer, tx_id=self.vars["SYNC_TX_ID"], paired_tx_id=self.vars["SYNC_RECEIVE_TX_ID"], related_id=self.vars["SYNC_ORDER_ID"],
                         status="SETTLED", merchant_name="MERCHANT-SYNTHETIC", pairing_status="COMPLETE", amount="100.00",
                         event_time_min=self.vars["T_CUTOVER"])
        self.agrees(answer, "/admin/tx/" + self.vars["SYNC_TX_ID"], "readback")

    def smoke(self, gate):
        steps = self.gate_steps(gate)
        answer = self.probe(steps, "smoke-200")
        data = parse(answer[1])
        if answer[0] != 200 or not isinstance(data, dict) or data.get("tx_id") != self.vars["SYNC_TX_ID"]:
            raise Failed("200: %d %r" % (answer[0], answer[1][:80]))
        missing = self.probe(steps, "smoke-404")
        self.is_missing(missing, "404")
        if missing[1] == self.probe(steps, "nonsense")[1]:
            raise Failed("the router's 404")
        self.agrees(answer, "/admin/tx/" + self.vars["SYNC_TX_ID"], "200")
        self.agrees(missing, "/admin/tx/" + self.vars["MISSING_TX_ID"], "404")

    def idempotency(self, gate):
        steps = self.gate_steps(gate)
        self.published(self.ended(steps, "publish"), "duplicate")
        self.consumed(steps, 6)
        before, after = self.probe(steps, "before"), self.probe(steps, "after")
        first, second = parse(before[1]), parse(after[1])
        if before[0] != 200 or after[0] != 200 or first.get("status") != "SETTLED":
            raise Failed("before %d, after %d" % (before[0], after[0]))
        masked = ("event_time", "data_lag_sec")
        canonical = [json.dumps({k: v for k, v in d.items() if k not in masked}, sort_keys=True, separators=(",", ":")) for d in (first, second)]
        if canonical[0] != canonical[1]:
            raise Failed("the payload changed")
        if not isinstance(second["data_lag_sec"], int):
            raise Failed("the masked field's type")
        if not instant(second["event_time"]) > instant(first["event_time"]):
            raise Unproven("the duplicate was not processed: equal hashes say nothing")
        self.agrees(after, "/admin/tx/" + self.vars["SYNC_TX_ID"], "after")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _no_duplicates(pairs):
    if len({k for k, _v in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def parse(body):
    try:
        return json.loads(body, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        return None


def message_of(out):
    answer = parse(out) if "\\u0000" not in out and len(out) <= 1 << 20 else None
    if not isinstance(answer, dict) or not isinstance(answer.get("value"), list) or len(answer["value"]) != 1:
        return None
    return answer["value"][0].get("message")


def read_frame(message, nonce, digest):
    """(fields, data) of the frame with our nonce, or None."""
    match = re.search(r"(^CR1 BEGIN %s payload=(\S+) steps=(\d+) gz=(\d+) gzsha=(\S+)\n(?:CR1 S %s .*\n)*CR1 D %s len=\d+ (\S*)\n)CR1 END %s sum=(\S+)$"
                      % ((nonce,) * 4), message or "", re.M)
    if match is None or hashlib.sha256(match.group(1).encode()).hexdigest() != match.group(7) or match.group(2) != digest:
        return None
    steps = re.findall(r"^CR1 S %s (\S+) rc=(\d+) pod=(\S+) t0=\S+ out=(\d+) err=(\d+)$" % nonce, match.group(1), re.M)
    return {"gz": match.group(4), "gzsha": match.group(5), "S": steps}, base64.b64decode(match.group(6))
