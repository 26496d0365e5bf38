"""The agent as its users start it: unprivileged, with the file capability, inside a namespace or a container."""

from __future__ import annotations

import array
import fcntl
import functools
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .log import LogLine, parse_log
from .namespace import Namespace, run
from .paths import BINARY, WORK
from .pcap import Pcap, read_pcap
from .process import Adopted

PIPE = "a pipe that the harness reads"
HEADER_SIZE = 24

_running: list[Agent] = []


@dataclass
class Result:
    """The end of the agent. `status` is the exit code, or minus the signal's number."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def log(self) -> list[LogLine]:
        return parse_log(self.stderr)

    @property
    def pcap(self) -> Pcap:
        return read_pcap(self.stdout)


class Collector:
    """Reads a descriptor to its end in a thread; can be paused, as a reader that stalls."""

    def __init__(self, fd: int, paused: bool = False) -> None:
        self._fd = fd
        self._data = bytearray()
        self._changed = threading.Condition()
        self._open = threading.Event()
        self._resting = threading.Lock()
        self.ended = False
        if not paused:
            self._open.set()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        while True:
            self._open.wait()
            chunk = os.read(self._fd, 1 << 20)
            # A pause that came while the read waited holds from here on.
            with self._changed:
                self._data += chunk
                self.ended = not chunk
                self._changed.notify_all()
            if not chunk:
                os.close(self._fd)
                return

    def pause(self) -> None:
        """At most one more read is done after this."""
        self._open.clear()

    def resume(self) -> None:
        self._open.set()

    @property
    def data(self) -> bytes:
        with self._changed:
            return bytes(self._data)

    @property
    def size(self) -> int:
        return len(self._data)

    def wait_for_size(self, size: int, timeout: float) -> bool:
        """Whether that many bytes arrived in time; ends early at the end of the stream."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._data) >= size or self.ended, timeout)
            return len(self._data) >= size

    def finish(self, timeout: float = 10) -> bytes:
        self.resume()
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "the stream is still open: another process holds it"
        return self.data


class Agent:
    """A started agent. Leaving a `with` block kills it if it still runs."""

    def __init__(self, process: subprocess.Popen | Adopted, stdout: Collector | int | None, stderr: Collector | None) -> None:
        self.process = process
        self.pid = process.pid
        self.started = time.monotonic()
        self._stdout = stdout
        self._stderr = stderr
        _running.append(self)

    @property
    def output(self) -> Collector:
        """The bytes that it wrote to standard output, if the harness reads that."""
        assert isinstance(self._stdout, Collector)
        return self._stdout

    @property
    def stderr(self) -> bytes:
        return self._stderr.data if self._stderr else b""

    @property
    def log(self) -> list[LogLine]:
        """The whole lines it logged so far."""
        data = self.stderr
        return parse_log(data[:data.rfind(b"\n") + 1])

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait_until(self, condition, timeout: float = 5, message: str = "the condition") -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() >= deadline:
                raise AssertionError(f"{message} did not come true in {timeout} s; log:\n{self.stderr.decode()}")
            time.sleep(0.002)

    def wait_for_log(self, message: str, timeout: float = 5) -> LogLine:
        self.wait_until(lambda: any(line.message == message for line in self.log), timeout, f"log line {message!r}")
        return next(line for line in self.log if line.message == message)

    def _wait_until_live(self, timeout: float) -> None:
        """Returns once the pcap header was written, or the process ended."""
        self.wait_until(lambda: self._bytes_written() >= HEADER_SIZE or not self.running, timeout, "the pcap header")

    def _bytes_written(self) -> int:
        if isinstance(self._stdout, Collector):
            return self._stdout.size
        mode = os.fstat(self._stdout)
        if stat.S_ISREG(mode.st_mode):
            return mode.st_size
        waiting = array.array("i", [0])
        fcntl.ioctl(self._stdout, termios.FIONREAD, waiting)
        return waiting[0]

    def status(self) -> dict[str, str]:
        """/proc/PID/status."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def descriptors(self) -> dict[int, str]:
        """/proc/PID/fd."""
        folder = Path(f"/proc/{self.pid}/fd")
        return {int(name): os.readlink(folder / name) for name in os.listdir(folder)}

    def send_signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGINT, timeout: float = 5) -> Result:
        """Sends the signal and waits for the end."""
        self.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout: float = 5) -> Result:
        """The result; `seconds` is how long the wait was. Fails if it still runs after `timeout` seconds."""
        begin = time.monotonic()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            log = self.stderr.decode(errors="replace")
            self.kill()
            raise AssertionError(f"still running after {timeout} s; log:\n{log}") from None
        seconds = time.monotonic() - begin
        _running.remove(self)
        stdout = self._stdout.finish() if isinstance(self._stdout, Collector) else b""
        stderr = self._stderr.finish() if self._stderr else b""
        return Result(status, stdout, stderr, seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self in _running:
            _running.remove(self)

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *_) -> None:
        if self in _running:
            self.kill()


def give_children_default_signals() -> None:
    """A shell has its background jobs ignore SIGINT, nohup(1) SIGHUP, and execve(2) hands that on: what is started would
    miss a signal that comes before it has a handler. A handler that does nothing is not handed on."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def kill_all() -> None:
    for agent in list(_running):
        agent.kill()


@functools.cache
def installed(capabilities: str | None = "cap_net_raw=p") -> Path:
    """A copy of the binary, in a folder of its own, with these file capabilities (None: without)."""
    folder = Path(tempfile.mkdtemp(prefix="installed-", dir=WORK))
    folder.chmod(0o755)
    copy = folder / "cf-pcap"
    shutil.copyfile(BINARY, copy)
    copy.chmod(0o755)
    if capabilities is not None:
        run("setcap", capabilities, copy)
    return copy


def start_agent(
    namespace: Namespace,
    *arguments: object,
    stdout=PIPE,
    stderr=PIPE,
    binary: Path | None = None,
    live: bool = True,
    **options,
) -> Agent:
    """Starts the agent and waits until its pcap header arrived or it ended (`live=False`: does not wait).

    - stdout, stderr: PIPE (the harness reads it), or a descriptor or file of the caller's. Of a device or a socket
      the harness cannot see the header: use `live=False` with one.
    - options: those of `Namespace.launch` and `Namespace.command_line`.
    """
    process = namespace.launch(
        [binary or installed(), *arguments],
        stdout=subprocess.PIPE if stdout is PIPE else stdout,
        stderr=subprocess.PIPE if stderr is PIPE else stderr,
        **options,
    )
    output = _collect(process.stdout) if stdout is PIPE else stdout if isinstance(stdout, int) else stdout.fileno()
    agent = Agent(process, output, _collect(process.stderr) if stderr is PIPE else None)
    if live:
        agent._wait_until_live(30)
    return agent


def _collect(stream) -> Collector:
    fd = os.dup(stream.fileno())
    stream.close()
    return Collector(fd)
