# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the folder of one practice target and serves until it is told to end."""

import ctypes
import importlib.util
import json
import os
import select
import shlex
import shutil
import signal
import socket
import sys
import threading

from . import api, azure, broker, client, database, kubectl, runner, zygote
from . import world as w

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HANDLERS = {"az": azure.az, "jumpbox-az": kubectl.jumpbox_az, "kubectl": kubectl.kubectl, "kubelogin": kubectl.kubelogin,
            "python": runner.python, "alembic": runner.alembic}

SUDO = """#!/bin/sh
# sudo of the jumpbox: one user, no password
user=root home=/root login=
while [ $# -gt 0 ]; do
  case $1 in
    -n|-H|-E) shift ;;
    -u) user=$2; shift 2 ;;
    -i) login=1; shift ;;
    --) shift; break ;;
    -*) echo "sudo: unknown option $1" >&2; exit 1 ;;
    *) break ;;
  esac
done
%(refuse)s
[ "$user" = azureuser ] || [ "$user" = root ] || { echo "sudo: unknown user $user" >&2; echo "sudo: error initializing audit plugin sudoers_audit" >&2; exit 1; }
[ $# -gt 0 ] || { echo "usage: sudo -h | -K | -k | -V" >&2; exit 1; }
home=%(home)s
# A login shell would read this computer's /etc/profile, which is not the jumpbox's: it reads the jumpbox user's own profile instead
case "$1 $2" in
  "bash -lc"|"bash -l") shift; set -- /bin/bash --noprofile "$@" ;;
esac
exec env -i HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/bash LANG=C.UTF-8 TERM=unknown SUDO_USER=root SUDO_UID=0 SUDO_GID=0 \\
  BASH_ENV=%(profile)s PATH=%(path)s "$@"
"""

PROFILE = """unset BASH_ENV
PATH=%(bin)s:$PATH
export PATH
%(extra)s"""


def _write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def _program(path, text):
    _write(path, text, 0o755)


