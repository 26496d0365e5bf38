"""What comes to an instance from outside, and a second opinion on what its interface saw."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import harness
from harness import Pcap, read_pcap
from sessions.container import ADDRESS

from .instance import HTTP_PORT, SSH_PORT, Instance

LOAD = Path(__file__).with_name("load.py")


class HTTPLoad:
    """HTTP requests to an instance's app until the end of the `with` block; `answered` is then how many were."""

    def __init__(self, instance: Instance, rate: float) -> None:
        words = [sys.executable, LOAD, ADDRESS, HTTP_PORT, rate]
        self._process = instance.container.outside.popen(
            *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.answered = 0

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def stop(self) -> int:
        self._process.terminate()
        output, _ = self._process.communicate(timeout=20)
        assert self._process.returncode == 0, f"the load ended with {self._process.returncode}"
        self.answered = int(output)
        return self.answered

    def __enter__(self) -> HTTPLoad:
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            self.stop()
        else:
            self.kill()


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
    """Large UDP packets to an instance's port 9, that many a second."""

    def __init__(self, instance: Instance, rate: int, count: int) -> None:
        super().__init__(instance.container.outside, "eth0", count, 1400, rate)
