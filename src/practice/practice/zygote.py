# SPDX-License-Identifier: GPL-3.0-or-later
"""The process every command is forked from: one thread, all libraries loaded, nothing else going on in it."""

import ctypes
import fcntl
import gc
import marshal
import os
import select
import signal
import socket
import struct
import sys
import time

PR_SET_CHILD_SUBREAPER = 36


class Connection:
    """The command's side of the talk with its client program."""

    def __init__(self, sock):
        self.sock = sock
        self.fds = []
        self.gone = False

    def _read(self, size):
        parts = bytearray()
        while len(parts) < size:
            part = self.sock.recv(size - len(parts))
            if not part:
                raise EOFError("the client went away")
            parts += part
        return bytes(parts)

    def read_request(self):
        data, self.fds, _flags, _address = socket.recv_fds(self.sock, 4, 3)
        while data and len(data) < 4:
            data += self._read(4 - len(data))
        if not data:
            raise EOFError("the client went away")
        return marshal.loads(self._read(struct.unpack(">I", data)[0]))

    def _send(self, kind, data):
        if self.gone:
            return
        try:
            for at in range(0, max(1, len(data)), 1 << 20):
                part = data[at:at + (1 << 20)]
                self.sock.sendall(kind + struct.pack(">I", len(part)) + part)
        except OSError:
            self.gone = True  # as with a real process: the writer goes on, nobody reads

    def out(self, data):
        if data:
            self._send(b"o", data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))

    def err(self, data):
        if data:
            self._send(b"e", data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))

    def stdin(self, limit=64 << 20):
        """All of the client's standard input."""
        self._send(b"i", b"")
        parts = bytearray()
        while not self.gone:
            size = struct.unpack(">I", self._read(4))[0]
            if size == 0:
                break
            part = self._read(size)
            if len(parts) < limit:
                parts += part
        return bytes(parts)

    def is_gone(self):
        """True if the client program has ended."""
        try:
            self.gone = self.gone or self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            pass
        except OSError:
            self.gone = True
        return self.gone

    def exit(self, code):
        self._send(b"x", b"%d" % code)

    def die(self, signum):
        """The client program ends as if by that signal."""
        self._send(b"s", b"%d" % signum)


def descendants(pid):
    """All processes below pid, by /proc."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as f:
                stat = f.read()
        except OSError:
            continue
        children.setdefault(int(stat.rsplit(b")", 1)[1].split()[1]), []).append(int(name))
    found, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found


def kill_descendants():
    """Ends everything below this process, which must be a child subreaper, and waits for it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = descendants(os.getpid())
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def _child(sock, handlers):
    connection = Connection(sock)
    code = 1
    try:
        kind, place, argv, cwd, environ = connection.read_request()
        code = handlers[kind](connection, place, [os.fsdecode(a) for a in argv], os.fsdecode(cwd),
                              {os.fsdecode(k): os.fsdecode(v) for k, v in environ.items()})
    except EOFError:
        pass
    except BaseException:
        import traceback
        connection.err("practice target: internal error\n" + traceback.format_exc())
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            pass
        if code is not None:
            connection.exit(code)
        os._exit(0)


def serve(listener, control, preload, handlers):
    """Runs until the other end of the pipe `control` is closed; then ends everything it started. Never returns."""
    os.setsid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake_read, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    preload()
    gc.collect()
    gc.freeze()
    poller = select.poll()
    poller.register(listener, select.POLLIN)
    poller.register(control, select.POLLIN)
    poller.register(wake_read, select.POLLIN)
    while True:
        for fd, _event in poller.poll():
            if fd == control:
                listener.close()
                kill_descendants()
                os._exit(0)
            if fd == wake_read:
                try:
                    os.read(wake_read, 4096)
                except BlockingIOError:
                    pass
                try:
                    while os.waitpid(-1, os.WNOHANG)[0]:
                        pass
                except ChildProcessError:
                    pass
                continue
            sock, _address = listener.accept()
            if os.fork() == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (wake_read, wake_write, control):
                    os.close(other)
                listener.close()
                _child(sock, handlers)
            sock.close()


def die_with_client(sock):
    """From now on this process gets SIGTERM when its client program ends: a program in a pod dies by what kills it there."""
    flags = fcntl.fcntl(sock, fcntl.F_GETFL)
    fcntl.fcntl(sock, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sock, 10, signal.SIGTERM)  # F_SETSIG
    fcntl.fcntl(sock, fcntl.F_SETFL, flags | fcntl.FASYNC)
    try:
        if sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
            os._exit(143)
    except BlockingIOError:
        pass
