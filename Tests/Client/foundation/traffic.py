"""What comes to an instance from outside, and a second opinion on what its interface saw."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import harness
from harness import Collector, Pcap, read_pcap
from sessions.container import wait_until

from .instance import HTTP_PORT, SSH_PORT, Instance

LOAD = Path(__file__).with_name("load.py")


class HTTPLoad:
    """HTTP requests to an instance's app until `stop`, or until the `with` block ends."""

    def __init__(self, instance: Instance, rate: float = 100) -> None:
        self._instance = instance
        words = [sys.executable, "-IS", LOAD, instance.entrance, HTTP_PORT, rate]
        self._process = instance.container.outside.popen(*words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self._answers = Collector(os.dup(self._process.stdout.fileno()))
        self._process.stdout.close()
        # By the first answer it has its handler of SIGTERM.
        self.wait_for(1)

    @property
    def answered(self) -> int:
        """How many requests were answered so far."""
        return self._answers.size

    def wait_for(self, count: int) -> None:
        assert self._answers.wait_for_size(count, 30), f"{self.answered} of {count} requests were answered in 30 s"

    def stop(self) -> int:
        """How many were answered in all. No more packets come after this."""
        self._process.terminate()
        assert self._process.wait(20) == 0, f"the load ended with {self._process.returncode}"
        wait_until(lambda: not self._connections(), 20, "the last packet of the load")
        return len(self._answers.finish())

    def _connections(self) -> list[str]:
        """Those at the app from which packets may still come."""
        return [line for state in ("established", "close-wait", "last-ack")
                for line in self._instance.container.sockets(state, HTTP_PORT)]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> HTTPLoad:
        return self

    def __exit__(self, kind, *_) -> None:
        if self._process.poll() is not None:
            return
        if kind is None:
            self.stop()
        else:
            self.kill()


def request(instances: Sequence[Instance], count: int, rate: float = 100) -> list[int]:
    """Has the apps of all these instances answer that many requests at least; how many each did."""
    with ExitStack() as stack:
        loads = [stack.enter_context(HTTPLoad(instance, rate)) for instance in instances]
        for load in loads:
            load.wait_for(count)
        return [load.stop() for load in loads]


class Tcpdump:
    """tcpdump beside the agent, of everything but SSH."""

    def __init__(self, instance: Instance, file: Path, interface: str = "eth0") -> None:
        words = ["tcpdump", "-n", "-i", interface, "--immediate-mode", "-B", 32768, "-Z", "root", "-w", file,
                 f"not tcp port {SSH_PORT}"]
        self._file = file
        self._process = instance.container.inside.popen(*words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "listening on" not in (line := self._process.stderr.readline()):
            assert line, f"tcpdump ended with {self._process.wait()}"

    def stop(self) -> Pcap:
        self._process.send_signal(signal.SIGINT)
        _, notes = self._process.communicate(timeout=10)
        assert "0 packets dropped by kernel" in notes, notes
        return read_pcap(self._file.read_bytes())

    def __enter__(self) -> Tcpdump:
        return self

    def __exit__(self, *_) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


class Pktgen(harness.Pktgen):
    """UDP packets to an instance's port 9, that many a second; large ones, unless a size is said."""

    def __init__(self, instance: Instance, rate: int, count: int, size: int = 1400) -> None:
        super().__init__(instance.container.outside, "eth0", count, size, rate)


def sent_number(packet: bytes) -> int | None:
    """The number of a packet that Pktgen sent, from 0; None for any other packet."""
    is_sent = len(packet) >= 50 and packet[12:14] == b"\x08\x00" and packet[23] == 17 and packet[36:38] == b"\x00\x09"
    return int.from_bytes(packet[42:50], "big") if is_sent else None
