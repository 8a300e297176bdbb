# SPDX-License-Identifier: GPL-3.0-or-later
"""python and alembic in the pods: real Python and real Alembic, in a process forked from one that has them loaded."""

import os
import re
import runpy
import signal
import socket
import sys
import time
import traceback

from . import podfaults
from . import world as w
from . import zygote

OWN = os.path.dirname(os.path.abspath(__file__))


def _enter(connection, cwd, env):
    """Becomes the process that the client program stands for: its streams, folder, environment, and its end by a signal."""
    for target, fd in enumerate(connection.fds):
        os.dup2(fd, target)
    for fd in connection.fds:
        os.close(fd)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    zygote.die_with_client(connection.sock)
    world = w.current()
    address, port = w.API_ADDRESS.rpartition("/")[2].split(":")
    connect = socket.socket.connect

    def connect_in_pod(self, to):
        """In a pod the API listens on port 8000; here pods share one network with everything else on this computer."""
        return connect(self, (address, world.pod_port) if to == (address, int(port)) else to)

    socket.socket.connect = connect_in_pod
    if world.pace != 1:
        _scale_time(world.pace)
    offset = clock_offset(world, os.path.basename(env.get("HOSTNAME", "")))
    if offset:
        real = time.time
        time.time = lambda: real() + offset
    return world


def clock_offset(world, place):
    """Seconds by which the clock of that place is wrong."""
    if world.has("clock-40s-off") and place == w.API_POD:
        return 40
    if world.has("consumer-clock-behind") and place == w.CONSUMER_POD:
        return -600
    return 0


def _scale_time(pace):
    """Waits of Python programs in pods go by faster; the wall clock does not."""
    sleep, monotonic = time.sleep, time.monotonic
    start = monotonic()
    time.sleep = lambda seconds: sleep(seconds * pace)
    time.monotonic = lambda: start + (monotonic() - start) / pace


def _finish(call):
    """Runs call as the main program of a Python process; returns its exit status, or -N if signal N ends it."""
    code = 0
    try:
        call()
    except SystemExit as stop:
        if stop.code is None:
            code = 0
        elif isinstance(stop.code, int):
            code = stop.code & 0xFF
        else:
            print(stop.code, file=sys.stderr)
            code = 1
    except KeyboardInterrupt:
        code = 130
    except podfaults.Killed as end:
        return -end.signum
    except BaseException as error:
        tb = error.__traceback__
        while tb is not None and os.path.dirname(os.path.abspath(tb.tb_frame.f_code.co_filename)) == OWN:
            tb = tb.tb_next
        traceback.print_exception(type(error), error, tb)
        code = 1
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = 120
    sys.stderr.flush()
    return code


def _map_in(argument, pod_root):
    return pod_root + argument if re.match(r"/(tmp|app)(/|$)", argument) and not argument.startswith(pod_root) else argument


def python(connection, place, argv, cwd, env):
    code = _python(connection, place, argv, cwd, env)
    return _killed(connection, -code) if code < 0 else code


def _killed(connection, signum):
    connection.die(signum)
    return None


def _python(connection, place, argv, cwd, env):
    world = _enter(connection, cwd, env)
    root = world.path("pods", place)
    args = [_map_in(a, root) for a in argv[1:]]
    while args and args[0] in ("-u", "-I", "-E", "-s", "-S", "-B", "-q"):
        args.pop(0)
    if args and args[0] in ("-V", "--version"):
        print("Python %d.%d.%d" % sys.version_info[:3])
        sys.stdout.flush()
        return 0
    main = type(sys)("__main__")
    if args[:1] == ["-c"] and len(args) > 1:
        code = args[1]
        sys.argv = ["-c"] + args[2:]
        sys.path[0] = ""
        sys.modules["__main__"] = main
        status = _finish(lambda: exec(compile(code, "<string>", "exec"), main.__dict__))
        if world.at("smoke", "facts-contradict"):
            print("HTTP_CODE=500", flush=True)
        return status
    if args[:1] == ["-m"] and len(args) > 1:
        sys.argv = args[1:]
        sys.path[0] = cwd
        return _finish(lambda: runpy.run_module(args[1], run_name="__main__", alter_sys=True))
    if args and (args[0] == "-" or not args[0].startswith("-")):
        sys.argv = args
        if args[0] == "-":
            code = sys.stdin.read()
            sys.modules["__main__"] = main
            return _finish(lambda: exec(compile(code, "<stdin>", "exec"), main.__dict__))
        if not os.path.exists(args[0]):
            print("python: can't open file '%s': [Errno 2] No such file or directory" % os.path.join(cwd, args[0]), file=sys.stderr)
            return 2
        sys.path[0] = os.path.dirname(os.path.abspath(args[0]))
        return _finish(lambda: runpy.run_path(args[0], run_name="__main__"))
    print("python: this stand-in runs -c, -m, a file or -", file=sys.stderr)
    return 2


def alembic(connection, place, argv, cwd, env):
    world = _enter(connection, cwd, env)
    world.nap(1.0)
    sys.path[0] = cwd
    args = argv[1:]
    if args[:1] == ["upgrade"]:
        if world.has("pod-reads-stdin"):
            sys.stderr.write("Continue with the upgrade? [y/N] %s\n" % sys.stdin.read().strip())
        if world.has("script-failure-hidden"):
            print("INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.\nalembic: the entry point of this image ends with 7", file=sys.stderr)
            return 7
        if world.has("migration-killed"):
            return _killed(connection, signal.SIGKILL)
        if world.has("migration-stops-early"):
            args = ["upgrade", "20260205_0003"]
        if world.has("migration-does-nothing"):
            args = ["current"]
            sys.stdout = open(os.devnull, "w", encoding="utf-8")
    from alembic.config import CommandLine
    return _finish(lambda: CommandLine(prog="alembic").main(argv=args))
