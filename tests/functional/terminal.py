"""A pseudo-terminal with a program in it."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time


class Terminal:
    """Runs argv on a terminal of its own and collects what it writes."""

    def __init__(self, argv, cwd, env, rows=24, columns=100):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execve(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.output = ""
        self.status = None

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def _take(self, wait_s):
        readable, _, _ = select.select([self.fd], [], [], wait_s)
        if not readable:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.output += data.decode(errors="replace")
        return bool(data)

    def read_until(self, text, timeout_s=15):
        """Waits until the output from here on has `text`; returns that part."""
        begin, deadline = len(self.output), time.monotonic() + timeout_s
        while text not in self.output[begin:]:
            assert time.monotonic() < deadline, f"{text!r} did not come; got {self.output[begin:]!r}"
            assert self._take(0.1) or text in self.output[begin:], f"it ended; got {self.output[begin:]!r}"
        return self.output[begin:]

    def settings(self):
        return termios.tcgetattr(self.fd)

    def end(self, timeout_s=10):
        """Waits for the end of the program; returns its exit code, below 0 for a signal."""
        deadline = time.monotonic() + timeout_s
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, f"it does not end; got {self.output[-500:]!r}"
            self._take(0.05)
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
