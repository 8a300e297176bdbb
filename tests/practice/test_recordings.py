# SPDX-License-Identifier: GPL-3.0-or-later
"""The target's commands and its API against recordings of the real service."""

import json
import os
import re
import shlex
import subprocess
import time
import unittest

import reference

HERE = os.path.dirname(os.path.abspath(__file__))
SINCE, UNTIL = "2026-11-22T09:00:38Z", "2026-11-23T09:00:37Z"


def recording(name):
    """(command, exit code, stdout, stderr) of a recording."""
    with open(os.path.join(HERE, "recordings", name + ".txt"), encoding="utf-8") as f:
        text = f.read()
    command = re.search(r"^command: (.*)$", text, re.M).group(1)
    code = int(re.search(r"^exit_code: (\d+)", text, re.M).group(1))
    out, err = re.search(r"^----- stdout \(\d+ bytes\) -----\n(.*?)^----- stderr \(\d+ bytes\) -----\n(.*)", text, re.M | re.S).groups()
    return command, code, out, err


def plain(text):
    """Log lines and final exception lines: times, ids and numbers that differ from run to run replaced, traceback frames left out."""
    kept = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t") or line.startswith(("Traceback", "The above exception", "During handling", "<")) or not line.strip():
            continue
        line = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", line)
        line = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", line)
        line = re.sub(r"^(%\d)\|[\d.]+\|", r"\1|TIME|", line)
        line = re.sub(r"127\.0\.0\.1:\d+|10\.224\.4\.20:9092", "BROKER", line)
        kept.append(line)
    return kept


