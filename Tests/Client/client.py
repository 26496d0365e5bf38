"""The client as its users run it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from foundation import Foundation, Instance, all_are_captured
from harness import REPOSITORY, Collector, Pcap, read_pcap
from harness.process import is_running
from pcapng import Pcapng, read_pcapng

BINARY = Path(os.environ.get("CF_PCAP_CLIENT", REPOSITORY / "dist/cf-pcap-client"))
NAMED = re.compile(r"(?P<names>[^ :]+/[0-9][^:]*): (?P<kind>warning|error): ")
STARTED = b"Capturing, press ^C to stop..."

_running: list[Client] = []


def lines_on(text: str, instance: str, *kinds: str) -> list[str]:
    """The lines of these kinds ("warning", "error") that name the instance, among others perhaps: `web/0-2,5, worker/1: …`."""
    found = [(NAMED.match(line), line) for line in text.splitlines()]
    return [line for match, line in found if match and match["kind"] in kinds and instance in instances_of(match["names"])]


def instances_of(names: str) -> set[str]:
    """The names in a list of instances as the client writes it."""
    found = set()
    for part in names.split(", "):
        process, _, indices = part.rpartition("/")
        for span in indices.split(","):
            first, _, last = span.partition("-")
            found |= {f"{process}/{index}" for index in range(int(first), int(last or first) + 1)}
    return found


@dataclass
class Result:
    """How it ended. `status` is the exit code, or minus the signal's number; `seconds` is how long the wait was."""

    status: int
    stdout: bytes
    stderr: str
    seconds: float
    folder: Path

    @property
    def lines(self) -> list[str]:
        return self.stderr.splitlines()

    def lines_on(self, instance: str, *kinds: str) -> list[str]:
        return lines_on(self.stderr, instance, *kinds)

    def told(self, instance: str) -> str:
        """The only warning or error of that instance."""
        found = self.lines_on(instance, "warning", "error")
        assert len(found) == 1, f"{len(found)} warnings or errors of {instance} in:\n{self.stderr}"
        return found[0]

    def pcap(self, name: str = "capture.pcap") -> Pcap:
        return read_pcap((self.folder / name).read_bytes())

    def pcapng(self, name: str = "capture.pcapng") -> Pcapng:
        return read_pcapng((self.folder / name).read_bytes())


class Client:
    """A started client, in a folder of its own. Leaving a `with` block kills it if it still runs.

    - words: what is run before the arguments: the client by itself, where nothing is said, or `cf pcap`.
    - reads: whether standard output and error are read; else they are what `options` say.
    - environment: on top of what makes `cf` known.
    """

    def __init__(self, foundation: Foundation, folder: Path, *arguments: object, words: tuple[object, ...] = (BINARY,),
                 reads: bool = True, environment: dict[str, str] | None = None, **options) -> None:
        self.folder = folder
        pipe = subprocess.PIPE
        outputs = {"stdout": pipe, "stderr": pipe} if reads else {}
        self.process = subprocess.Popen(
            [str(word) for word in (*words, *arguments)], cwd=folder, start_new_session=True,
            env=foundation.environment | (environment or {}), **{"stdin": subprocess.DEVNULL, **outputs, **options})
        self.pid = self.process.pid
        self.stdout = self._collect(self.process.stdout)
        self.stderr = self._collect(self.process.stderr)
        _running.append(self)

    def _collect(self, stream) -> Collector | None:
        if stream is None:
            return None
        descriptor = os.dup(stream.fileno())
        stream.close()
        return Collector(descriptor)

    @property
    def messages(self) -> str:
        return self.stderr.data.decode(errors="replace") if self.stderr else ""

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait_for_message(self, *words: str, timeout: float = 60) -> str:
        """A line on standard error that holds all the words."""
        def found() -> str | None:
            return next((line for line in self.messages.splitlines() if all(word in line for word in words)), None)

        self.wait_until(found, timeout, f"a line with {words}")
        return found()

    def wait_until(self, condition, timeout: float, message: str) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert self.running, f"it ended with {self.process.returncode} before {message}:\n{self.messages}"
            assert time.monotonic() < deadline, f"not within {timeout} s: {message}\n{self.messages}"
            time.sleep(0.02)

    def wait_until_capturing(self, *instances: Instance, timeout: float = 60) -> None:
        """Until one agent in each of them takes packets, and nobody is waited for."""
        self.wait_until(lambda: all_are_captured(instances), timeout,
                        f"an agent in each of {len(instances)} instances")
        if self.stderr:
            self.wait_for_message(STARTED.decode())

    def children(self) -> list[int]:
        """The process ids of the `cf` that it runs."""
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and _parent(name) == self.pid and is_running(int(name))]

    def memory_kilobytes(self, field: str = "VmHWM") -> int:
        """The most that it has had in memory so far; 0 once it has ended, for a zombie has none."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) if found else 0

    def proportional_kilobytes(self) -> int:
        """Its memory now, of which it shares each page with others by equal parts (PSS)."""
        return int(re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{self.pid}/smaps_rollup").read_text(), re.MULTILINE)[1])

    def processor_seconds(self) -> float:
        """What it has used so far, without the `cf` that it runs."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, number: int = signal.SIGINT, timeout: float = 20) -> Result:
        self.process.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout: float = 20) -> Result:
        begin = time.monotonic()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {timeout} s; it said:\n{self.messages}") from None
        seconds = time.monotonic() - begin
        _running.remove(self)
        stdout = self.stdout.finish() if self.stdout else b""
        stderr = self.stderr.finish().decode(errors="replace") if self.stderr else ""
        return Result(status, stdout, stderr, seconds, self.folder)

    def kill(self) -> None:
        """SIGKILL, to it alone."""
        self.process.kill()
        self.process.wait()
        if self in _running:
            _running.remove(self)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_) -> None:
        if self in _running:
            self.kill()


def kill_all() -> None:
    for client in list(_running):
        client.kill()


def _parent(pid: str) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
