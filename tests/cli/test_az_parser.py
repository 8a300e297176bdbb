#!/usr/bin/python3
# test_az_parser.py: every az command line of the plan is one that Debian's az accepts. Needs no network: az itself is stopped right after it
# has parsed its arguments.
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import os
import re
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import Case, environment, main, read  # noqa: E402

PARSER = r"""
import json, os, sys
from azure.cli.core import get_default_cli
from knack.events import EVENT_INVOKER_POST_PARSE_ARGS
class Parsed(BaseException):
    pass
def stop(_cli, **kwargs):
    raise Parsed(kwargs["args"])
results = []
for args in json.load(sys.stdin):
    cli = get_default_cli()
    cli.register_event(EVENT_INVOKER_POST_PARSE_ARGS, stop)
    cli.invocation = cli.invocation_cls(cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls)
    try:
        cli.invocation.execute(args)
        results.append("ran")
    except Parsed as parsed:
        results.append("ok " + parsed.args[0].command)
    except SystemExit as leave:
        results.append("exit %s" % leave.code)
json.dump(results, sys.stdout)
"""


class AzParser(Case):
    def parse(self, lines):
        done = subprocess.run(["/usr/bin/python3", "-c", PARSER], input=json.dumps(lines), capture_output=True, text=True, timeout=150,
                              env=environment(AZURE_CONFIG_DIR=os.path.join(self.root, "azure"), AZURE_CORE_COLLECT_TELEMETRY="no"))
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return json.loads(done.stdout)

    def setUp(self):
        super().setUp()
        if subprocess.run(["/usr/bin/python3", "-c", "import azure.cli.core"], capture_output=True).returncode != 0:
            self.skipTest("the Azure CLI is not installed (Debian package azure-cli)")

    def test_the_parser_can_say_no(self):
        self.assertEqual(self.parse([["vm", "run-command", "invoke", "-g", "a", "--bogus"]]), ["exit 2"])

    def test_every_az_line_of_the_plan(self):
        for extra in ([], ["--set", "subscription=00000000-0000-0000-0000-000000000000"]):
            shown = self.rehearse("plan", "--profile", "dev", "--owner", "x", *extra, expect=0).stdout
            lines = [shlex.split(line)[1:] for line in re.findall(r"^    \$ (az .*)$", shown, flags=re.M)]
            self.assertEqual(sum(line[:3] == ["vm", "run-command", "invoke"] for line in lines), 6)
            self.assertGreaterEqual(len(lines), 10)
            # `--scripts @-` makes az read its standard input, which here is the list: a plain word stands for it
            lines = [["#!/bin/sh" if word == "@-" else word for word in line] for line in lines]
            for line, result in zip(lines, self.parse(lines)):
                self.assertEqual(result.split(" ")[0], "ok", line)

    def test_every_az_line_of_the_other_road(self):
        folder = self.last_line(self.practice("--fault", "az-operation-group", expect=0))[2]
        lines = []
        for name in sorted(os.listdir(folder)):
            if name.endswith(".log"):
                text = read(os.path.join(folder, name))
                lines += [line.split(" ")[1:] for line in re.findall(r"^\| \$ (\S*az rest .*)$", text, flags=re.M)]
        self.assertGreaterEqual(len(lines), 6)
        lines = [["{}" if word == "@-" else word for word in line] for line in lines]
        for line, result in zip(lines, self.parse(lines)):
            self.assertEqual(result, "ok rest", line)


if __name__ == "__main__":
    main()
