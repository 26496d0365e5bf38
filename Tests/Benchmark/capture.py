"""One run of one tool: started as anyone, read from, asked what it used, ended by SIGINT."""

import os
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from . import machine
from .network import WIRE
from .readers import Reader
from .tools import Tool

NOBODY = 65534
EVERYWHERE = set(machine.CORES)
READY_WITHIN = 10.0
SETTLED_WITHIN = 5.0


class Capture:
    """A context that a tool captures in. Times are CLOCK_MONOTONIC nanoseconds."""

    def __init__(self, tool: Tool, reader: Reader, interface: str = WIRE, expression: str = "udp") -> None:
        self.tool = tool
        self.reader = reader
        self._command = tool.command(interface, expression)
        self._said = tempfile.TemporaryFile("w+")
        self.exec_at = self.signal_at = self.exit_at = 0

    def __enter__(self) -> "Capture":
        self.start()
        try:
            wait_for(self._is_live, READY_WITHIN, f"{self.tool.name} to capture")
        except BaseException:
            self.stop()
            raise
        time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        output, input = os.pipe()
        clock, clock_input = os.pipe()

        def before_exec() -> None:
            os.sched_setaffinity(0, self.reader.cores)
            os.write(clock_input, struct.pack("q", time.monotonic_ns()))

        self._process = subprocess.Popen(self._command, stdout=input, stderr=self._said, stdin=subprocess.DEVNULL,
                                         user=NOBODY, group=NOBODY, extra_groups=[], preexec_fn=before_exec)
        os.close(input)
        os.close(clock_input)
        self.reader.follow(output)
        self.exec_at, = struct.unpack("q", os.read(clock, 8))
        os.close(clock)

    def stop(self) -> None:
        if self._process.returncode is not None:
            return
        self.signal_at = time.monotonic_ns()
        self._process.send_signal(signal.SIGINT)
        self.resume()
        try:
            self._process.wait(timeout=10)
        finally:
            self.exit_at = time.monotonic_ns()
            self._process.kill()
        self.reader.join()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        return self._process.pid

    def said(self) -> str:
        self._said.seek(0)
        return self._said.read()

    def counts(self) -> tuple[int, int]:
        """Packets taken and packets dropped, as the tool said at its end."""
        return self.tool.counts(self.said())

    def cpu(self) -> int:
        """User and system time so far in nanoseconds. The kernel's own account of run time, not sampled by ticks."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def settle(self) -> None:
        """Waits until the tool has worked off what it has been sent."""
        last = -1_000_000
        deadline = time.monotonic() + SETTLED_WITHIN
        while (now := self.cpu()) - last > 200_000 and time.monotonic() < deadline:
            last = now
            time.sleep(0.03)

    def drain(self) -> None:
        """Waits until the tool has also written what it may keep back for a while."""
        self.settle()
        time.sleep(self.tool.holds)

    def _is_live(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.tool.name} ended: {self.said()}")
        # Columns: sk RefCnt Type Proto Iface R(unning) Rmem User Inode
        sockets = [line.split() for line in Path("/proc/net/packet").read_text().splitlines()[1:]]
        running = {f"socket:[{socket[8]}]" for socket in sockets if socket[5] == "1"}
        return not running.isdisjoint(_open_files(self.pid))


def _open_files(pid: int) -> set[str]:
    names = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        # A tool that is starting opens and closes meanwhile.
        with suppress(FileNotFoundError):
            names.add(os.readlink(fd))
    return names


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.005)
