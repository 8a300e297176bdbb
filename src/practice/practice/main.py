# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of practice-target."""

import argparse
import json
import sys

from . import faults
from . import world


def main(argv):
    parser = argparse.ArgumentParser(prog="practice-target", description="The built-in stand-in for Azure, jumpbox, pods, database and API.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve until SIGTERM, the end of standard input, or the end of the parent")
    serve.add_argument("--root", required=True, metavar="DIR", help="a new or empty folder for everything this target needs")
    serve.add_argument("--speed", choices=list(world.SPEEDS), default="10x", help="how fast waits go by (default: %(default)s)")
    serve.add_argument("--faults", default="", metavar="A,B", help="names of faults to play")
    serve.add_argument("--seed", type=int, default=1, help="for faults with a random part (default: %(default)s)")
    serve.add_argument("--parent-pid", type=int, default=0, metavar="PID", help="end when that process ends")
    listing = commands.add_parser("faults", help="list all faults")
    listing.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    if options.command == "faults":
        catalogue = faults.load()
        if options.json:
            print(json.dumps(catalogue, indent=2, ensure_ascii=False))
        else:
            for fault in catalogue:
                print("%-28s %s" % (fault["name"], fault["summary"]))
        return 0
    names = [name.strip() for name in options.faults.split(",") if name.strip()]
    problem = faults.check(names)
    if problem:
        print("practice-target: " + problem, file=sys.stderr)
        return 2
    from .serve import serve as run
    return run(options.root, options.speed, names, options.seed, options.parent_pid)
