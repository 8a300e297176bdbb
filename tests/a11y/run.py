# SPDX-License-Identifier: GPL-3.0-or-later
"""run.py WIDTHxHEIGHT COMMAND...: runs COMMAND with an X server and a session bus of its own, and ends both with it.

The server chooses a free display number by itself (-displayfd): with numbers chosen beforehand, as xvfb-run does, two tests can meet.
Exit status: the command's; 77, which Meson counts as skipped, where a program is missing."""
import os
import shutil
import subprocess
import sys


def main():
    size, command = sys.argv[1], sys.argv[2:]
    for program in ('Xvfb', 'dbus-run-session'):
        if shutil.which(program) is None:
            print(f'1..0 # SKIP {program} is not installed')
            return 77
    read, write = os.pipe()
    server = subprocess.Popen(['Xvfb', '-displayfd', str(write), '-screen', '0', size + 'x24', '-nolisten', 'tcp', '-noreset'], pass_fds=[write],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()  # comes when the server is ready, or the end of the file when it died
        if not number:
            print('Bail out! Xvfb did not start')
            return 1
        env = dict(os.environ, DISPLAY=':' + number)
        env.pop('XAUTHORITY', None)
        env.pop('WAYLAND_DISPLAY', None)
        return subprocess.run(['dbus-run-session', '--'] + command, env=env, stderr=None).returncode
    finally:
        server.terminate()
        server.wait()


sys.exit(main())