def build(world):
    """The folder: az's side, the jumpbox, the pods, the database."""
    root = world.root
    for folder in ("run", "bin", "azure/operations", "jumpbox/bin", "jumpbox/home/.kube", "jumpbox/spool", "jumpbox/run-command/download", "pods"):
        os.makedirs(os.path.join(root, folder), mode=0o700)
    run = world.path("run")
    client.write(world.path("bin", "az"), "az", run)
    jumpbox = world.path("jumpbox", "bin")
    client.write(os.path.join(jumpbox, "kubectl"), "kubectl", run, "jumpbox")
    if not world.has("kubelogin-missing"):
        client.write(os.path.join(jumpbox, "kubelogin"), "kubelogin", run, "jumpbox")
    client.write(os.path.join(jumpbox, "az"), "jumpbox-az", run, "jumpbox")
    profile = world.path("jumpbox", "home", ".bash_profile")
    _program(os.path.join(jumpbox, "sudo"), SUDO % {
        "home": shlex.quote(world.path("jumpbox", "home")), "profile": shlex.quote(profile), "path": SYSTEM_PATH,
        "refuse": 'echo "sudo: a password is required" >&2; exit 1' if world.has("sudo-password-needed") else ""})
    _write(profile, PROFILE % {"bin": shlex.quote(jumpbox), "extra": _profile_extra(world)})
    if world.has("jumpbox-clock-off"):
        _program(os.path.join(jumpbox, "date"), '#!/bin/sh\nexec /bin/date -d "90 seconds ago" "$@"\n')
    for pod in pods(world):
        place = world.path("pods", pod)
        for folder in ("bin", "tmp", "root"):
            os.makedirs(os.path.join(place, folder), mode=0o700)
        shutil.copytree(os.path.join(HERE, "app"), os.path.join(place, "app"), ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("python", "python3"):
            client.write(os.path.join(place, "bin", name), "python", run, pod, fds=True)
        client.write(os.path.join(place, "bin", "alembic"), "alembic", run, pod, fds=True)
        offset = runner.clock_offset(world, pod)
        if offset:
            _program(os.path.join(place, "bin", "date"), '#!/bin/sh\nexec /bin/date -d "%+d seconds" "$@"\n' % offset)
    database.create(world)


def pods(world):
    """The names of the pods that have a folder."""
    return (w.API_POD, w.CONSUMER_POD) + ((w.SECOND_API_POD,) if world.has("second-api-pod") else ())


def _profile_extra(world):
    if world.has("profile-banner"):
        return 'echo "*** Authorized use only. All activity is logged. ***" >&2\necho "CR1 END deadbeef" >&2\n'
    if world.has("profile-exits"):
        return "exit 0\n"
    if world.has("profile-breaks-path"):
        return "PATH=/nonexistent\n"
    return ""


def _preload():
    """Everything a command may need, loaded once."""
    import argparse, base64, decimal, email.parser, encodings.idna, http.client, hashlib, logging.config, urllib.error, urllib.request, uuid  # noqa: F401, E401
    import alembic.command, alembic.config, alembic.ddl.sqlite, sqlalchemy, sqlalchemy.dialects.sqlite  # noqa: F401, E401
    import alembic.autogenerate  # noqa: F401
    from . import applied, consuming, databasefaults, leaks, podfaults, trouble  # noqa: F401


def _start_zygote(world):
    """Forks the process that runs all commands; returns the pipe whose end tells it to stop, and its pid."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(world.socket_address("zygote"))
    listener.listen(64)
    control_read, control_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(control_write)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(null, 1)
            zygote.serve(listener, control_read, _preload, HANDLERS)
        finally:
            os._exit(70)
    os.close(control_read)
    listener.close()
    return control_write, pid


def serve(root, speed, faults, seed, parent_pid):
    """Returns the exit status. Prints one JSON line when everything can be used."""
    if os.path.isdir(root) and os.listdir(root):
        print("practice-target: %s is not empty: give --root a new folder." % root, file=sys.stderr)
        return 2
    for module in ("alembic", "sqlalchemy"):
        if importlib.util.find_spec(module) is None:
            print("practice-target: No module named '%s': install the Debian package python3-alembic." % module, file=sys.stderr)
            return 3
    os.makedirs(root, mode=0o700, exist_ok=True)
    world = w.World(os.path.realpath(root), speed, faults, seed)
    os.umask(0o077)
    application = api.Api(world)
    server, pod_server = api.Server(application, direct=True), api.Server(application, direct=False)
    world.port = server.server_address[1]
    world.pod_port = pod_server.server_address[1]
    w.set_current(world)
    build(world)
    from . import setup
    setup.prepare(world)
    # The end comes as a signal, as the end of standard input, or as the end of the parent
    wake_read, wake_write = os.pipe()
    control, pid = _start_zygote(world)
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda *_: os.write(wake_write, b"x"))
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
    the_broker = broker.Broker(world)
    threads = [threading.Thread(target=server.serve_forever, args=(3600,), daemon=True),
               threading.Thread(target=pod_server.serve_forever, args=(3600,), daemon=True),
               threading.Thread(target=broker.Server(world, the_broker).serve_forever, args=(3600,), daemon=True)]
    from . import deployed
    threads.append(threading.Thread(target=deployed.run, args=(world, the_broker), daemon=True))
    for thread in threads:
        thread.start()
    print(json.dumps({
        "ready": True, "root": world.root, "az": world.path("bin", "az"), "api_url": "http://127.0.0.1:%d" % world.port, "api_address": w.API_ADDRESS,
        "spool_dir": world.path("jumpbox", "spool"), "jumpbox_path": world.path("jumpbox", "bin") + ":" + SYSTEM_PATH, "subscription": w.SUBSCRIPTION,
        "truth": world.path("truth.jsonl")}), flush=True)
    _wait(wake_read, [pid, parent_pid])
    os.close(control)
    os.waitpid(pid, 0)
    return 0


def _wait(wake_read, pids):
    """Until a signal came, standard input ended, or one of the processes did: the parent, or the one that all commands come from."""
    poller = select.poll()
    poller.register(wake_read, select.POLLIN)
    try:
        poller.register(0, select.POLLIN)
    except OSError:
        pass
    for pid in filter(None, pids):
        try:
            poller.register(os.pidfd_open(pid), select.POLLIN)
        except ProcessLookupError:
            return
        except OSError:
            pass  # a kernel without pidfds: the other ends still work
    while True:
        for fd, event in poller.poll():
            if fd == 0 and event & select.POLLIN:
                try:
                    if os.read(0, 4096):
                        continue
                except OSError:
                    pass
                return
            if fd == 0 and event & select.POLLNVAL:
                poller.unregister(0)
                continue
            return