class Commands(unittest.TestCase):
    maxDiff = None

    def start(self, faults=""):
        target = reference.Target(faults)
        self.addCleanup(target.stop)
        self.target = target
        self.bin = os.path.join(target.root, "jumpbox", "bin")
        self.env = {"PATH": self.bin + ":/usr/bin:/bin", "HOME": os.path.join(target.root, "jumpbox", "home"), "KUBECONFIG": os.path.join(target.root, "kubeconfig")}
        for command in ("az aks get-credentials -g practice-group -n practice-aks --overwrite-existing --only-show-errors", "kubelogin convert-kubeconfig -l azurecli"):
            subprocess.run(shlex.split(command), env=self.env, check=True)

    def run_in_pod(self, command, deployment="tx-lookup-api"):
        done = subprocess.run(["kubectl", "-n", "txlookup", "exec", "deploy/" + deployment, "--"] + shlex.split(command), env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True)
        err = re.sub(r"command terminated with exit code \d+\n\Z", "", done.stderr.decode())
        return done.returncode, done.stdout.decode(), err

    def same(self, name, command=None, deployment="tx-lookup-api", out=True, err=plain):
        recorded, code, stdout, stderr = recording(name)
        got = self.run_in_pod(command or recorded, deployment)
        self.assertEqual(got[0], code, name + ": " + got[2])
        if out:
            self.assertEqual(got[1], stdout, name)
        self.assertEqual(err(got[2]), err(stderr), name)
        return got

    def pod_file(self, name, rows, pod="tx-lookup-api-6d5f9c7b48-x2v9k"):
        with open(os.path.join(self.target.root, "pods", pod, "tmp", name), "w", encoding="utf-8") as f:
            f.write("".join(json.dumps(r) + "\n" for r in rows))

    def rows(self, run, when):
        legs = [{"tx_id": "tx-bf-%s-%s" % (leg, run), "wallet_id": wallet, "entry_type": kind, "amount": "100.00", "amount_signed": sign + "100.00",
                 "related_id": "po-bf-" + run, "related_type": "PAYMENT_ORDER", "event_time": when, "created_at": when, "updated_at": when, "version": 1}
                for leg, wallet, kind, sign in (("pay", "wallet-bf-payer", "PAYMENT", "-"), ("rec", "wallet-bf-payee", "RECEIVE", ""))]
        order = {"order_id": "po-bf-" + run, "user_id": "user-bf", "merchant_name": "MERCHANT-BF", "amount": "100.00", "status": "SETTLED", "created_at": when,
                 "updated_at": when, "version": 1}
        return legs, [order]

    def test_migration(self):
        self.start()
        for name in ("migration-current-before", "migration-happy-empty-db", "migration-current-after", "migration-noop-second-run"):
            self.same(name, err=str)

    def test_migration_on_a_dropped_schema(self):
        self.start("schema-dropped-at-head")
        self.same("migration-noop-but-tables-gone", err=str)
        self.same("migration-noop-but-tables-gone-current", err=str)
        self.assertEqual(self.target.get("/admin/tx/x")[0], 500)

    def test_migration_refused(self):
        self.start("migration-multiple-heads")
        self.same("migration-multiple-heads", err=str)
        code, out, err = self.run_in_pod("alembic heads")
        self.assertEqual((code, len(out.splitlines()), err), (0, len(recording("migration-multiple-heads-heads-cmd")[2].splitlines()), ""))

    def test_migration_by_a_newer_image(self):
        self.start("migration-unknown-revision")
        self.same("migration-unknown-db-revision", err=str)

    def test_migration_without_configuration(self):
        self.start("migration-wrong-folder")
        self.same("migration-wrong-cwd", err=str)

    def test_backfill(self):
        self.start("migration-nothing-to-do")
        legs, orders = self.rows("c1", "2026-11-23T08:00:38Z")
        run = re.search(r"ledger_(\S+)\.jsonl", recording("backfill-happy")[0]).group(1)
        for name in ("c1", "oor", run):
            self.pod_file("e2_3_ledger_%s.jsonl" % name, legs)
            self.pod_file("e2_3_payment_%s.jsonl" % name, orders)
        self.same("backfill-happy")
        self.same("backfill-rerun-same-file")
        status, _headers, body = self.target.get("/admin/tx/tx-bf-pay-c1")
        self.assertEqual((status, json.loads(body)["event_time"], json.loads(body)["merchant_name"]), (200, "2026-11-23T08:00:38Z", "MERCHANT-BF"))
        for name in ("backfill-file-missing", "backfill-since-empty", "backfill-bad-since", "backfill-empty-files", "backfill-no-files", "backfill-payment-file-missing",
                     "backfill-all-out-of-range"):
            self.same(name)

    def test_backfill_dead_letters(self):
        self.start("migration-nothing-to-do")
        legs, orders = self.rows("bad", "2026-11-23T08:00:38Z")
        bad = [dict(legs[0]), dict(legs[0], amount="not-a-number"), dict(legs[0], event_time=UNTIL, created_at=SINCE),
               dict(legs[0], event_time="yesterday", created_at="yesterday")]
        del bad[0]["wallet_id"]
        del orders[0]["status"]
        self.pod_file("bad_ledger.jsonl", bad)
        self.pod_file("bad_payment.jsonl", orders)
        self.same("backfill-every-row-invalid")
        with open(os.path.join(self.target.root, "pods", "tx-lookup-api-6d5f9c7b48-x2v9k", "app", "dlq", "failed_events.jsonl"), encoding="utf-8") as f:
            letters = [json.loads(line) for line in f]
        self.assertEqual([x["topic"] for x in letters], ["backfill-ledger"] * 4 + ["backfill-payment-order"])
        self.assertEqual([x["error"] for x in letters], ["parse_error", "parse_error", "contract_core_violation", "parse_error", "parse_error"])

    def test_the_window_includes_both_ends(self):
        self.start("migration-nothing-to-do")
        times = ["2026-11-22T09:00:37Z", SINCE, UNTIL, "2026-11-23T09:00:37.5Z", "2026-11-23T09:00:38Z"]
        self.pod_file("fence.jsonl", [self.rows("f%d" % i, when)[0][0] for i, when in enumerate(times)])
        code, _out, _err = self.run_in_pod("python -m src.consumer.main backfill --ledger-file /tmp/fence.jsonl --since %s --until %s" % (SINCE, UNTIL))
        self.assertEqual(code, 0)
        self.assertEqual([self.target.get("/admin/tx/tx-bf-pay-f%d" % i)[0] for i in range(5)], [404, 200, 200, 404, 404])

    def test_publish_and_consume(self):
        self.start("migration-nothing-to-do")
        consumer = "txlookup-consumer"
        self.same("sync-publish-happy", deployment=consumer)
        self.same("sync-consume-happy", deployment=consumer)
        self.same("idempotency-happy-3-publish", deployment=consumer)
        self.same("idempotency-happy-4-consume", deployment=consumer)
        self.same("sync-consume-nothing-on-topic", deployment=consumer)
        self.same("sync-no-subcommand", deployment=consumer)
        self.same("sync-unknown-subcommand", command="python -m src.consumer.main run", deployment=consumer)
        code, out, err = self.run_in_pod("env LOG_LEVEL=WARNING python -m src.consumer.main consume --max-messages 3 --max-idle-seconds 5", consumer)
        self.assertEqual((code, out, err), recording("sync-consume-log-level-warning")[1:])

    def test_newer_versions_win(self):
        self.start("migration-nothing-to-do")
        self.run_in_pod("python scripts/publish_synthetic_events.py --scenario out_of_order --run-id oo")
        self.same("sync-consume-out-of-order")
        wanted = json.loads(recording("smoke-get-out-of-order")[2].split("\n\n", 1)[1])
        got = json.loads(self.target.get("/admin/tx/tx-pay-oo")[2])
        self.assertEqual({k: v for k, v in got.items() if k not in ("event_time", "data_lag_sec")},
                         {k: v for k, v in wanted.items() if k not in ("event_time", "data_lag_sec")})

    def test_invalid_messages(self):
        self.start("migration-nothing-to-do")
        self.run_in_pod("python scripts/publish_synthetic_events.py --scenario error --run-id bad")
        self.same("sync-consume-invalid-messages")

    def test_broker_refuses(self):
        for fault, name, deployment in (("consume-no-such-topic", "sync-consume-no-such-topic", "txlookup-consumer"),
                                        ("consume-not-authorized", "sync-consume-group-not-authorized", "txlookup-consumer")):
            self.start(fault)
            recorded = recording(name)
            code, out, err = self.run_in_pod(recorded[0], deployment)
            self.assertEqual((code, out), recorded[1:3])
            wanted = [re.sub(r"no\.such\.topic\.[ab]", "TOPIC", line) for line in plain(recorded[3])]
            got = [re.sub(r"ledger\.entry\.upserted|payment\.order\.upserted", "TOPIC", line) for line in plain(err)]
            self.assertEqual(got, [re.sub(r"ledger\.entry\.upserted|payment\.order\.upserted", "TOPIC", line) for line in wanted])

    def test_rejected_messages(self):
        self.start("publish-rejected")
        recorded, code, _out, err = recording("sync-publish-produce-rejected")
        got = self.run_in_pod(recorded)
        strip = lambda text: [re.sub(r"BROKER/1", "BROKER", line) for line in plain(text)]
        self.assertEqual((got[0], strip(got[2])), (code, strip(err)))


