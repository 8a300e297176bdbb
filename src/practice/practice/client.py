# SPDX-License-Identifier: GPL-3.0-or-later
"""The small programs that stand under the names az, kubectl, kubelogin, python, alembic: they hand the command to the service.

A start of Python with its libraries costs 50 to 400 ms. These clients import only built-in modules (about 10 ms); the service forks from a process that
has everything loaded already.
"""

import os

# Two ways of talking. "pipe": the service sends output in frames, the client writes it, so that a killed client closes its streams at once, as the
# real program would. "fds": the command gets the client's own descriptors, as a program started in that place would have them.
TEMPLATE = '''#!/usr/bin/python3 -IS
# %(kind)s of the practice target
import fcntl, marshal, posix, sys, _socket
def main():
  run = posix.open(%(run)r, posix.O_RDONLY | posix.O_CLOEXEC)
  s = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
  try:
    s.connect("/proc/self/fd/%%d/zygote" %% run)
  except OSError:
    posix.write(2, b"%(kind)s: the practice target is not running any more\\n")
    return 1
  try:
    cwd = posix.getcwd()
  except OSError:
    cwd = "/"
  request = marshal.dumps((%(kind)r, %(place)r, sys.argv, cwd, dict(posix.environ)))
  head = len(request).to_bytes(4, "big")
  if %(fds)r:
    fds = b"".join(f.to_bytes(4, sys.byteorder) for f in (0, 1, 2))
    s.sendmsg([head], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fds)])
  else:
    s.sendall(head)
  s.sendall(request)
  def read(n):
    parts = b""
    while len(parts) < n:
      part = s.recv(n - len(parts))
      if not part: raise EOFError
      parts += part
    return parts
  while True:
    head = read(5)
    kind, size = head[:1], int.from_bytes(head[1:], "big")
    data = read(size)
    if kind in b"oe":
      while data: data = data[posix.write(1 if kind == b"o" else 2, data):]
    elif kind == b"i":
      while True:
        try: part = posix.read(0, 65536)
        except OSError: part = b""
        s.sendall(len(part).to_bytes(4, "big") + part)
        if not part: break
    elif kind == b"x":
      return int(data)
    elif kind == b"s":
      posix.kill(posix.getpid(), int(data))
try:
  code = main()
except EOFError:
  posix.write(2, b"%(kind)s: the practice target ended in the middle of the command\\n")
  code = 1
except BrokenPipeError:
  code = 141
except KeyboardInterrupt:
  posix.write(2, %(interrupt)r)
  code = %(interrupt_code)d
posix._exit(code)
'''


def write(path, kind, run, place="", fds=False):
    """Writes one client program: kind is what it stands for, place tells whose it is (jumpbox, or a pod's name)."""
    is_az = kind == "az"
    text = TEMPLATE % {
        "kind": kind, "run": run, "place": place, "fds": fds,
        "interrupt": b"ERROR: Long-running operation wait cancelled.\n" if is_az else b"",
        "interrupt_code": 1 if is_az else 130,
    }
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o755)
