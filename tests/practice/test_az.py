# SPDX-License-Identifier: GPL-3.0-or-later
"""az of the practice target: texts, layout and exit codes as measured on the real one; and the run command's habits."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

import reference

sys.path.insert(0, os.path.dirname(reference.PROGRAM))
from practice import jmes, jsonpath  # noqa: E402

AKS = ("aks", "show", "-g", reference.GROUP, "-n", reference.CLUSTER)
RUN = ("vm", "run-command", "invoke", "-g", reference.GROUP, "-n", reference.VM, "--command-id", "RunShellScript", "--scripts")


class Account(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = reference.Target()

    @classmethod
    def tearDownClass(cls):
        cls.target.stop()

    def test_version(self):
        code, out, err = self.target.az("version", "-o", "json")
        self.assertEqual((code, err, json.loads(out)["azure-cli"], out[:4]), (0, "", "2.67.0", '{\n  '))

    def test_account_and_token_agree(self):
        account = json.loads(self.target.az("account", "show", "-o", "json", "--only-show-errors")[1])
        code, out, _err = self.target.az("account", "get-access-token", "--query", "{subscription:subscription,tenant:tenant,expiresOn:expiresOn}", "-o", "json")
        token = json.loads(out)
        self.assertEqual((code, list(token), token["subscription"]), (0, ["subscription", "tenant", "expiresOn"], account["id"]))

    def test_query(self):
        self.assertEqual(self.target.az(*AKS, "--query", "provisioningState", "-o", "tsv"), (0, "Succeeded\n", ""))
        self.assertEqual(self.target.az(*AKS, "--query", "provisionningState", "-o", "tsv"), (0, "", ""))  # a misspelt name: nothing, exit 0
        code, _out, err = self.target.az(*AKS, "--query", "foo[")
        self.assertEqual((code, err), (2, "ERROR: argument --query: invalid jmespath_type value: 'foo['\n"))

    def test_refusals(self):
        for args, code, text in (
                (("bogus",), 2, "ERROR: 'bogus' is misspelled or not recognized by the system.\n"),
                (("vm", "run-command", "invoke", "-g", "g", "-n", "v", "--command-id", "RunShellScript", "--scripts", "-n"), 2,
                 "ERROR: argument --scripts: expected at least one argument\n"),
                (("vm", "run-command", "invoke", "-g", "g", "--command-id", "RunShellScript"), 1, "ERROR: (--name | --ids) are required\n"),
                (("account", "show", "--subscription", "nosuch"), 1, "WARNING: Subscription 'nosuch' not recognized.\nERROR: Subscription 'nosuch' not found. "
                 "Check the spelling and casing and try again.\n")):
            self.assertEqual(self.target.az(*args), (code, "", text))
        code, _out, err = self.target.az("aks", "show", "-g", "nowhere", "-n", "x")
        self.assertEqual((code, err.splitlines()[0]), (3, "ERROR: (ResourceGroupNotFound) Resource group 'nowhere' could not be found."))
        code, _out, err = self.target.az("vm", "run-command", "invoke", "-g", reference.GROUP, "-n", "x", "--command-id", "RunShellScript", "--scripts", "true")
        self.assertEqual(code, 3)
        self.assertRegex(err, r"\AERROR: \(ResourceNotFound\) The Resource 'Microsoft.Compute/virtualMachines/x' under resource group .*\nCode: ResourceNotFound\nMessage: ")

    def message(self, script, **more):
        code, out, _err = self.target.run_script(script, **more)
        self.assertEqual(code, 0)
        return json.loads(out)["value"][0]["message"]

    def test_a_failing_script_looks_like_a_good_one(self):
        code, out, err = self.target.run_script("#!/bin/sh\necho hello\necho boom >&2\nexit 123\n")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(json.loads(out), {"value": [{
            "code": "ProvisioningState/succeeded", "displayStatus": "Provisioning succeeded", "level": "Info",
            "message": "Enable succeeded: \n[stdout]\nhello\n\n[stderr]\nboom\n", "time": None}]})
        self.assertEqual(self.message("true"), "Enable succeeded: \n[stdout]\n\n[stderr]\n")

    def test_only_the_last_4096_bytes_come_back(self):
        out = "".join("%05d\n" % i for i in range(2000))
        message = self.message("#!/bin/sh\ni=0; while [ $i -lt 2000 ]; do printf '%05d\\n' $i; printf '%05d\\n' $i >&2; i=$((i+1)); done\n")
        self.assertEqual(message, "Enable succeeded: \n[stdout]\n%s\n[stderr]\n%s" % (out[-4096:], out[-4096:]))

    def test_the_first_line_decides_the_shell(self):
        self.assertIn("bash", self.message("#!/bin/bash\necho ${BASH_VERSION:+bash}\n"))
        self.assertNotIn("bash\n", self.message("echo ${BASH_VERSION:+bash}\n"))
        self.assertIn("[unset]", self.message("#!/bin/sh\necho [${HOME-unset}]; read x; echo $?\n"))

    def test_scripts_from_arguments_and_files(self):
        self.assertIn("one\ntwo", json.loads(self.target.az(*RUN, "echo one", "echo two")[1])["value"][0]["message"])
        path = os.path.join(self.target.folder.name, "x.sh")
        with open(path, "w", encoding="ascii") as f:
            f.write("echo from-a-file\n")
        self.assertIn("from-a-file", json.loads(self.target.az(*RUN, "@" + path)[1])["value"][0]["message"])
        self.assertIn("not found", json.loads(self.target.az(*RUN, "@/nowhere/x.sh")[1])["value"][0]["message"])  # the text itself was run

    def test_one_script_at_a_time(self):
        flag = os.path.join(self.target.folder.name, "flag")
        os.mkfifo(flag)
        first = threading.Thread(target=self.target.run_script, args=("#!/bin/sh\necho up >%s\nread x <%s\n" % (flag, flag),))
        first.start()
        with open(flag, encoding="ascii") as f:
            f.read(1)
        code, out, err = self.target.run_script("echo second")
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err.splitlines()[0], "ERROR: (Conflict) Run command extension execution is in progress. Please wait for completion before invoking a run command.")
        with open(flag, "w", encoding="ascii") as f:
            f.write("go\n")
        first.join()

    def test_rest_goes_the_same_way(self):
        url = "https://management.azure.com/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/virtualMachines/%s/runCommand?api-version=2024-07-01" % (
            self.target.ready["subscription"], reference.GROUP, reference.VM)
        code, out, err = self.target.az("rest", "--method", "post", "--url", url, "--body", json.dumps({"commandId": "RunShellScript", "script": ["echo a", "echo b"]}),
                                        "--verbose")
        self.assertEqual((code, out), (0, ""))
        operation = re.search(r"^INFO:     'Azure-AsyncOperation': '(https://\S+)'$", err, re.M).group(1)
        self.assertNotIn("practice-token", err)
        while True:
            code, out, _err = self.target.az("rest", "--method", "get", "--url", operation)
            answer = json.loads(out)
            self.assertEqual(code, 0)
            if answer["status"] != "InProgress":
                break
            time.sleep(0.02)
        self.assertEqual(answer["status"], "Succeeded")
        self.assertEqual(answer["properties"]["output"]["value"][0]["message"], "Enable succeeded: \n[stdout]\na\nb\n\n[stderr]\n")
        code, _out, err = self.target.az("rest", "--method", "post", "--url", url.replace(reference.VM, "x"), "--body", '{"commandId":"RunShellScript","script":["true"]}')
        self.assertEqual(code, 1)
        self.assertTrue(err.startswith('ERROR: Not Found({"error": {"code": "ResourceNotFound", "message": '), err)

    def test_an_interrupted_az_leaves_the_script_running(self):
        folder = self.target.folder.name
        started, ended = os.path.join(folder, "started"), os.path.join(folder, "ended")
        os.mkfifo(started)
        process = subprocess.Popen([self.target.ready["az"], *RUN, "#!/bin/sh\necho x >%s\necho x >%s\n" % (started, ended)], stderr=subprocess.PIPE, text=True)
        os.mkfifo(ended)
        with open(started, encoding="ascii") as f:
            f.read()
        process.send_signal(signal.SIGINT)
        self.assertEqual((process.communicate()[1], process.returncode), ("ERROR: Long-running operation wait cancelled.\n", 1))
        with open(ended, encoding="ascii") as f:
            self.assertEqual(f.read(), "x\n")


class SignIn(unittest.TestCase):
    def test_account_show_is_offline(self):
        with reference.Target("az-token-expired") as target:
            self.assertEqual(target.az("account", "show")[0], 0)
            code, out, err = target.az("account", "get-access-token")
            self.assertEqual((code, out), (1, ""))
            self.assertRegex(err, r"\AERROR: AADSTS700082: The refresh token has expired due to inactivity\.")
            self.assertIn("Interactive authentication is needed. Please run:\naz login --scope https://management.core.windows.net//.default\n", err)

    def test_not_signed_in(self):
        with reference.Target("az-not-signed-in") as target:
            self.assertEqual(target.az("account", "show"), (1, "", "ERROR: Please run 'az login' to setup account.\n"))
            self.assertEqual(target.az("account", "list"), (0, "[]\n", ""))

    def test_debians_az(self):
        with reference.Target("az-operation-group") as target:
            code, _out, err = target.run_script("echo x")
            self.assertEqual((code, json.loads(target.az("version")[1])["azure-cli"]), (1, "2.45.0"))
            self.assertIn("API version 2022-11-01 does not have operation group 'virtual_machine_run_commands'", err)

    def test_a_stopped_cluster_says_succeeded(self):
        with reference.Target("cluster-stopped") as target:
            self.assertEqual(target.az(*AKS, "--query", "[provisioningState,powerState.code]", "-o", "tsv"), (0, "Succeeded\nStopped\n", ""))


class Languages(unittest.TestCase):
    """Expectations from the two languages' specifications and from kubectl's documentation."""

    def test_jmespath(self):
        value = {"a": {"b": [{"n": 1, "m": "x"}, {"n": 2}]}, "k-l": True}
        for expression, wanted in (("a.b[0].n", 1), ("a.b[-1].n", 2), ("a.b[9]", None), ("a.b[*].n", [1, 2]), ("a.b[].m", ["x"]), ('"k-l"', True), ("nope", None),
                                   ("{x:a.b[0].m,y:nope}", {"x": "x", "y": None}), ("a.[b[0].n,nope]", [1, None]), ("a.b[*].{q:n}", [{"q": 1}, {"q": 2}]),
                                   ("a.b[*].n | [0]", 1), ("a.b.c", None), ("@.a.b[1]", {"n": 2})):
            self.assertEqual(jmes.search(expression, value), wanted, expression)
        for expression in ("foo[", "a..b", "{a}", "", "a b", "a[1", "[?a", "a."):
            with self.assertRaises(jmes.JmesError, msg=expression):
                jmes.search(expression, value)

    def test_jsonpath(self):
        pods = {"kind": "List", "items": [
            {"metadata": {"name": "p1", "labels": {"app.io/x": "l"}}, "status": {"phase": "Running", "containerStatuses": [
                {"name": "c", "ready": True, "restartCount": 0, "state": {"running": {}}, "lastState": {}}]}},
            {"metadata": {"name": "p2"}, "status": {"phase": "Pending", "containerStatuses": [
                {"name": "c", "ready": False, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1}}}]}}]}
        for template, wanted in (
                ("{.kind} is {.items[0].metadata.name}", "List is p1"), ("{.items[*].metadata.name}", "p1 p2"), ("{.items[-1].metadata.name}", "p2"),
                ("{.items[0:1].metadata.name}", "p1"), ("{range .items[*]}[{.metadata.name}, {.status.phase}] {end}", "[p1, Running] [p2, Pending] "),
                ("{..name}", "p1 c p2 c"), ('{.items[?(@.metadata.name=="p2")].status.phase}', "Pending"),
                ("{.items[0].metadata.labels['app.io/x']}", "l"), ("{.items[0].nothing}", ""),
                ('{range .items[*]}{.metadata.name}{"|"}{range .status.containerStatuses[*]}{"c:"}{.name}{","}{.ready}{","}{.restartCount}{","}{.state.waiting.reason}{","}'
                 '{.lastState.terminated.exitCode}{";"}{end}{"\\n"}{end}', "p1|c:c,true,0,,;\np2|c:c,false,7,CrashLoopBackOff,1;\n")):
            if wanted is not None:
                self.assertEqual(jsonpath.render(template, pods), wanted, template)
        for template in ("{.items[9]}", "{.items", "{end}", "{range .items[*]}x", "{.a[b]}"):
            with self.assertRaises(jsonpath.JsonPathError, msg=template):
                jsonpath.render(template, pods)


if __name__ == "__main__":
    unittest.main()
