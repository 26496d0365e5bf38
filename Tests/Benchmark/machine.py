"""The machine: what a table must say about it, and which core does what."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
# The load and the capture have a core each. The reader shares the capture's, as it would in a small container.
LOAD_CORE = CORES[0]
CAPTURE_CORE = CORES[-1]
NICENESS = -10


def facts() -> str:
    return f"{_cpu_model()}, {len(CORES)} cores, Linux {platform.release()}"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


@contextmanager
def precedence() -> Iterator[None]:
    """Puts this process and its children before whatever else the machine is doing."""
    os.nice(NICENESS)
    # Where the kernel shares time between sessions first (sched(7), autogroups), niceness counts inside one only.
    # The file is empty for a process that is in none.
    group = Path("/proc/self/autogroup")
    before = group.read_text().split()[-1:] if group.exists() else []
    if not before:
        yield
        return
    group.write_text(str(NICENESS))
    try:
        yield
    finally:
        group.write_text(before[0])


class StolenTime:
    """The share of the cores' time that a hypervisor gave to others meanwhile: where it is high, figures vary."""

    def __init__(self) -> None:
        self._start = self._read()

    def percent(self) -> float:
        stolen, total = (now - then for now, then in zip(self._read(), self._start))
        return 100 * stolen / max(total, 1)

    @staticmethod
    def _read() -> tuple[int, int]:
        ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return ticks[7], sum(ticks)