class Answers(unittest.TestCase):
    """The API: status line, header names in their order, body with its fields in their order."""

    maxDiff = None

    def raw(self, target, path, headers=()):
        import socket
        port = int(target.ready["api_url"].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as sock:
            lines = ["GET %s HTTP/1.1" % path, "Host: api", "Connection: close"] + list(headers)
            sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            data = b""
            while True:
                part = sock.recv(65536)
                if not part:
                    return data.decode()
                data += part

    def same(self, target, name, path, headers=(), run=None):
        recorded = recording(name)[2]
        recorded = recorded[recorded.index("HTTP "):].rstrip("\n")
        got = self.raw(target, path, headers).replace("\r\n", "\n").replace("HTTP/1.1 ", "HTTP ", 1)

        def shape(text):
            head, body = text.split("\n\n", 1)
            lines = [re.sub(r"^(date|content-length|x-correlation-id): .*", r"\1", line) for line in head.splitlines()]
            body = re.sub(r"e2-3-\d+|(?<=-)(?:s1|r1|p1)\b", "RUN", body)
            body = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+09:00)", r"TIME\1", body)
            return lines, re.sub(r'"data_lag_sec":\d+', '"data_lag_sec":N', body)
        self.assertEqual(shape(got), shape(recorded), name)
        length = re.search(r"^content-length: (\d+)$", got, re.M).group(1)
        self.assertEqual(int(length), len(got.split("\n\n", 1)[1]))
        return got

    def filled(self, faults=""):
        target = reference.Target(("migration-nothing-to-do," + faults).strip(","))
        self.addCleanup(target.stop)
        helper = Commands()
        helper.target, helper.addCleanup = target, self.addCleanup
        bin_folder = os.path.join(target.root, "jumpbox", "bin")
        env = {"PATH": bin_folder + ":/usr/bin:/bin", "HOME": target.folder.name, "KUBECONFIG": os.path.join(target.root, "kubeconfig")}
        for command in ("az aks get-credentials -g practice-group -n practice-aks --only-show-errors", "kubelogin convert-kubeconfig -l azurecli",
                        "kubectl -n txlookup exec deploy/txlookup-consumer -- python scripts/publish_synthetic_events.py --scenario happy --run-id s1",
                        "kubectl -n txlookup exec deploy/txlookup-consumer -- python -m src.consumer.main consume --max-messages 3 --max-idle-seconds 20"):
            subprocess.run(shlex.split(command), env=env, check=True, capture_output=True)
        return target

    def test_answers(self):
        target = self.filled()
        self.same(target, "smoke-get-200-full", "/admin/tx/tx-pay-s1")
        self.same(target, "smoke-get-200-receive-leg", "/admin/tx/tx-rec-s1")
        self.same(target, "smoke-get-404-unknown-id", "/admin/tx/tx-missing")
        self.same(target, "smoke-get-404-no-such-route", "/admin/tx/")
        self.same(target, "smoke-get-order", "/admin/payment-orders/po-s1")
        self.same(target, "smoke-get-wallet", "/admin/wallets/wallet-payer/tx?from=2026-01-01T00:00:00Z&limit=2")
        got = self.same(target, "smoke-get-200-with-actor-headers", "/admin/tx/tx-pay-s1", ["X-Actor-Id: rehearsal", "X-Correlation-ID: corr-1"])
        self.assertIn("x-correlation-id: corr-1\n", got)

    def test_the_lag_is_measured(self):
        target = self.filled()
        first = json.loads(target.get("/admin/tx/tx-pay-s1")[2])
        self.assertLessEqual(abs(time.time() - reference.instant(first["event_time"]) - first["data_lag_sec"]), 2)

    def test_handled_answers_are_audited(self):
        import sqlite3
        target = self.filled()
        for path in ("/admin/tx/tx-pay-s1", "/admin/tx/nobody", "/admin/tx/", "/admin/nonsense"):
            target.get(path, {"X-Actor-Id": "auditor"})
        with sqlite3.connect(os.path.join(target.root, "database", "bo.db")) as db:
            self.assertEqual(db.execute("SELECT actor_id, resource_id, status_code FROM admin_audit_logs ORDER BY id").fetchall(),
                             [("auditor", "tx-pay-s1", 200), ("auditor", "nobody", 404)])

    def test_other_states(self):
        target = self.filled("seoul-time-zone")
        self.same(target, "smoke-get-db-timezone-seoul", "/admin/tx/tx-pay-s1")
        target = reference.Target("audit-table-missing")
        self.addCleanup(target.stop)
        self.same(target, "smoke-get-audit-table-missing", "/admin/tx/x")
        target = reference.Target("auth-required,migration-nothing-to-do")
        self.addCleanup(target.stop)
        self.same(target, "smoke-auth-no-header", "/admin/tx/x")
        self.same(target, "smoke-auth-basic", "/admin/tx/x", ["Authorization: Basic eDp5"])
        self.same(target, "smoke-auth-garbage", "/admin/tx/x", ["Authorization: Bearer garbage"])


if __name__ == "__main__":
    unittest.main()
